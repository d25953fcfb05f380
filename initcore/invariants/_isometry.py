"""Invariants of matrices that keep lengths."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import eps, is_double
from ..spec import Kernel, width_factor
from ._statistics import matrices

__all__ = ["Isometry"]


@dataclass(frozen=True)
class Isometry:
    """All singular values are `gain` (times `sqrt(out / fan_in)` where `scaled`).

    Args:
        center: Whether the centre tap of a convolution is looked at, not the whole kernel.
        scaled: Whether singular values are `gain * sqrt(out / fan_in)`.
    """

    center: bool = False
    scaled: bool = False

    def gain(self, w: Any, parameters: dict[str, Any]) -> float:
        """The singular value wanted."""
        gain = float(parameters.get("gain", 1.0))
        if self.scaled:
            kernel = Kernel(tuple(w.shape), parameters.get("groups", 1))
            gain *= width_factor(kernel, parameters.get("narrowing", "isometric"))
        return gain

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = matrices(w, parameters.get("groups", 1), center=self.center)
        gain = self.gain(w, parameters)
        if gain == 0:
            return None if not a.any() else f"gain is 0 and an entry is {abs(a).max():.3g}"
        a = a / gain
        if a.shape[-2] > a.shape[-1]:
            a = a.swapaxes(-1, -2)
        error = float(abs(a @ a.conj().swapaxes(-1, -2) - np.eye(a.shape[-2])).max())
        # Rounding the entries moves a product of unit rows by at most 2 * rounding; the arithmetic
        # before it, in float32 or float64, by a random walk over the length of the rows.
        fine = eps("float64" if is_double(w.dtype) else "float32")
        allowed = 2 * eps(w.dtype) + fine * (16 + math.sqrt(a.shape[-1]))
        if not error <= allowed:
            return f"W W^T / gain^2 is {error:.3g} off the identity, allowed {allowed:.3g}"
        return None

    def __str__(self) -> str:
        what = "the centre tap's" if self.center else "the (out, in * prod(spatial)) matrix's"
        return f"{what} singular values are all `gain`" + (
            " * max(1, sqrt(out / fan_in))" if self.scaled else ""
        )
