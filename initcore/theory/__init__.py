"""Mean-field theory of deep networks at initialization, to compute weights from.

`z` is standard normal; `q` is the length of a pre-activation (its mean square); `sigma_w` and
`sigma_b` are deviations, `Var W_ij = sigma_w**2 / fan_in`. An activation is a name or an
elementwise callable on NumPy arrays.
"""

from ._mean_field import CriticalPoint as CriticalPoint
from ._mean_field import critical_point as critical_point
from ._mean_field import fixed_point as fixed_point
from ._mean_field import length_map as length_map
from ._mean_field import susceptibility as susceptibility
