"""Invariants of where a kernel's entries stand."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import to_numpy
from ..spec import Kernel
from ._statistics import matrices, rounding

__all__ = ["PreservesIdentity", "SingleTap"]


@dataclass(frozen=True)
class SingleTap:
    """All taps of a convolution but the centre one, `(k - 1) // 2` on each axis, are exactly 0."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = to_numpy(w)
        kernel = Kernel(tuple(a.shape), parameters.get("groups", 1))
        if not kernel.spatial:
            return None
        a[(slice(None), slice(None), *kernel.center)] = 0
        if a.any():
            where = tuple(int(i) for i in np.argwhere(a)[0][2:])
            return (
                f"tap {where} has an entry {a[a != 0][0]:.3g}, only the centre {kernel.center} may"
            )
        return None

    def __str__(self) -> str:
        return "all taps but the centre one are exactly 0"


@dataclass(frozen=True)
class PreservesIdentity:
    """The first `min(out, in)` channels of each group pass unchanged, times `gain`."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = matrices(w, parameters.get("groups", 1), center=True)
        gain = parameters.get("gain", 1.0)
        off = float(abs(a - gain * np.eye(*a.shape[-2:])).max())
        allowed = gain * rounding(w)
        if not off <= allowed:
            return f"the channel matrix is {off:.3g} off gain * identity, allowed {allowed:.3g}"
        return None

    def __str__(self) -> str:
        return "the first min(out, in) channels pass unchanged, times `gain`"
