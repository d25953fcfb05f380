"""Kernels that pass their inputs through."""

from typing import Any

import numpy as np

from ..arrays import Array, compute_dtype, is_contiguous, is_numpy, is_torch
from ..invariants import PreservesIdentity, SingleTap
from ..random import Rng
from ..spec import Kernel, Real, Region, ShapeRule, initializer

__all__ = ["identity", "on_center"]


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={"gain": Real("factor on what is passed on", low=0.0)},
    invariants=(SingleTap(), PreservesIdentity()),
    source="Dirac kernel, as in Zagoruyko & Komodakis, arXiv:1706.00388",
    random=False,
    rounds=True,
    complex_=True,
)
def identity(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    groups: int = 1,
    out: Array | None = None,
    region: Region | None = None,
) -> Array:
    """Kernel that passes the first `min(out, in)` channels of each group on, times `gain`.

    A dense kernel is a (partial) identity matrix. A convolution has this matrix at tap
    `(k - 1) // 2` of each axis, so that "same" padding leaves the image in place.

    >>> identity(Rng(0), (2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    kernel, xp = Kernel(shape, groups), rng.xp
    if region is None and isinstance(gain, float) and (is_numpy(xp) or is_torch(xp)):
        return _written(rng, kernel, gain, out)
    row, column, *taps = (region or Region.whole(shape)).positions(xp, rng.device)
    here = on_center(row % kernel.out == column, taps, kernel)
    one = xp.ones((), dtype=compute_dtype(xp, rng.dtype), device=rng.device)
    value = xp.astype(one * gain, rng.dtype)
    return xp.where(here, value, xp.zeros_like(value))


def _written(rng: Rng, kernel: Kernel, gain: float, out: Any) -> Any:
    """The same in one array that can be written to, each entry of the diagonal once."""
    if out is not None and is_contiguous(out):
        w = out
        w[...] = 0
    else:
        w = rng.xp.zeros(kernel.shape, dtype=rng.dtype, device=rng.device)
    taps, center = kernel.taps, 0
    for k, c in zip(kernel.spatial, kernel.center, strict=True):
        center = center * k + c
    step = (kernel.in_ + 1) * taps
    last = center + (min(kernel.out, kernel.in_) - 1) * step
    by_group = rng.xp.reshape(w, (kernel.groups, -1))
    single = w.dtype.itemsize < 8  # float16 and bfloat16 are rounded from float32, as everywhere
    by_group[:, center : last + 1 : step] = float(np.float32(gain)) if single else gain
    return w


def on_center(here: Any, taps: list[Any], kernel: Kernel) -> Any:
    """`here` at the centre tap, nowhere else; `taps` are positions along the spatial axes."""
    for tap, center in zip(taps, kernel.center, strict=True):
        here = here & (tap == center)
    return here
