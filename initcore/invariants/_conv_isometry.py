"""Invariants of convolutions that keep the length of an image as a whole."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import dtype_name, eps, is_double, resolve, to_numpy
from ..spec import Kernel
from ._haar import Haar
from ._statistics import SIGMAS

__all__ = ["ConvIsometry", "HaarSum", "TapEnergies"]


@dataclass(frozen=True)
class ConvIsometry:
    """At every frequency the `(out, in)` matrix has all singular values `gain`."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        gain = float(parameters.get("gain", 1.0))
        a = _taps(w, parameters)
        if gain == 0:
            return None if not a.any() else f"gain is 0 and an entry is {abs(a).max():.3g}"
        spatial = a.shape[1:-2]
        # Frequencies of an image of 2k - 1 pixels determine all products of two taps.
        axes = tuple(range(1, 1 + len(spatial)))
        image = [2 * k - 1 for k in spatial]
        if a.shape[-2] > a.shape[-1]:
            a = a.swapaxes(-1, -2)
        f = np.fft.fftn(a / gain, image, axes=axes)
        worst, eye = 0.0, np.eye(a.shape[-2])
        for m in np.moveaxis(f.reshape(f.shape[0], -1, *f.shape[-2:]), 1, 0):
            worst = max(worst, float(abs(m @ m.conj().swapaxes(-1, -2) - eye).max()))
        # As for one matrix of rows of in * taps entries, but a frequency adds up the roundings of
        # its taps. Each tap beyond the first comes from one more factor P + (I - P) z: if P^2 is
        # off P by the error of a frame, the factor is off by at most 4 times as much (z = -1).
        fine = eps("float64" if is_double(w.dtype) else "float32")
        factors = sum(k - 1 for k in spatial)
        frame = fine * (16 + 2 * math.sqrt(a.shape[-1]))
        taps = math.sqrt(math.prod(spatial))
        allowed = 2 * eps(w.dtype) * taps + frame * (1 + 4 * math.sqrt(factors))
        if not worst <= allowed:
            return (
                f"W W* / gain^2 is {worst:.3g} off the identity at a frequency, "
                f"allowed {allowed:.3g}"
            )
        return None

    def __str__(self) -> str:
        return "the (out, in) matrix of every frequency has all singular values `gain`"


@dataclass(frozen=True)
class TapEnergies:
    """The mean energy of the taps is binomial along each axis: all factors are drawn anew."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        gain = float(parameters.get("gain", 1.0))
        a = _taps(w, parameters)
        groups, spatial, least = a.shape[0], a.shape[1:-2], min(a.shape[-2:])
        factors = sum(k - 1 for k in spatial)
        if gain == 0 or not factors or groups * least < 30:  # too few for a normal mean
            return None
        found = (abs(a) ** 2).sum(axis=(-1, -2)).mean(axis=0) / (least * gain**2)
        wanted = np.ones(())
        for k in spatial:
            binomial = [math.comb(k - 1, t) / 2 ** (k - 1) for t in range(k)]
            wanted = np.multiply.outer(wanted, binomial)
        # A factor P, with E P = I/2, moves the share of a tap by tr((A - B) P) / least, A and B
        # the Gram matrices of two taps: of variance at most 1 / (4 least), whatever came before.
        allowed = SIGMAS * math.sqrt(factors / (4 * least * groups))
        off = abs(found - wanted)
        if off.max() > allowed:
            worst = tuple(int(i) for i in np.unravel_index(off.argmax(), off.shape))
            return (
                f"tap {worst} has {found[worst]:.3g} of the energy, should be "
                f"{wanted[worst]:.3g} +- {allowed:.2g}"
            )
        return None

    def __str__(self) -> str:
        return "the taps' mean energies are binomial along each axis, C(k - 1, t) / 2^(k - 1)"


@dataclass(frozen=True)
class HaarSum:
    """The sum of all taps, the matrix of frequency 0, is Haar-random."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        # At frequency 0 each factor P + (I - P) is the identity, and the frame is left.
        a = to_numpy(w)
        total = a.sum(axis=tuple(range(2, a.ndim))).astype(resolve(np, dtype_name(w.dtype)))
        text = Haar().violation(total, **parameters)
        return f"of the sum of all taps {text}" if text else None

    def __str__(self) -> str:
        return "the sum of all taps, the matrix of frequency 0, is Haar-random"


def _taps(w: Any, parameters: dict[str, Any]) -> Any:
    """`(groups, *spatial, out, in)` on the host."""
    a = to_numpy(w)
    kernel = Kernel(tuple(a.shape), parameters.get("groups", 1))
    a = a.reshape(kernel.groups, kernel.out, kernel.in_, *kernel.spatial)
    return np.moveaxis(a, (1, 2), (-2, -1))
