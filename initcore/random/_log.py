"""The logarithm of float32 and float64 buffers, the same to the last bit on every processor.

Those of NumPy and of C libraries differ in the last bit from one to the next. This one takes sums,
products and a division in a fixed order: `t = 2**e (1 + f)` with `sqrt(1/2) <= 1 + f < sqrt(2)`,
and `log(1 + f) = 2 artanh(s) = 2 s + 2 s**3 / 3 + 2 s**5 / 5 + ...`, where `s = f / (2 + f)`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LOG", "Logarithm", "horner", "log"]


@dataclass(frozen=True)
class Logarithm:
    """How a dtype's logarithm is made.

    Attributes:
        word: Signed integers as long as the numbers.
        mantissa: Bits of the mantissa.
        terms: Of the series beyond the first; `|s| < 0.172`, so the next is below rounding.
        ln2_bits: Bits of the upper part of `log(2)`, whose products with `e` are exact.
    """

    word: Any
    mantissa: int
    terms: int
    ln2_bits: int

    @property
    def series(self) -> tuple[float, ...]:
        """Coefficients of `s**2` in `log(1 + f) / s - 2`, divided by it, highest power first."""
        return tuple(2 / (2 * k + 1) for k in range(self.terms, 0, -1))

    @property
    def ln2(self) -> tuple[float, float]:
        """`log(2)` in two parts."""
        high = math.floor(math.log(2) * 2**self.ln2_bits) / 2**self.ln2_bits
        return high, LN2_BEYOND_DOUBLE + (math.log(2) - high)


LN2_BEYOND_DOUBLE = 2.3190468138462996e-17  # log(2) less the nearest float64
LOG = {
    "float32": Logarithm(np.int32, 23, 3, 16),
    "float64": Logarithm(np.int64, 52, 9, 40),
}


def log(t: Any, scratch: Any) -> Any:
    """`log(t)` of a buffer of positive normal numbers, in place; `scratch` is another."""
    how, kind = LOG[t.dtype.name], t.dtype.type
    words, half = t.view(how.word), kind(math.sqrt(0.5)).view(how.word)
    exponent = (words - half) >> how.word(how.mantissa)
    np.subtract(words, exponent << how.word(how.mantissa), out=words)
    e = exponent.astype(kind)
    f = np.subtract(t, kind(1), out=t)
    s = np.divide(f, f + kind(2), out=t)
    z = s * s
    p = horner(z, how.series, scratch)
    np.add(np.multiply(p, z, out=p), kind(2), out=p)
    high, low = (kind(part) for part in how.ln2)
    np.multiply(s, p, out=t)
    np.add(t, np.multiply(e, low, out=p), out=t)
    return np.add(np.multiply(e, high, out=e), t, out=t)


def horner(t: Any, coefficients: tuple[float, ...], out: Any) -> Any:
    """The polynomial of `t` in `out`; coefficients run from the highest power down."""
    cast = t.dtype.type
    np.multiply(t, cast(coefficients[0]), out=out)
    np.add(out, cast(coefficients[1]), out=out)
    for c in coefficients[2:]:
        np.multiply(out, t, out=out)
        np.add(out, cast(c), out=out)
    return out
