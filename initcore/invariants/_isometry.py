"""Invariants of matrices that keep lengths."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._dtype import dtype_name, eps
from .._kernel import Kernel
from ._protocol import SIGMAS, matrices

__all__ = ["Haar", "Isometry"]


@dataclass(frozen=True)
class Isometry:
    """All singular values are `gain` (times `sqrt(out / fan_in)` where `scaled`)."""

    center: bool = False
    scaled: bool = False

    def gain(self, w: Any, parameters: dict[str, Any]) -> float:
        """The singular value wanted."""
        gain = float(parameters.get("gain", 1.0))
        if self.scaled:
            from .._orthogonal import width_factor

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
        error = float(abs(a @ a.swapaxes(-1, -2) - np.eye(a.shape[-2])).max())
        # Rounding the entries moves a product of unit rows by at most 2 * rounding; the arithmetic
        # before it, in float32 or float64, by a random walk over the length of the rows.
        fine = eps("float64" if dtype_name(w.dtype) == "float64" else "float32")
        allowed = 2 * eps(w.dtype) + fine * (16 + math.sqrt(a.shape[-1]))
        if not error <= allowed:
            return f"W W^T / gain^2 is {error:.3g} off the identity, allowed {allowed:.3g}"
        return None

    def __str__(self) -> str:
        what = "the centre tap's" if self.center else "the (out, in * prod(spatial)) matrix's"
        return f"{what} singular values are all `gain`" + (
            " * max(1, sqrt(out / fan_in))" if self.scaled else ""
        )


@dataclass(frozen=True)
class Haar:
    """The orthogonal matrices are uniform: no direction and no sign is preferred."""

    center: bool = False
    scaled: bool = False

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = matrices(w, parameters.get("groups", 1), center=self.center)
        gain = Isometry(self.center, self.scaled).gain(w, parameters)
        if gain == 0:
            return None
        a = a / gain
        count, rows, columns = a.shape
        n = max(rows, columns)
        # Means over the samples of functions of mean 0 and known variance under the Haar law;
        # each is averaged over `count` samples and compared with its normal deviation.
        diagonal = a[:, range(min(rows, columns)), range(min(rows, columns))]
        statistics = {
            "the corner entry": (a[:, 0, 0], 1 / n),
            "the last diagonal entry": (diagonal[:, -1], 1 / n),
            "the trace": (diagonal.sum(-1), diagonal.shape[-1] / n),
            "the sum of the first row": (a[:, 0].sum(-1), columns / n),
            "the sum of the first column": (a[:, :, 0].sum(-1), rows / n),
        }
        enough = count >= 30  # for a mean of bounded variables to be close to normal
        for what, (value, variance) in statistics.items():
            allowed = SIGMAS * math.sqrt(variance / count)
            if enough and abs(value.mean()) > allowed:
                return f"{what} is {value.mean():.3g} on average, should be 0 +- {allowed:.2g}"
        # W_ij^2 is Beta(1/2, (n-1)/2): its variance is 2 (n-1) / (n^2 (n+2)).
        spread = math.sqrt(2 * (n - 1) / (n**2 * (n + 2)) / count)
        for what, value in (("corner", a[:, 0, 0]), ("last", a[:, -1, -1])):
            off = float((value**2).mean() - 1 / n)
            if enough and abs(off) > SIGMAS * spread * 1.5 + eps(w.dtype):
                return f"the mean square of the {what} entry is {off + 1 / n:.3g}, not 1/{n}"
        if rows == columns and count >= 30:
            signs = np.linalg.slogdet(a)[0]
            if abs(signs.sum()) > SIGMAS * math.sqrt(count):
                return f"{(signs > 0).sum()} of {count} determinants are positive, not half"
        if count > 1 and n > 1 and np.unique(a[:, 0, 0]).size < min(count, 8) / 2:
            return "the groups repeat each other"
        return None

    def __str__(self) -> str:
        return "the law is Haar: multiplying by a fixed orthogonal matrix leaves it unchanged"
