"""What callers give: arguments checked, shown in one short line in errors, and described once."""

from ._checks import as_float as as_float
from ._checks import as_shape as as_shape
from ._checks import check_real as check_real
from ._checks import key_of_seed as key_of_seed
from ._instead import for_array as for_array
from ._instead import for_attribute as for_attribute
from ._instead import for_keyword as for_keyword
from ._instead import for_model as for_model
from ._instead import for_rng as for_rng
from ._instead import for_seed as for_seed
from ._instead import for_shape as for_shape
from ._instead import meant as meant
from ._keywords import Shared as Shared
from ._keywords import shared_arguments as shared_arguments
from ._keywords import with_arguments as with_arguments
from ._keywords import write_out_keywords as write_out_keywords
from ._keywords import written_out as written_out
from ._text import one_line as one_line
from ._text import short_repr as short_repr
