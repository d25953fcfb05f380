"""Convolutions that are orthogonal as a whole: every frequency of the image keeps its norm.

A convolution with circular padding is orthogonal when its taps, seen as matrix coefficients of a
polynomial in the shifts, form a paraunitary matrix. The product of such polynomials is another, and
`P + (I - P) z` is one for every projection `P`. So a frame, times one of these factors for each tap
beyond the first, axis after axis, is an orthogonal kernel (Kautsky & Turcajova 1994).
"""

import sys
from collections.abc import Iterable
from typing import Any

from ..arrays import Array, conjugate, matmul
from ..invariants import ConvIsometry, HaarSum, TapEnergies
from ..random import Rng
from ..spec import Kernel, Real, ShapeRule, initializer
from ._looped import is_looped
from ._reflectors import haar

__all__ = ["conv_orthogonal"]


@initializer(
    shape=ShapeRule(3, 5, "a convolution kernel", ("for a dense layer", "orthogonal")),
    parameters={"gain": Real("singular value", low=0.0)},
    invariants=(ConvIsometry(), TapEnergies(), HaarSum()),
    source="Xiao et al., ICML 2018, algorithm 1; rectangular kernels are ours",
    exact=False,
    complex_=True,
)
def conv_orthogonal(
    rng: Rng[Array], shape: tuple[int, ...], /, *, gain: float = 1.0, groups: int = 1
) -> Array:
    """Convolution kernel whose matrix at every frequency has all singular values `gain`.

    With circular padding and stride 1 the whole convolution is then `gain` times an isometry, for
    images at least as large as the kernel. It keeps norms if `out >= in`, and its transpose does if
    `out < in`. Unlike `delta_orthogonal`, it uses all taps.

    >>> import numpy as np
    >>> w = conv_orthogonal(Rng(0), (6, 4, 3))
    >>> frequencies = np.fft.fft(w, 8, axis=-1)
    >>> s = np.linalg.svd(np.moveaxis(frequencies, -1, 0))[1]
    >>> bool(np.allclose(s, 1, atol=1e-5))
    True
    """
    xp, kernel = rng.xp, Kernel(shape, groups)
    least, most = sorted((kernel.out, kernel.in_))
    frame, factors = rng.split(2)
    # (groups, *taps so far, least, most): all taps act on the longer side from the right.
    w = haar(frame, groups, least, most, gain)
    w = xp.reshape(w, (groups, *[1] * len(kernel.spatial), least, most))
    axes = [
        axis
        for step in range(1, max(kernel.spatial))
        for axis, size in enumerate(kernel.spatial, start=1)
        if step < size
    ]
    for axis, p in zip(axes, _projections(factors, len(axes), groups, most), strict=True):
        w = _times_factor(w, axis, p, xp)
    taps = tuple(range(1, 1 + len(kernel.spatial)))
    rows, columns = (
        (w.ndim - 1, w.ndim - 2) if kernel.out > kernel.in_ else (w.ndim - 2, w.ndim - 1)
    )
    return xp.reshape(xp.permute_dims(w, (0, rows, columns, *taps)), shape)


def _projections(rng: Rng, number: int, count: int, n: int) -> Iterable[Any]:
    """`number` times `count` projections, each of a key of its own."""
    if number > 1 and is_looped(rng, count, n, n):  # one of them in the program, for all
        numbers = rng.xp.arange(number, dtype=rng.xp.uint32)
        made = sys.modules["jax"].vmap(lambda i: projection(rng.fold_in(i), count, n))(numbers)
        return [made[i, ...] for i in range(number)]
    return (projection(rng.fold_in(i), count, n) for i in range(number))


def projection(rng: Rng, count: int, n: int) -> Any:
    """`(count, n, n)`: projections onto Haar-random subspaces of Binomial(n, 1/2) dimensions."""
    basis, kept = rng.split(2)
    xp = rng.xp
    q = haar(basis, count, n, n)
    signs = kept.signs((count, 1, n))
    q = xp.where(signs > 0, q, xp.zeros_like(q))
    return matmul(q, conjugate(xp.matrix_transpose(q), xp), xp)


def _times_factor(w: Any, axis: int, p: Any, xp: Any) -> Any:
    """`w (P + (I - P) z)`, `z` a shift by one tap along `axis`: one tap more."""
    edge = xp.zeros_like(w[(*[slice(None)] * axis, slice(0, 1), ...)])
    shifted, here = xp.concat([edge, w], axis=axis), xp.concat([w, edge], axis=axis)
    # w_t P + w_{t-1} (I - P), as one product a group
    step = here - shifted
    rows = xp.reshape(step, (p.shape[0], -1, p.shape[-1]))
    return shifted + xp.reshape(matmul(rows, p, xp), step.shape)
