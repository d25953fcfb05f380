"""What an invariant is, and how kernels of any framework are brought to the host."""

from statistics import NormalDist
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .._dtype import dtype_name, eps
from .._kernel import Kernel

__all__ = ["FALSE_ALARM", "SIGMAS", "Invariant", "host", "matrices", "rounding"]

FALSE_ALARM = 1e-7
SIGMAS = NormalDist().inv_cdf(1 - FALSE_ALARM / 2)  # 5.33 deviations, two-sided


@runtime_checkable
class Invariant(Protocol):
    """Something true of every result of an initializer."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        """What is wrong with the kernel `w` and by how much, or None.

        Args:
            w: Canonical kernel `(out, in, *spatial)`.
            xp: Its namespace.
            rng: An `Rng` for invariants that probe with random inputs.
            parameters: What the initializer was called with.
        """

    def __str__(self) -> str:
        """The invariant as a sentence."""


def host(w: Any) -> Any:
    """`w` of any framework as a float64 NumPy array."""
    if hasattr(w, "detach"):
        w = w.detach().cpu().double()
    elif dtype_name(w.dtype) == "bfloat16" and not isinstance(w, np.ndarray):
        w = np.asarray(w, dtype=np.float32)
    elif hasattr(w, "_array"):
        w = w._array  # array_api_strict converts only on its own CPU device
    return np.asarray(w).astype(np.float64)


def rounding(w: Any) -> float:
    """Relative rounding of an entry of `w` that was computed in float32 or better."""
    return eps(w.dtype) / 2


def matrices(w: Any, groups: int, *, center: bool) -> Any:
    """`(groups, out, fan_in)`, or of the centre taps `(groups, out, in)`, on the host."""
    a = host(w)
    kernel = Kernel(tuple(a.shape), groups)
    if center and kernel.spatial:
        return a[(slice(None), slice(None), *kernel.center)].reshape(kernel.taps_shape)
    return a.reshape(kernel.matrices)
