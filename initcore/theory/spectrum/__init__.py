"""The distribution of a deep network's singular values, by free probability."""

from ._jacobian import Spectrum as Spectrum
from ._jacobian import jacobian_spectrum as jacobian_spectrum
from ._universal import universal_spectrum as universal_spectrum
