"""Mean-field theory of deep networks at initialization, to compute weights from.

`z` is standard normal; `q` is the mean square of a pre-activation, and `length_map` its map through
a layer; `sigma_w` and `sigma_b` are standard deviations, `Var W_ij = sigma_w**2 / fan_in`. An
activation is a name or an elementwise callable on arrays, NumPy's or a framework's. For networks of
finite width (`relu_norm_law` and the like) `sigma_w` is the standard deviation of the entries.
"""

from ._correlation import DepthScales as DepthScales
from ._correlation import correlation_map as correlation_map
from ._correlation import depth_scales as depth_scales
from ._criticality import CriticalLine as CriticalLine
from ._criticality import CriticalPoint as CriticalPoint
from ._criticality import Isometry as Isometry
from ._criticality import critical_line as critical_line
from ._criticality import critical_point as critical_point
from ._criticality import isometric as isometric
from ._criticality import phase as phase
from ._criticality import q_for_depth as q_for_depth
from ._mean_field import FixedPoint as FixedPoint
from ._mean_field import fixed_point as fixed_point
from ._mean_field import fixed_points as fixed_points
from ._mean_field import length_map as length_map
from ._mean_field import susceptibility as susceptibility
from ._stability import Held as Held
from ._stability import doubly_critical as doubly_critical
from ._stability import held as held
from ._stability import is_stable as is_stable
from .finite_width import NormLaw as NormLaw
from .finite_width import PairLaw as PairLaw
from .finite_width import mirrored_norm_law as mirrored_norm_law
from .finite_width import relu_norm_law as relu_norm_law
from .finite_width import relu_pair_law as relu_pair_law
from .spectrum import Spectrum as Spectrum
from .spectrum import jacobian_spectrum as jacobian_spectrum
from .spectrum import universal_spectrum as universal_spectrum
