"""How numbers are drawn into arrays: by NumPy on the host, else by the namespace's operations."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..arrays import check_out, dtype_name, is_complex, is_contiguous, is_torch, words_in
from ._blocks import blocks, words_of
from ._device import on_device
from ._distribution import Distribution, cached_normal
from ._fill import fill
from ._windows import Window, check_window, row_major

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

    On the host compiled code or NumPy fills the array; elsewhere the namespace's operations do.
    """
    if rng.window is not None and sizes == rng.window[0] and strides is None:
        _, sizes, start, strides = rng.window
    check_window(sizes, start, strides)
    if out is not None:
        check_out("Rng", out, sizes, rng.xp, rng.dtype)
    direct = out if out is not None and is_contiguous(out) else None
    if rng._host:
        if out is not None and direct is None:
            direct, sizes, strides = _in_order_of_memory(out, sizes, strides)
        x = np.empty(sizes, storage(numbers.dtype)) if direct is None else direct
        fill(rng.key, [Window(sizes, start, strides)], numbers, x)
        if direct is None:
            x = rng._from_host(x)
    elif (
        rng._concrete
        and (x := on_device(rng, numbers, Window(sizes, start, strides), direct)) is not None
    ):
        x = rng.xp.reshape(x, sizes)
    elif is_torch(rng.xp) and rng._concrete and math.prod(sizes) > PIECE:
        x = _in_pieces(rng, numbers, sizes, start, strides, direct)
    else:
        words = blocks(rng.key, sizes, start, strides, xp=rng.xp, device=rng.device)
        x = numbers.in_arrays(*words, words_of(rng.xp), rng.xp)
        x = rng.xp.astype(x, rng.dtype, copy=False)
        direct = None
    if out is None:
        return x
    if direct is None:
        out[...] = x
    return out


def _in_order_of_memory(
    out: Any, sizes: tuple[int, ...], strides: tuple[int, ...] | None
) -> tuple[Any, tuple[int, ...], tuple[int, ...] | None]:
    """`out` with its axes as they lie in memory, and the window of it; None if there are gaps."""
    steps = out.strides if isinstance(out, np.ndarray) else out.stride()
    order = sorted(range(out.ndim), key=lambda axis: -steps[axis])
    turned = out.transpose(order) if isinstance(out, np.ndarray) else out.permute(order)
    if not is_contiguous(turned):
        return None, sizes, strides
    strides = row_major(sizes) if strides is None else strides
    return turned, tuple(sizes[a] for a in order), tuple(strides[a] for a in order)


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
    if not rng._host or is_complex(rng.dtype):
        for shape, start, strides in windows:
            yield rng.normal(shape, start=start, strides=strides)
        return
    numbers = cached_normal(-math.inf, math.inf, dtype_name(rng.dtype))
    parts = [Window(*w) for w in reversed(windows)]
    end = sum(part.size for part in parts)
    drawn = np.empty(end, storage(numbers.dtype))
    if out is not None:
        # Inside of torch.func's transforms an array has no memory.
        with contextlib.suppress(RuntimeError):
            drawn = words_in(out)[:end]
    fill(rng.key, parts, numbers, drawn)
    for shape, *_ in windows:
        begin = end - math.prod(shape)
        x = drawn[begin:end].reshape(shape)
        yield rng._from_host(x if out is None else x.copy())
        end = begin


def storage(dtype: str) -> Any:
    """The NumPy dtype that has room for a dtype."""
    return np.uint16 if dtype == "bfloat16" else np.dtype(dtype)
