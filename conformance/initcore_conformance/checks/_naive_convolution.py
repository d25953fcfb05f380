"""A convolution by definition, for comparison with layers: no framework and no trick in it."""

import itertools
from typing import Any

import numpy as np

from initcore.spec import Kernel

__all__ = ["apply", "kernel_of"]


def apply(w: Any, x: Any, groups: int = 1) -> Any:
    """`y[b, o, p] = sum over i, t of w[o, i, t] x[b, i, p + t - center]`, zero outside the image.

    Args:
        w: Canonical kernel `(out, in, *spatial)`.
        x: Images `(batch, groups * in, *image)`.
        groups: Each group of outputs sees its own inputs.
    """
    kernel = Kernel(tuple(w.shape), groups)
    w = w.reshape(groups, kernel.out, kernel.in_, *kernel.spatial)
    x = x.reshape(len(x), groups, kernel.in_, *x.shape[2:])
    image = x.shape[3:]
    pad = [(c, k - 1 - c) for k, c in zip(kernel.spatial, kernel.center, strict=True)]
    x = np.pad(x, [(0, 0)] * 3 + pad)
    y = np.zeros((len(x), groups, kernel.out, *image))
    for tap in itertools.product(*(range(k) for k in kernel.spatial)):
        window = (slice(t, t + n) for t, n in zip(tap, image, strict=True))
        part = x[(..., *window)]
        y += np.einsum("goi,bgi...->bgo...", w[(..., *tap)], part)
    return y.reshape(len(x), kernel.shape[0], *image)


def kernel_of(forward: Any, shape: tuple[int, ...], groups: int = 1) -> Any:
    """The canonical kernel that the linear map `forward` applies, read off its impulse response."""
    kernel = Kernel(shape, groups)
    image = tuple(2 * k - 1 for k in kernel.spatial)
    middle = tuple(k - 1 for k in kernel.spatial)
    # One image for each input of a group; the groups are answered at the same time.
    x: Any = np.zeros((kernel.in_, groups, kernel.in_, *image), np.float32)
    for i in range(kernel.in_):
        x[(i, slice(None), i, *middle)] = 1
    y = np.asarray(forward(x.reshape(kernel.in_, groups * kernel.in_, *image)))
    # w[o, i, t] = y[i, o, middle - (t - center)].
    for axis, (k, c, m) in enumerate(zip(kernel.spatial, kernel.center, middle, strict=True), 2):
        y = np.take(y, [m + c - t for t in range(k)], axis=axis)
    return np.moveaxis(y, 0, 1)
