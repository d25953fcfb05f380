"""What an initializer is, as data: for packages that add their own.

`initializer` files a function in `specs` as a `Spec`: its parameters with their domains (`Real`,
`Integer`, `Choice`), the shapes it takes (`ShapeRule`), and what is true of every result, objects
with the protocol `Invariant`. `Kernel` has the sizes of a kernel `(out, in, *spatial)` and its
groups; `Layout` turns a framework's order of axes into that one and back.

>>> from initcore.spec import Kernel, specs
>>> specs["orthogonal"].parameters["gain"].unit, str(specs["orthogonal"].shape)
('singular value', 'a kernel (out, in, *spatial) of 2 or more axes')
>>> Kernel((8, 4, 3, 3), groups=2).fan_in
36
"""

from ._by_name import ByName as ByName
from ._domain import Choice as Choice
from ._domain import Domain as Domain
from ._domain import Integer as Integer
from ._domain import Real as Real
from ._domain import TooLargeError as TooLargeError
from ._entry_points import load_entry_points as load_entry_points
from ._in_order import made_in_order as made_in_order
from ._invariant import Invariant as Invariant
from ._kernel import Kernel as Kernel
from ._kernel import fan as fan
from ._kernel import mean_fan as mean_fan
from ._kernel import width_factor as width_factor
from ._layout import Layout as Layout
from ._part import Part as Part
from ._part import check_part as check_part
from ._part import made_part as made_part
from ._part import made_region as made_region
from ._region import Region as Region
from ._registry import GROUPS as GROUPS
from ._registry import initializer as initializer
from ._registry import specs as specs
from ._shape_rule import ShapeRule as ShapeRule
from ._spec import Spec as Spec
from ._wording import CORE as CORE
from ._wording import Wording as Wording
