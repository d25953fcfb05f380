"""Movements of index arrays that cost nothing along axes the array is only repeated along."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["NOTHING", "collapsed", "reshaped", "spread", "varies"]

NOTHING = -1
"""Marks elements that come from nowhere."""


def spread(a: Any, shape: Sequence[int]) -> Any:
    """The array repeated to `shape`, with strides of 0 and without a copy.

    >>> spread(np.arange(3), (2, 3)).strides[0]
    0
    """
    a = np.asarray(a)
    wide = np.broadcast_to(a, tuple(shape))
    # A view that is writable, as PyTorch asks for; nobody writes to it.
    return np.lib.stride_tricks.as_strided(a, wide.shape, wide.strides)


def collapsed(a: Any) -> Any:
    """The array with length 1 along every axis that it is only repeated along."""
    return a[tuple(slice(0, 1) if s == 0 and n > 1 else slice(None)
                   for s, n in zip(a.strides, a.shape, strict=True))]  # fmt: skip


def varies(a: Any) -> list[bool]:
    """For each axis whether the array changes along it.

    >>> varies(spread(np.arange(3), (2, 3)))
    [False, True]
    """
    small = collapsed(a)
    return [
        n > 1 and bool((small != np.take(small, [0], axis=j)).any())
        for j, n in enumerate(small.shape)
    ]


def reshaped(a: Any, shape: Sequence[int]) -> Any:
    """`a` in another shape; runs of axes that it is only repeated along stay so.

    >>> reshaped(spread(np.arange(3)[:, None, None], (3, 2, 4)), (3, 8)).strides[1]
    0
    """
    shape = tuple(shape)
    if a.size == 0:
        return a.reshape(shape)
    small, new = [], []
    i = j = 0
    while i < a.ndim or j < len(shape):
        first_i, first_j = i, j
        m, n = 1, 1
        while True:
            if m <= n and i < a.ndim:
                m, i = m * a.shape[i], i + 1
            elif j < len(shape):
                n, j = n * shape[j], j + 1
            else:
                break
            if m == n and i > first_i and j > first_j:
                break
        if m != n:
            return a.reshape(shape)  # raises as NumPy does
        repeated = all(a.strides[k] == 0 or a.shape[k] == 1 for k in range(first_i, i))
        small += [slice(0, 1) if repeated else slice(None)] * (i - first_i)
        new += [1] * (j - first_j) if repeated else list(shape[first_j:j])
    return spread(a[tuple(small)].reshape(new), shape)
