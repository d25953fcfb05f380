"""Real numbers made from the two words of each element, in NumPy buffers and in array operations.

`u` in `[0, 1)` is the top 23 bits of the words' xor (float64: the top 52 bits of both).
A uniform number is `low + span * u`, rounded once; a normal one is `sqrt(2) erfinv` of a uniform
one, clipped to the open interval it was cut to. What is drawn is `shift` and `scale` times it.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import resolve
from ._affine import affine, is_dyadic
from ._bits import join_words
from ._erfinv import erfinv, erfinv_host
from ._native import Numbers, numbers_of
from ._threefry import UInt32Words

__all__ = ["Distribution", "cached_normal", "cached_uniform"]


@dataclass(frozen=True)
class Distribution:
    """A distribution of real numbers.

    Attributes:
        dtype: Name of the dtype. Halves are drawn in float32 and rounded once.
        low, span: Ends of the uniform numbers, already rounded to the dtype that is drawn in.
        cuts: For normal numbers the interval they are cut to, else None.
        scale, shift: Factor and summand of each number.
    """

    dtype: str
    low: float
    span: float
    cuts: tuple[float, float] | None = None
    scale: float = 1.0
    shift: float = 0.0

    @classmethod
    def uniform(cls, low: float, high: float, dtype: str, scale: float = 1.0) -> "Distribution":
        """Uniform on `[low, high)`, times `scale`."""
        kind = _kind(dtype)
        return cls(dtype, float(kind(low)), float(kind(kind(high) - kind(low))), None, scale)

    @classmethod
    def normal(
        cls, low: float, high: float, dtype: str, std: float = 1.0, mean: float = 0.0
    ) -> "Distribution":
        """`mean + std * z`, `z` standard normal given that it lies between `low` and `high`."""
        kind = _kind(dtype)
        low, high = (v if abs(v) < 1e30 else math.copysign(math.inf, v) for v in (low, high))
        if math.isinf(low) and math.isinf(high):
            ends = float(np.nextafter(kind(-1), kind(0))), 1.0
        else:
            ends = tuple(math.erf(kind(kind(v) / kind(math.sqrt(2)))) for v in (low, high))  # type: ignore[assignment]
        unit = cls.uniform(*ends, dtype)
        return cls(dtype, unit.low, unit.span, (low, high), std, mean)

    @property
    def double(self) -> bool:
        """Whether numbers are drawn in float64, not float32."""
        return self.dtype == "float64"

    @property
    def kind(self) -> Any:
        """The NumPy dtype that is drawn in."""
        return _kind(self.dtype)

    @property
    def _dyadic(self) -> bool:
        """Whether products with `span` are exact; one that is not normal has no bits for them."""
        return is_dyadic(self.span) and self.span >= float(np.finfo(self.kind).tiny)

    @property
    def _reaches_ends(self) -> bool:
        """Whether the uniform numbers under cut normal ones may be rounded to -1 or 1."""
        if self.cuts is None or all(math.isinf(c) for c in self.cuts):
            return False
        return self.low <= -1 or self.low + self.span >= 1

    @property
    def largest_below_one(self) -> float:
        """The largest number whose inverse error function is finite."""
        return float(np.nextafter(self.kind(1), self.kind(0)))

    def _inside(self) -> tuple[float, float] | None:
        """The smallest and the largest number of the open interval, if it ends anywhere."""
        if self.cuts is None or all(math.isinf(c) for c in self.cuts):
            return None
        low, high = (self.kind(c) for c in self.cuts)
        return float(np.nextafter(low, high)), float(np.nextafter(high, low))

    @functools.cached_property
    def native(self) -> Numbers:
        """The same for the compiled code."""
        inside = self._inside()
        first, last = inside or (-math.inf, math.inf)
        return numbers_of(
            self.dtype,
            low=self.low,
            span=self.span,
            edge=self.largest_below_one if self._reaches_ends else math.inf,
            first=first,
            last=last,
            scale=self.scale,
            shift=self.shift or -0.0,  # x + -0.0 is x, the zeros included
            dyadic=self._dyadic,
            normal=self.cuts is not None,
            ends=inside is not None,
        )

    def on_host(self, b0: Any, b1: Any, out: Any) -> None:
        """Write the numbers of NumPy words to `out`; the words are overwritten."""
        low, span = self.kind(self.low), self.kind(self.span)
        if self._dyadic and not self.double:
            np.add(_times_dyadic(b0, b1, span, out), low, out=out)
        else:
            _unit(b0, b1, out)
            if self._dyadic:
                np.add(np.multiply(out, span, out=out), low, out=out)
            elif not self.double:  # exact products in float64
                out[...] = out.astype(np.float64) * self.span + self.low
            else:
                high = np.floor(out * 2.0**26) * 2.0**-26
                out[...] = affine(high, out - high, self.span, self.low, double=True)
            np.maximum(out, low, out=out)
        if self.cuts is not None:
            if self._reaches_ends:
                np.clip(
                    out,
                    self.kind(-self.largest_below_one),
                    self.kind(self.largest_below_one),
                    out=out,
                )
            # Words of float32 numbers are as long as the numbers, and no longer needed.
            scratch = None if self.double else (b0.view(np.float32), b1.view(np.float32))
            np.multiply(erfinv_host(out, scratch), self.kind(math.sqrt(2)), out=out)
            if ends := self._inside():
                np.clip(out, *(self.kind(e) for e in ends), out=out)
        if self.scale != 1.0:
            np.multiply(out, self.kind(self.scale), out=out)
        if self.shift != 0.0:
            np.add(out, self.kind(self.shift), out=out)

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
                x = xp.clip(x, -self.largest_below_one, self.largest_below_one)
            x = erfinv(x, xp=xp, double=self.double) * float(self.kind(math.sqrt(2)))
            if ends := self._inside():
                x = xp.clip(x, *ends)
        # Without the sum where it is 0: a fused one rounds differently.
        if self.scale != 1.0:
            x = x * self.scale
        return x if self.shift == 0.0 else x + self.shift


# For draws on the host; compilers of Python trace the functions that are not cached.
cached_normal = functools.lru_cache(256)(Distribution.normal)
cached_uniform = functools.lru_cache(256)(Distribution.uniform)


def _kind(dtype: str) -> Any:
    return np.float64 if dtype == "float64" else np.float32


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
