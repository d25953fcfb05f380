"""Draws on the host: the same stream as everywhere, in cache-sized chunks on all cores.

Memory stays at the result plus a few hundred kilobytes a thread. With the `fast` extra (numba)
the cipher runs in registers instead of NumPy passes; the words are the same to the bit.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ._fast import compiled_blocks
from ._threefry import HostWords, threefry2x32

__all__ = ["Window", "cores", "fill"]

CHUNK = 1 << 16  # words in one pass: the buffers stay in a core's own cache, calls stay few
PARALLEL = 1 << 18  # below this many elements a second thread costs more than it brings

# Turns the two words of each element into the wanted numbers, written to the third argument.
Transform = Callable[[Any, Any, Any], None]


class Window:
    """The flat stream indices `start + sum(i_d * strides_d)` of an array of `shape`."""

    def __init__(self, shape: tuple[int, ...], start: int, strides: tuple[int, ...] | None) -> None:
        rows, run = list(zip(shape, strides or row_major(shape), strict=True)), 1
        while rows and (rows[-1][1] == run or rows[-1][0] == 1):
            run *= rows.pop()[0]
        self.start, self.run = start, run
        self._rows = rows
        self.size = math.prod(shape)

    def chunks(self) -> Iterator[tuple[int, int]]:
        """Slices of the flat result, each whole rows or a part of one, at most `CHUNK` long."""
        step = CHUNK if self.run >= CHUNK else CHUNK // max(self.run, 1) * self.run
        for begin in range(0, self.size, self.run if self.run > CHUNK else self.size or 1):
            end = min(begin + self.run, self.size) if self.run > CHUNK else self.size
            yield from ((a, min(a + step, end)) for a in range(begin, end, step))

    def counters(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Write the high and low words of the indices of elements `begin..end`."""
        if not self._rows:
            first = self.start + begin
            if first >> 32 == (first + end - begin) >> 32:
                x0.fill(first >> 32)
                np.add(_iota(end - begin), np.uint32(first & 0xFFFFFFFF), out=x1)
                return
        run = min(self.run, end - begin)
        row, offset = divmod(begin, self.run)
        at = np.arange(row, row + (end - begin) // run, dtype=np.uint64)
        base = np.full(at.shape, self.start + offset, np.uint64)
        for dim, stride in reversed(self._rows):
            base += at % np.uint64(dim) * np.uint64(stride)
            at //= np.uint64(dim)
        low, high = int(base.min()), int(base.max()) + run - 1
        if low >> 32 == high >> 32:  # the sums do not carry over into the high word
            x0.fill(low >> 32)
            np.add(base.astype(np.uint32)[:, None], _iota(run), out=x1.reshape(-1, run))
            return
        index: Any = (base[:, None] + np.arange(run, dtype=np.uint64)).reshape(-1)
        x0[...] = index >> np.uint64(32)
        x1[...] = index & np.uint64(0xFFFFFFFF)


_IOTA = np.arange(CHUNK, dtype=np.uint32)


def _iota(n: int) -> Any:
    return _IOTA[:n]


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous array."""
    return tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


class _Buffers(threading.local):
    """What a thread works in; kept, because fresh memory costs a fifth of a draw."""

    def __init__(self) -> None:
        self.x0, self.x1 = np.empty(CHUNK, np.uint32), np.empty(CHUNK, np.uint32)


_buffers = _Buffers()


def fill(
    key: tuple[int, int],
    windows: Sequence[Window],
    dtype: Any,
    transform: Transform,
    outs: list[Any] | None = None,
) -> list[Any]:
    """Flat arrays of `dtype`: `transform` of the two words of every element of each window.

    They are made, or `outs` are filled.
    """
    outs = outs or [np.empty(window.size, dtype) for window in windows]
    size = sum(window.size for window in windows)
    compiled = compiled_blocks(size)

    def work(chunks: list[tuple[int, int, int]]) -> None:
        x0, x1 = _buffers.x0, _buffers.x1
        for i, a, b in chunks:
            c0, c1, out = x0[: b - a], x1[: b - a], outs[i][a:b]
            windows[i].counters(a, b, c0, c1)
            if compiled:
                compiled(key, c0, c1)
            else:
                # The result's memory is large enough to work in, and not needed before.
                threefry2x32(HostWords(out.view(np.uint32)), key, c0, c1)
            transform(c0, c1, out)

    chunks = [(i, a, b) for i, window in enumerate(windows) for a, b in window.chunks()]
    threads = cores() if size >= PARALLEL else 1
    if threads == 1:
        work(chunks)
    else:
        first, *others = (chunks[t::threads] for t in range(threads))
        with ThreadPoolExecutor(len(others)) as pool:
            waiting = pool.map(work, others)
            work(first)
            list(waiting)
    return outs


def cores() -> int:
    try:
        return min(16, len(os.sched_getaffinity(0)))
    except AttributeError:  # no affinity outside Linux
        return min(16, os.cpu_count() or 1)
