"""Kernels that keep lengths: dense, and at the centre tap of a convolution."""

from collections.abc import Iterator
from typing import Any, get_args

from ..arrays import Array
from ..invariants import Haar, Isometry, SingleTap
from ..random import Rng
from ..spec import Choice, Kernel, Real, Region, ShapeRule, initializer, width_factor
from ._choices import Narrowing
from ._identity import on_center
from ._looped import is_looped, looped
from ._reflectors import Range, haar, haar_part, is_panelled

__all__ = ["delta_orthogonal", "orthogonal", "scaled_orthogonal"]

GAIN = Real("singular value", low=0.0)
MATRIX = ShapeRule(2, None, "a kernel (out, in, *spatial)")
CONVOLUTION = ShapeRule(3, 5, "a convolution kernel", ("for a dense layer", "orthogonal"))


@initializer(
    shape=MATRIX,
    parameters={"gain": GAIN},
    invariants=(Isometry(), Haar()),
    source="Saxe et al., ICLR 2014; drawn as in Stewart, SIAM J. Numer. Anal. 17, 1980",
    exact=False,
    complex_=True,
)
def orthogonal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    groups: int = 1,
    out: Array | None = None,
    region: Region | None = None,
) -> Array:
    """Haar-random kernel whose `(out, in * prod(spatial))` matrix has all singular values `gain`.

    Rows are orthogonal if `out <= in * prod(spatial)`, columns otherwise, in each group separately.

    >>> import numpy as np
    >>> w = orthogonal(Rng(0), (256, 128), gain=2.0)
    >>> bool(np.allclose(np.linalg.svd(w)[1], 2.0, atol=1e-5))
    True
    """
    return _matrices(rng, Kernel(shape, groups), gain, region, out)


@initializer(
    shape=MATRIX,
    parameters={
        "gain": GAIN,
        "narrowing": Choice(
            "what a layer with fewer outputs than inputs does", get_args(Narrowing)
        ),
    },
    invariants=(Isometry(scaled=True), Haar(scaled=True)),
    source="Xiao et al., ICML 2018; spectral: Yang, Simon & Bernstein, arXiv:2310.17813",
    exact=False,
    complex_=True,
)
def scaled_orthogonal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    narrowing: Narrowing = "isometric",
    groups: int = 1,
    out: Array | None = None,
    region: Region | None = None,
) -> Array:
    """Haar-random kernel with all singular values `gain * sqrt(out / fan_in)`, at least `gain`.

    A widening layer then keeps the mean square of a coordinate (times `gain**2`). With
    `narrowing="spectral"` narrowing layers have the same factor, which is below `gain`.

    >>> import numpy as np
    >>> x = np.ones(64)
    >>> y = scaled_orthogonal(Rng(0), (256, 64)) @ x
    >>> bool(abs((y**2).mean() - 1) < 1e-5)
    True
    """
    kernel = Kernel(shape, groups)
    return _matrices(rng, kernel, gain * width_factor(kernel, narrowing), region, out)


@initializer(
    shape=CONVOLUTION,
    parameters={"gain": GAIN},
    invariants=(SingleTap(), Isometry(center=True), Haar(center=True)),
    source="Xiao et al., ICML 2018, section 3.3",
    exact=False,
    complex_=True,
)
def delta_orthogonal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Convolution kernel, zero except for a Haar-random centre tap with singular values `gain`.

    With "same" padding and stride 1 it acts as a 1x1 convolution: every pixel keeps its norm.
    The centre is tap `(k - 1) // 2` of each axis.

    >>> w = delta_orthogonal(Rng(0), (8, 8, 3, 3))
    >>> bool((w[:, :, 0, 0] == 0).all() and abs(w[:, :, 1, 1].T @ w[:, :, 1, 1]).sum() > 7.99)
    True
    """
    xp, kernel = rng.xp, Kernel(shape, groups)
    if region is None:
        tap = haar(rng, *kernel.taps_shape, gain)
    else:
        matrix = Region(region.starts[:2], region.runs[:2])
        tap = _rectangle(rng, kernel.taps_shape, gain, matrix)
    _, _, *taps = (region or Region.whole(shape)).positions(xp, rng.device)
    here = on_center(xp.ones_like(taps[0], dtype=xp.bool), taps, kernel)
    w = xp.reshape(tap, (shape if region is None else region.shape)[:2] + (1,) * len(taps))
    return xp.where(here, w, xp.zeros_like(w[:1, :1, ...]))


def _matrices(rng: Any, kernel: Kernel, gain: Any, region: Region | None, out: Any) -> Any:
    """The kernel, or a region of it, whose matrix in each group is a Haar-random frame."""
    if region is None:
        w = haar(rng, *kernel.matrices, gain, out=out)
        return rng.xp.reshape(w, kernel.shape) if out is None else out
    w = _rectangle(rng, kernel.matrices, gain, region.as_matrix(kernel.shape), out)
    return rng.xp.reshape(w, region.shape) if out is None else out


def _rectangle(
    rng: Any, shape: tuple[int, int, int], gain: Any, region: Region, out: Any = None
) -> Any:
    """Rows and columns of the matrices `(groups * rows, columns)` of frames."""
    xp, (groups, rows, columns) = rng.xp, shape
    tall, n, m = rows > columns, max(rows, columns), min(rows, columns)
    run = region.run(1 if tall else 0)  # of the frame's columns
    if groups == 1 and run is not None and is_looped(rng, 1, n, m):
        w = looped(rng, 1, n, m, gain, tall, run)[0, ...]
        rest = (region.starts[0], 0) if tall else (0, region.starts[1])
        return Region(rest, region.runs).of(w, xp)
    if region.traced or not is_panelled(rng, gain):
        w = xp.reshape(haar(rng, *shape, gain), (groups * rows, columns))
        return region.of(w, xp)
    if out is None:
        out = xp.empty(region.shape, dtype=rng.dtype, device=rng.device)
    w, pieces = xp.reshape(out, region.shape), region.pieces(1)
    low, high = pieces[0][0], pieces[-1][1]
    exact, done = len(pieces) == 1, 0
    for group, row in _by_group(region.pieces(0, rows), rows):
        block = (group[1] - group[0], row[1] - row[0], high - low)
        here = w[done : done + block[0] * block[1], ...]
        part = xp.reshape(here, block) if exact else None
        found = haar_part(rng, shape, gain, group, row, (low, high), part)
        if not exact:
            found = xp.reshape(found, (-1, high - low))
            here[...] = xp.concat([found[:, a - low : b - low] for a, b in pieces], axis=1)
        done += block[0] * block[1]
    return out


def _by_group(pieces: list[Range], rows: int) -> Iterator[tuple[Range, Range]]:
    """Ranges of groups and of the rows of each of them; neighbours of the same rows in one."""
    found: list[tuple[Range, Range]] = []
    for first, after in pieces:
        group, row = first // rows, (first % rows, first % rows + after - first)
        if found and found[-1][0][1] == group and found[-1][1] == row:
            found[-1] = (found[-1][0][0], group + 1), row
        else:
            found.append(((group, group + 1), row))
    yield from found
