"""Kernels that keep lengths: dense, and at the centre tap of a convolution."""

from typing import Any, get_args

import numpy as np

from ..arrays import Array
from ..invariants import Haar, Isometry, SingleTap
from ..random import Rng
from ..spec import Choice, Kernel, Real, ShapeRule, initializer, width_factor
from ._choices import Narrowing
from ._reflectors import haar

__all__ = ["delta_orthogonal", "on_center_tap", "orthogonal", "scaled_orthogonal"]

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
) -> Array:
    """Haar-random kernel whose `(out, in * prod(spatial))` matrix has all singular values `gain`.

    Rows are orthogonal if `out <= in * prod(spatial)`, columns otherwise, in each group separately.

    >>> import numpy as np
    >>> w = orthogonal(Rng(0), (256, 128), gain=2.0)
    >>> bool(np.allclose(np.linalg.svd(w)[1], 2.0, atol=1e-5))
    True
    """
    w = haar(rng, *Kernel(shape, groups).matrices, gain, out=out)
    return rng.xp.reshape(w, shape) if out is None else out


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
    w = haar(rng, *kernel.matrices, gain * width_factor(kernel, narrowing), out=out)
    return rng.xp.reshape(w, shape) if out is None else out


@initializer(
    shape=CONVOLUTION,
    parameters={"gain": GAIN},
    invariants=(SingleTap(), Isometry(center=True), Haar(center=True)),
    source="Xiao et al., ICML 2018, section 3.3",
    exact=False,
    complex_=True,
)
def delta_orthogonal(
    rng: Rng[Array], shape: tuple[int, ...], /, *, gain: float = 1.0, groups: int = 1
) -> Array:
    """Convolution kernel, zero except for a Haar-random centre tap with singular values `gain`.

    With "same" padding and stride 1 it acts as a 1x1 convolution: every pixel keeps its norm.
    The centre is tap `(k - 1) // 2` of each axis.

    >>> w = delta_orthogonal(Rng(0), (8, 8, 3, 3))
    >>> bool((w[:, :, 0, 0] == 0).all() and abs(w[:, :, 1, 1].T @ w[:, :, 1, 1]).sum() > 7.99)
    True
    """
    kernel = Kernel(shape, groups)
    return on_center_tap(haar(rng, *kernel.taps_shape, gain), kernel, rng)


def on_center_tap(tap: Any, kernel: Kernel, rng: Rng) -> Any:
    """The kernel whose centre tap is `tap` `(groups, out, in)`, zero elsewhere."""
    xp = rng.xp
    if not kernel.spatial:
        return xp.reshape(tap, kernel.shape)
    center = np.zeros(kernel.spatial, dtype=bool)
    center[kernel.center] = True
    w = xp.reshape(tap, (*kernel.shape[:2], *[1] * len(kernel.spatial)))
    return xp.where(xp.asarray(center, device=rng.device), w, xp.zeros_like(w))
