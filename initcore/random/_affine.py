"""`low + span * u`, rounded once.

A compiler may or may not contract the product and the sum into one fused operation, which changes
the last bit, so a plain `u * span + low` is not the same number everywhere. Here the 23 (52) bits
of `u` and the bits of `span` come in halves whose products are exact, and exact two-term sums
collect them: contracted or not, the result is the correctly rounded one (but for about one draw
in 2**24), which is what a fused multiply-add gives.
"""

import math
from typing import Any

__all__ = ["affine", "is_dyadic"]


def is_dyadic(span: float) -> bool:
    """Whether `span` is a power of two, so that its product with anything is exact."""
    return math.frexp(span)[0] == 0.5


def affine(u_high: Any, u_low: Any, span: float, low: float, *, double: bool) -> Any:
    """`low + span * (u_high + u_low)`, the halves having at most 12 and 11 (26 and 26) bits."""
    bits = 26 if double else 12
    mantissa, exponent = math.frexp(span)
    span_high = math.ldexp(math.floor(math.ldexp(mantissa, bits)), exponent - bits)
    span_low = span - span_high
    total, error = _two_sum(u_high * span_high, low)
    cross, cross_error = _two_sum(u_high * span_low, u_low * span_high)
    total, more = _two_sum(total, cross)
    return total + (error + more + (cross_error + u_low * span_low))


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """The rounded sum and its exact error (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)
