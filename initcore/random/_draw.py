"""How numbers are drawn into arrays: by NumPy on the host, else by the namespace's operations."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..arrays import check_out, dtype_name, is_contiguous, is_torch
from ._blocks import blocks, words_of
from ._distribution import Distribution
from ._fill import fill
from ._windows import Window, Windows, check_window

__all__ = ["draw", "draw_windows"]

PIECE = 1 << 24  # elements drawn at once on an accelerator, where each takes some 30 bytes more


def draw(
    rng: Any,
    numbers: Distribution,
    sizes: tuple[int, ...],
    start: int,
    strides: tuple[int, ...] | None,
    out: Any,
) -> Any:
    """Real numbers of a distribution, in an array of `sizes` or in `out`.

    On the host NumPy fills the array chunk by chunk; elsewhere the namespace's own operations do.
    """
    check_window(sizes, start, strides)
    check_out("Rng", out, sizes, rng.xp, rng.dtype)
    direct = out if out is not None and is_contiguous(out) else None
    if rng._host:
        window, memory = Window(sizes, start, strides), None
        if direct is not None and dtype_name(rng.dtype) == dtype_name(numbers.kind):
            memory = np.asarray(direct).reshape(-1)
        x = fill(rng.key, window, numbers.kind, numbers.on_host, memory)
        if memory is not None:
            return out
        x = rng._from_host(x, sizes)
    elif is_torch(rng.xp) and rng._concrete and math.prod(sizes) > PIECE:
        x = _in_pieces(rng, numbers, sizes, start, strides, direct)
        if direct is not None:
            return out
    else:
        words = blocks(rng.key, sizes, start, strides, xp=rng.xp, device=rng.device)
        x = numbers.in_arrays(*words, words_of(rng.xp), rng.xp)
    if out is None:
        return rng.xp.astype(x, rng.dtype, copy=False)
    out[...] = x
    return out


def _in_pieces(
    rng: Any,
    numbers: Distribution,
    shape: tuple[int, ...],
    start: int,
    strides: tuple[int, ...] | None,
    out: Any,
) -> Any:
    """The same array, `PIECE` elements or one row at a time (JAX's compiler fuses instead)."""
    xp = rng.xp
    sizes = shape if strides else (math.prod(shape),)
    strides = strides or (1,)
    if out is None:
        out = xp.empty(sizes, dtype=rng.dtype, device=rng.device)
    x = xp.reshape(out, sizes)
    step = max(1, PIECE * sizes[0] // math.prod(sizes))
    for a in range(0, sizes[0], step):
        piece, at = (min(step, sizes[0] - a), *sizes[1:]), start + a * strides[0]
        words = blocks(rng.key, piece, at, strides, xp=xp, device=rng.device)
        x[a : a + step] = numbers.in_arrays(*words, words_of(xp), xp)
    return xp.reshape(x, shape)


def draw_windows(
    rng: Any, windows: Sequence[tuple[tuple[int, ...], int, tuple[int, ...]]], out: Any
) -> Iterator[Any]:
    """Standard normal numbers of several windows; see `Rng.normals`."""
    if not rng._host:
        for shape, start, strides in windows:
            yield rng.normal(shape, start=start, strides=strides)
        return
    numbers = Distribution.normal(-math.inf, math.inf, double=rng._double)
    source, memory = Windows(Window(*w) for w in reversed(windows)), None
    if out is not None:
        # Inside of torch.func's transforms an array has no memory.
        with contextlib.suppress(RuntimeError):
            memory = np.asarray(out)[: source.size]
    drawn, end = fill(rng.key, source, numbers.kind, numbers.on_host, memory), source.size
    for shape, *_ in windows:
        begin = end - math.prod(shape)
        x = drawn[begin:end]
        x = rng._from_host(x if memory is None else x.copy(), shape)
        yield rng.xp.astype(x, rng.dtype, copy=False)
        end = begin
