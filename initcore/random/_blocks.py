"""The cipher's words for every element of a window, in array operations of any namespace."""

from typing import Any

import numpy as np

from ..arrays import is_jax, is_torch, is_traced
from ._threefry import Int32Words, UInt32Words, threefry2x32
from ._windows import row_major

__all__ = ["blocks", "scalars", "unsigned", "words_of"]


def words_of(xp: Any) -> UInt32Words:
    """How the namespace holds 32-bit words: PyTorch's `uint32` has no sums or shifts."""
    if is_torch(xp):
        return Int32Words()
    return UInt32Words(xp.uint32 if is_jax(xp) else None)


def unsigned(x: Any, xp: Any) -> Any:
    """Words as `uint32`."""
    return x.view(xp.uint32) if is_torch(xp) else x


def scalars(values: tuple[int, ...], xp: Any, device: Any) -> tuple[Any, ...]:
    """Integers as 0-d words."""
    words, dtype = words_of(xp), _dtype(xp)
    return tuple(xp.asarray(words.word(v), dtype=dtype, device=device) for v in values)


def blocks(
    key: tuple[Any, Any],
    shape: tuple[int, ...],
    start: int,
    strides: tuple[int, ...] | None,
    *,
    xp: Any,
    device: Any,
) -> tuple[Any, Any]:
    """Both words of each element of the window: arrays of `shape`."""
    words, dtype = words_of(xp), _dtype(xp)
    strides = strides or row_major(shape)
    last = sum(max(n - 1, 0) * s for n, s in zip(shape, strides, strict=True))
    traced = is_traced(start)  # of a stream whose elements 32 bits count
    if not traced and start + last >> 32:
        high, low = _wide_counters(shape, start, strides, xp, device)
    else:
        first = xp.astype(start, dtype) if traced else words.word(start)
        low = xp.full(shape, first, dtype=dtype, device=device)
        for axis, (n, stride) in enumerate(zip(shape, strides, strict=True)):
            if n > 1:
                steps = xp.arange(n, dtype=dtype, device=device) * words.word(stride)
                low = low + xp.reshape(steps, _along(axis, len(shape), n))
        high = xp.zeros_like(low)
    return threefry2x32(words, key, high, low)


def _wide_counters(
    shape: tuple[int, ...], start: int, strides: tuple[int, ...], xp: Any, device: Any
) -> tuple[Any, Any]:
    """The 64-bit indices as two words, for windows that reach past element 2**32."""
    words, dtype = words_of(xp), _dtype(xp)
    host_word = np.int32 if is_torch(xp) else np.uint32
    sign = words.word(1 << 31)
    high = xp.full(shape, words.word(start >> 32), dtype=dtype, device=device)
    low = xp.full(shape, words.word(start), dtype=dtype, device=device)
    for axis, (n, stride) in enumerate(zip(shape, strides, strict=True)):
        steps = np.arange(n, dtype=np.uint64) * np.uint64(stride)
        halves = (steps >> np.uint64(32), steps & np.uint64(0xFFFFFFFF))
        up, down = (
            xp.reshape(
                xp.asarray(half.astype(np.uint32).view(host_word), device=device),
                _along(axis, len(shape), n),
            )
            for half in halves
        )
        total = low + down
        # Unsigned overflow; int32 compares as unsigned once the sign bit is turned.
        wrapped = (total ^ sign) < (low ^ sign) if dtype == xp.int32 else total < low
        high, low = high + up + xp.astype(wrapped, dtype), total
    return high, low


def _dtype(xp: Any) -> Any:
    return xp.int32 if is_torch(xp) else xp.uint32


def _along(axis: int, ndim: int, n: int) -> tuple[int, ...]:
    return (1,) * axis + (n,) + (1,) * (ndim - axis - 1)
