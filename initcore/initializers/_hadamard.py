"""Kernels of zeros and ones, or of signs where the layer widens."""

import numpy as np

from ..arrays import Array, dtype_name
from ..invariants import HadamardRows, SingleTap
from ..random import Rng
from ..spec import Kernel, Real, ShapeRule, initializer
from ._orthogonal import on_center_tap

__all__ = ["hadamard"]


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={"gain": Real("largest singular value", low=0.0)},
    invariants=(SingleTap(), HadamardRows()),
    source="Zhao et al., ZerO Initialization, TMLR 2022",
    random=False,
)
def hadamard(
    rng: Rng[Array], shape: tuple[int, ...], /, *, gain: float = 1.0, groups: int = 1
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
    kernel = Kernel(shape, groups)
    if kernel.out <= kernel.in_:
        tap = np.eye(kernel.out, kernel.in_)
    else:
        size = 1 << (kernel.out - 1).bit_length()
        row, column = np.ogrid[: kernel.out, : kernel.in_]
        tap = (1.0 - 2.0 * (np.bitwise_count(row & column) & 1)) * size**-0.5
    tap = np.broadcast_to(tap.astype(dtype_name(rng.dtype)), kernel.taps_shape)
    # a copy: not every namespace takes a read-only view
    return on_center_tap(rng.xp.asarray(tap.copy(), device=rng.device) * gain, kernel, rng)
