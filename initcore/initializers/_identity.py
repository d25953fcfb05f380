"""Kernels that pass their input on."""

from typing import Any

import numpy as np

from ..arrays import dtype_name
from ..invariants import PreservesIdentity, SingleTap
from ..random import Rng
from ..spec import Kernel, Real, ShapeRule, initializer
from ._orthogonal import on_center_tap

__all__ = ["identity"]


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={"gain": Real("factor on what is passed on", low=0.0)},
    invariants=(SingleTap(), PreservesIdentity()),
    source="Dirac kernel, as in Zagoruyko & Komodakis, arXiv:1706.00388",
    random=False,
)
def identity(rng: Rng, shape: Any, /, *, gain: float = 1.0, groups: int = 1) -> Any:
    """Kernel that passes the first `min(out, in)` channels of each group on, times `gain`.

    A dense one is a (partial) identity matrix; a convolution has it at tap `(k - 1) // 2` of each
    axis, which is where "same" padding leaves the image in place.

    >>> identity(Rng(0), (2, 3)).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    kernel = Kernel(shape, groups)
    eye = np.broadcast_to(np.eye(kernel.out, kernel.in_), kernel.taps_shape)
    tap = rng.xp.asarray(eye.astype(dtype_name(rng.dtype)), device=rng.device) * gain
    return on_center_tap(tap, kernel, rng)
