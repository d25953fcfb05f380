"""What all statistical invariants share: the false-alarm rate, and kernels as matrices."""

from statistics import NormalDist
from typing import Any

import numpy as np

from ..arrays import eps, to_numpy
from ..spec import Kernel

__all__ = ["FALSE_ALARM", "SIGMAS", "matrices", "parts", "rounding"]

FALSE_ALARM = 1e-7
SIGMAS = NormalDist().inv_cdf(1 - FALSE_ALARM / 2)  # 5.33 deviations, two-sided


def parts(a: Any) -> Any:
    """Real numbers as they are; of complex ones the real parts, then the imaginary ones."""
    return np.concatenate([a.real, a.imag]) if np.iscomplexobj(a) else a


def rounding(w: Any) -> float:
    """Relative rounding of an entry of `w` that was computed in float32 or better."""
    return eps(w.dtype) / 2


def matrices(w: Any, groups: int, *, center: bool) -> Any:
    """`(groups, out, fan_in)`, or of the centre taps `(groups, out, in)`, on the host."""
    a = to_numpy(w)
    kernel = Kernel(tuple(a.shape), groups)
    if center and kernel.spatial:
        return a[(slice(None), slice(None), *kernel.center)].reshape(kernel.taps_shape)
    return a.reshape(kernel.matrices)
