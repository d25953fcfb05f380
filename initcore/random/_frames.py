"""Frames of Gaussian reflectors by compiled code, where an installation has it.

A column at a time: no column meets another, so that any part has the bits of the whole, and the
bits are the same on every processor. `initcore.initializers` has the reference.
"""

import ctypes
import functools
import math
from typing import Any

import numpy as np

from ..arrays import address_of, dtype_name, is_contiguous
from ._distribution import cached_normal
from ._fill import cores, is_native, share_out
from ._native import constants_of, library

__all__ = ["draw_frames", "has_frames"]

LONGEST = 768  # elements of a column; products of matrices are faster for longer ones
LINE = 64  # bytes that rows of vectors are filled up to
VECTORS, COLUMNS = 1, 2
PAYS = 1 << 24  # multiplications for which a thread is worth it
TILE = 4  # columns that compiled code works on at once

Range = tuple[int, int]


class Frames(ctypes.Structure):
    """`struct frames` of native/stream.h: matrices of `m` columns of `n` elements, and a part.

    Attributes:
        n, m: Elements of a column, and columns.
        rows, pitch: Vectors that there is room for, and from one to the next.
        first, after: The columns wanted.
        top, bottom: The elements wanted of each.
        down, right, apart: In the result, from an element to the next one of its column, of its
            row, and from a matrix to the next.
        parts: `VECTORS`, `COLUMNS` or both.
        gain: What all singular values are.
    """

    _fields_ = [
        *((name, ctypes.c_int64) for name in (
            "n", "m", "rows", "pitch", "first", "after", "top", "bottom", "down", "right", "apart",
            "parts",
        )),
        ("gain", ctypes.c_double),
    ]  # fmt: skip


def has_frames(rng: Any, n: int) -> bool:
    """Whether compiled code makes frames.

    Args:
        rng: What would draw them.
        n: Elements of a column.
    """
    if n > LONGEST or not rng._host or dtype_name(rng.dtype) not in ("float32", "float64"):
        return False
    return is_native()


def draw_frames(
    rng: Any, shape: tuple[int, int, int], gain: float, groups: Range, row: Range, column: Range,
    out: Any,
) -> Any:  # fmt: skip
    """A rectangle of Haar-random matrices, `(groups, rows, columns)`.

    Args:
        rng: Such that `has_frames`.
        shape: The number of matrices, their rows and columns.
        gain: What all singular values are.
        groups, row, column: Ranges `(first, after)` of matrices, of their rows and columns.
        out: An array of that shape to write into, or None.
    """
    sizes = tuple(after - first for first, after in (groups, row, column))
    direct = out is not None and _has_memory(out)
    x = out if direct else np.empty(sizes, dtype_name(rng.dtype))
    _fill(rng, shape, gain, groups, row, column, address_of(x))
    if direct:
        return out
    x = rng._from_host(x)
    if out is None:
        return x
    out[...] = x
    return out


def _has_memory(x: Any) -> bool:
    """Whether an array lies in memory in the order of its axes."""
    if not is_contiguous(x):
        return False
    try:
        address_of(x)
    except RuntimeError:  # inside of torch.func's transforms an array has no memory
        return False
    return True


def _fill(
    rng: Any, shape: tuple[int, int, int], gain: float, groups: Range, row: Range, column: Range,
    place: int,
) -> None:  # fmt: skip
    """Write the rectangle to memory."""
    _, rows, columns = shape
    tall, n, m = rows > columns, max(rows, columns), min(rows, columns)
    (first, after), (top, bottom) = (column, row) if tall else (row, column)
    wide = column[1] - column[0]
    down, right = (wide, 1) if tall else (1, wide)
    how, size = _form(dtype_name(rng.dtype))
    pitch = -(-n * size // LINE) * LINE // size
    each = (row[1] - row[0]) * wide
    frames = Frames(
        n, m, -(-m // 2) * 2, pitch, first, after, top, bottom, down, right, each, 0, gain
    )
    form, call = ctypes.byref(frames), library().initcore_frames
    how = (*how, *rng.key, form)

    number, work = groups[1] - groups[0], n * after * (after - first)
    threads = max(1, min(cores(), number * work // PAYS))
    if number >= threads:
        frames.parts = VECTORS | COLUMNS

        def matrices(begin: int, end: int) -> None:
            v, to = _memory(frames, size), place + (begin - groups[0]) * each * size
            call(*how, begin, end, first, after, address_of(v), to)

        share_out(matrices, _pieces(groups, 4 * threads if threads > 1 else 1), threads)
        return
    v = _memory(frames, size)
    for c in range(*groups):
        where = address_of(v), place + (c - groups[0]) * each * size
        frames.parts = VECTORS
        call(*how, c, c + 1, 0, 0, *where)
        frames.parts = COLUMNS

        def some(begin: int, end: int, c: int = c, where: Any = where) -> None:
            call(*how, c, c + 1, begin, end, *where)

        # The last columns are the work of all reflectors, the first ones of few.
        share_out(some, _pieces((first, after), 16 * threads, TILE)[::-1], threads)


@functools.cache
def _form(dtype: str) -> tuple[tuple[Any, Any, Any], int]:
    """What compiled code takes first for standard normal numbers, and their size in bytes."""
    numbers = cached_normal(-math.inf, math.inf, dtype).native
    return constants_of(numbers), np.dtype(dtype).itemsize


def _memory(frames: Frames, size: int) -> Any:
    """For the vectors of a matrix and two numbers of each."""
    return np.empty((frames.rows * (frames.pitch + 2), size), np.uint8)


def _pieces(whole: Range, number: int, tile: int = 1) -> list[Range]:
    """A range in about so many pieces, of whole tiles each."""
    a, end = whole
    step = max(1, -(-(end - a) // (number * tile))) * tile
    return [(b, min(b + step, end)) for b in range(a, end, step)]
