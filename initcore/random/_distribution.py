"""Real numbers made from the two words of each element, in NumPy buffers and in array operations.

`u` in `[0, 1)` is the top 23 bits of the words' xor (float64: the top 52 bits of both).
A uniform number is `low + span * u`, rounded once; a normal one is `sqrt(2) erfinv` of a uniform
one, clipped to the open interval it was cut to.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import resolve
from ._affine import affine, is_dyadic
from ._erfinv import erfinv, erfinv_host
from ._threefry import UInt32Words

__all__ = ["Distribution", "join_words"]


@dataclass(frozen=True)
class Distribution:
    """A law of real numbers.

    Attributes:
        low, span: Ends of the uniform numbers, already rounded to the dtype that is drawn in.
        cuts: For normal numbers the interval they are cut to, else None.
        double: Whether to draw in float64, not float32.
    """

    low: float
    span: float
    cuts: tuple[float, float] | None
    double: bool

    @classmethod
    def uniform(cls, low: float, high: float, *, double: bool) -> "Distribution":
        """Uniform on `[low, high)`."""
        kind = np.float64 if double else np.float32
        return cls(float(kind(low)), float(kind(kind(high) - kind(low))), None, double)

    @classmethod
    def normal(cls, low: float, high: float, *, double: bool) -> "Distribution":
        """Standard normal, given that the number lies between `low` and `high`."""
        kind = np.float64 if double else np.float32
        low, high = (v if abs(v) < 1e30 else math.copysign(math.inf, v) for v in (low, high))
        if math.isinf(low) and math.isinf(high):
            ends = float(np.nextafter(kind(-1), kind(0))), 1.0
        else:
            ends = tuple(math.erf(kind(kind(v) / kind(math.sqrt(2)))) for v in (low, high))  # type: ignore[assignment]
        unit = cls.uniform(*ends, double=double)
        return cls(unit.low, unit.span, (low, high), double)

    @property
    def kind(self) -> Any:
        """The NumPy dtype that is drawn in."""
        return np.float64 if self.double else np.float32

    @property
    def _reaches_ends(self) -> bool:
        """Whether the uniform numbers under cut normal ones may be rounded to -1 or 1."""
        if self.cuts is None or all(math.isinf(c) for c in self.cuts):
            return False
        return self.low <= -1 or self.low + self.span >= 1

    @property
    def _ends_of_u(self) -> tuple[float, float]:
        """The outermost numbers whose inverse error function is finite."""
        end = float(np.nextafter(self.kind(1), self.kind(0)))
        return -end, end

    def _inside(self) -> tuple[float, float] | None:
        """The smallest and the largest number of the open interval, if it ends anywhere."""
        if self.cuts is None or all(math.isinf(c) for c in self.cuts):
            return None
        low, high = (self.kind(c) for c in self.cuts)
        return float(np.nextafter(low, high)), float(np.nextafter(high, low))

    def on_host(self, b0: Any, b1: Any, out: Any) -> None:
        """Write the numbers of NumPy words to `out`; the words are overwritten."""
        low, span = self.kind(self.low), self.kind(self.span)
        if not self.double and is_dyadic(self.span) and self.span >= np.finfo(np.float32).tiny:
            np.add(_times_dyadic(b0, b1, span, out), low, out=out)
        else:
            _unit(b0, b1, out)
            if is_dyadic(self.span):
                np.add(np.multiply(out, span, out=out), low, out=out)
            elif not self.double:  # exact products in float64
                out[...] = out.astype(np.float64) * self.span + self.low
            else:
                high = np.floor(out * 2.0**26) * 2.0**-26
                out[...] = affine(high, out - high, self.span, self.low, double=True)
            np.maximum(out, low, out=out)
        if self.cuts is not None:
            if self._reaches_ends:
                np.clip(out, *self._ends_of_u, out=out)
            # Words of float32 numbers are as long as the numbers, and no longer needed.
            scratch = None if self.double else (b0.view(np.float32), b1.view(np.float32))
            np.multiply(erfinv_host(out, scratch), self.kind(math.sqrt(2)), out=out)
            if ends := self._inside():
                np.clip(out, *(self.kind(e) for e in ends), out=out)

    def in_arrays(self, b0: Any, b1: Any, words: UInt32Words, xp: Any) -> Any:
        """The numbers of words of any namespace."""
        dtype = resolve(xp, "float64" if self.double else "float32")
        if self.double:  # in halves of 26 bits, so that no 64-bit integer is needed
            high = xp.astype(words.shr(b0, 6), dtype) * 2.0**-26
            rest = ((b0 & 0x3F) << 20) | words.shr(b1, 12)
            rest = xp.astype(rest, dtype) * 2.0**-52
        else:
            bits = words.shr(b0 ^ b1, 9)
            if is_dyadic(self.span):
                return self._finish(xp.astype(bits, dtype) * (self.span * 2.0**-23) + self.low, xp)
            high = xp.astype(words.shr(bits, 11), dtype) * 2.0**-12
            rest = xp.astype(bits & 0x7FF, dtype) * 2.0**-23
        if is_dyadic(self.span):
            return self._finish((high + rest) * self.span + self.low, xp)
        return self._finish(affine(high, rest, self.span, self.low, double=self.double), xp)

    def _finish(self, x: Any, xp: Any) -> Any:
        x = xp.where(x < self.low, xp.full_like(x, self.low), x)
        if self.cuts is not None:
            if self._reaches_ends:
                x = xp.clip(x, *self._ends_of_u)
            x = erfinv(x, xp=xp, double=self.double) * float(self.kind(math.sqrt(2)))
            if ends := self._inside():
                x = xp.clip(x, *ends)
        return x


def join_words(b0: Any, b1: Any, out: Any) -> None:
    """Write `b0 << 32 | b1` to the `uint64` buffer `out`."""
    np.left_shift(b0.astype(np.uint64), np.uint64(32), out=out)
    np.bitwise_or(out, b1, out=out)


def _times_dyadic(b0: Any, b1: Any, span: Any, out: Any) -> Any:
    """`span * u` in `out`, a float32 buffer: `u` becomes the mantissa of `span * (1 + u)`."""
    words = out.view(np.uint32)
    np.bitwise_xor(b0, b1, out=words)
    np.right_shift(words, np.uint32(9), out=words)
    np.bitwise_or(words, span.view(np.uint32), out=words)
    return np.subtract(out, span, out=out)


def _unit(b0: Any, b1: Any, out: Any) -> None:
    """Write `u` to `out`."""
    if out.dtype == np.float32:
        _times_dyadic(b0, b1, np.float32(1), out)
    else:
        words = np.empty(out.shape, np.uint64)
        join_words(b0, b1, words)
        np.right_shift(words, np.uint64(12), out=words)
        np.multiply(words, 2.0**-52, out=out, casting="unsafe")


# Standard deviation of a standard normal cut at -2 and 2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
TRUNCATED_STD = 0.8796256610342398
