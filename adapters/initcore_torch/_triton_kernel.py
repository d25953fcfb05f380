# mypy: ignore-errors
"""One pass over a CUDA tensor: counter, cipher, number, rounding, store.

It takes the operations of the draws on the host in their order, without fused multiply-adds, so
that the values are the same to the last bit. The constants are the core's.
"""

import triton
import triton.language as tl

from initcore.random import constants

__all__ = ["draw"]

GIVEN = constants()
PARITY, HALF, LIMIT = map(tl.constexpr, (GIVEN.parity, GIVEN.half, GIVEN.limit))
TURNS, SERIES, LN2 = map(tl.constexpr, (GIVEN.rotations, GIVEN.series, GIVEN.ln2))
SHIFTS, MIDDLE, TAIL = map(tl.constexpr, (GIVEN.shifts, GIVEN.middle, GIVEN.tail))
TERMS, POWERS, ROOT2 = map(tl.constexpr, (len(GIVEN.series), len(GIVEN.middle), GIVEN.root2))


@triton.jit
def _rotated(x, r: tl.constexpr):
    return (x << r) | (x >> (32 - r))


@triton.jit
def _mixed(x0, x1, r: tl.constexpr):
    x0 = x0 + x1
    return x0, _rotated(x1, r) ^ x0


@triton.jit
def _cipher(x0, x1, k0, k1):
    """Twenty rounds of Threefry-2x32, the xor of its two words."""
    k2 = k0 ^ k1 ^ PARITY
    x0 = x0 + k0
    x1 = x1 + k1
    for i in tl.static_range(5):
        for r in tl.static_range(4):
            x0, x1 = _mixed(x0, x1, TURNS[4 * (i % 2) + r])
        if i % 3 == 0:
            x0 = x0 + k1
            x1 = x1 + k2
        elif i % 3 == 1:
            x0 = x0 + k2
            x1 = x1 + k0
        else:
            x0 = x0 + k0
            x1 = x1 + k1
        x1 = x1 + (i + 1)
    return x0 ^ x1


@triton.jit
def _horner(t, C: tl.constexpr, N: tl.constexpr):
    p = t * C[0] + C[1]
    for i in tl.static_range(2, N):
        p = p * t + C[i]
    return p


@triton.jit
def _log(t):
    words = t.to(tl.int32, bitcast=True)
    exponent = (words - HALF) >> 23
    f = (words - (exponent << 23)).to(tl.float32, bitcast=True) - 1.0
    e = exponent.to(tl.float32)
    s = tl.div_rn(f, f + 2.0)
    z = s * s
    p = _horner(z, SERIES, TERMS) * z + 2.0
    return e * LN2[0] + (s * p + e * LN2[1])


@triton.jit
def draw(
    out, size, start, run, step,
    n0, s0, n1, s1, n2, s2, k0, k1,
    low, span, edge, first, last, scale, shift,
    AXES: tl.constexpr, FLAT: tl.constexpr, DYADIC: tl.constexpr, NORMAL: tl.constexpr,
    ENDS: tl.constexpr, SCALED: tl.constexpr, SHIFTED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Fill `out`, contiguous, with the elements of a window of the stream.

    Args:
        out: Pointer to float32, float16 or bfloat16 numbers.
        size: How many there are.
        start, run, step: First counter, elements of a run, and the distance of their counters.
        n0 to s2: Sizes and strides of the axes over which runs repeat, the last one first.
        k0, k1: The key's words, as int32.
        low to shift: Of `initcore.random`'s `Distribution`.
        FLAT: Whether the counters are 0, 1, 2, ... below 2**31.
    """
    block = tl.program_id(0)
    if FLAT:
        at = block * BLOCK + tl.arange(0, BLOCK)
        x1 = at.to(tl.uint32)
        x0 = x1 ^ x1
    else:
        at = block.to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        row = at // run
        index = start + (at - row * run) * step
        if AXES > 0:
            index += (row % n0) * s0
            row = row // n0
        if AXES > 1:
            index += (row % n1) * s1
            row = row // n1
        if AXES > 2:
            index += (row % n2) * s2
        counter = index.to(tl.uint64)
        x0 = (counter >> 32).to(tl.uint32)
        x1 = counter.to(tl.uint32)
    bits = _cipher(x0, x1, k0, k1)
    u = (bits >> 9).to(tl.int32).to(tl.float32) * 1.1920928955078125e-07  # 2**-23
    if DYADIC:  # noqa: SIM108
        x = u * span + low
    else:  # exact products
        x = (u.to(tl.float64) * span + low).to(tl.float32)
    x = tl.maximum(x, low)
    if NORMAL:
        x = tl.minimum(tl.maximum(x, -edge), edge)
        t = _log(1.0 - x * x)
        middle = _horner(t + SHIFTS[0], MIDDLE, POWERS)
        tail = _horner(tl.sqrt_rn(tl.maximum(-t, 0.0)) - SHIFTS[1], TAIL, POWERS)
        x = x * tl.where(t <= LIMIT, tail, middle) * ROOT2
        if ENDS:
            x = tl.minimum(tl.maximum(x, first), last)
    if SCALED:
        x = x * scale
    if SHIFTED:
        x = x + shift
    tl.store(out + at, x.to(out.dtype.element_ty), mask=at < size)
