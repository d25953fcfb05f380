"""Kernels of zeros and ones, or of signs where the layer widens."""

from typing import Any

from ..arrays import Array
from ..invariants import HadamardRows, SingleTap
from ..random import Rng
from ..spec import Kernel, Real, Region, ShapeRule, initializer
from ._identity import on_center

__all__ = ["hadamard"]


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={"gain": Real("largest singular value", low=0.0)},
    invariants=(SingleTap(), HadamardRows()),
    source="Zhao et al., ZerO Initialization, TMLR 2022",
    random=False,
)
def hadamard(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Kernel that is `gain` times a partial identity, or a part of a Hadamard matrix if widening.

    Where `out > in` its entries are `gain / sqrt(p)` times those of the first `out` rows and `in`
    columns of Sylvester's matrix of size `p`, the least power of two that is not below `out`. Its
    columns are orthonormal, times `gain`, if `out` is a power of two; otherwise no singular value
    is above `gain`. Different inputs reach different outputs, so all weights of a layer can become
    different without any noise. A convolution has this matrix at the centre tap `(k - 1) // 2`.

    >>> (2 * hadamard(Rng(0), (4, 2))).tolist()
    [[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]]
    """
    kernel, xp = Kernel(shape, groups), rng.xp
    row, column, *taps = (region or Region.whole(shape)).positions(xp, rng.device)
    row = row % kernel.out
    one = xp.ones((), dtype=rng.dtype, device=rng.device)
    zero = xp.zeros_like(one)
    if kernel.out <= kernel.in_:
        return xp.where(on_center(row == column, taps, kernel), one * gain, zero)
    bits = (kernel.out - 1).bit_length()
    value = one * (1 << bits) ** -0.5 * gain
    w = xp.where(_odd(row, column, bits, xp), -value, value)
    center = on_center(xp.ones_like(row, dtype=xp.bool), taps, kernel)
    return xp.where(center, w, zero) if taps else w


def _odd(row: Any, column: Any, bits: int, xp: Any) -> Any:
    """Whether `row & column` has an odd number of bits, byte by byte: less memory than in words."""
    parity: Any = None
    for shift in range(0, bits, 8):
        a, b = (xp.astype(x >> shift & 255, xp.uint8) for x in (row, column))
        parity = a & b if parity is None else parity ^ (a & b)
    for shift in (4, 2, 1):
        parity = parity ^ (parity >> shift)
    return (parity & 1) == 1
