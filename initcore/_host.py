"""Draws on the host: the same stream as everywhere, in cache-sized chunks on all cores.

Memory stays at the result plus a few hundred kilobytes a thread. With the `fast` extra (numba)
the cipher runs in registers instead of NumPy passes; the words are the same to the bit.
"""

import math
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from ._fast import compiled_blocks
from ._threefry import MASK, HostWords, threefry2x32

__all__ = ["Window", "Windows", "cores", "fill", "row_major"]

CHUNK = 1 << 17  # words in one pass: buffers stay in cache, threads seldom wait for another's call
ALIGN = 1 << 10  # elements: chunks start at pages and vectors

# Turns the two words of each element into the wanted numbers, written to the third argument.
Transform = Callable[[Any, Any, Any], None]


class Source(Protocol):
    """Stream indices in the order in which they are drawn."""

    size: int

    def counters(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Write the high and low words of the indices of elements `begin..end`."""


class Window:
    """The flat stream indices `start + sum(i_d * strides_d)` of an array of `shape`."""

    def __init__(self, shape: tuple[int, ...], start: int, strides: tuple[int, ...] | None) -> None:
        rows, run = list(zip(shape, strides or row_major(shape), strict=True)), 1
        while rows and (rows[-1][1] == run or rows[-1][0] == 1):
            run *= rows.pop()[0]
        self._start, self._run = start, run
        self._rows = rows
        self.size = math.prod(shape)

    def counters(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Write the high and low words of the indices of elements `begin..end`."""
        if not self._rows:
            self._within_a_row(self._start + begin, x0, x1)
            return
        first, last = -(-begin // self._run) * self._run, end // self._run * self._run
        if last <= first:  # at most the end of a row and the start of the next
            first = last = min(first, end)
        for a, b in ((begin, first), (first, last), (last, end)):
            if a < b:
                self._of_rows(a, b, x0[a - begin : b - begin], x1[a - begin : b - begin])

    def _within_a_row(self, first: int, x0: Any, x1: Any) -> None:
        if first >> 32 == (first + x1.size) >> 32:
            x0.fill(first >> 32)
            np.add(_iota(x1.size), np.uint32(first & MASK), out=x1)
        else:
            _split(np.arange(first, first + x1.size, dtype=np.uint64), x0, x1)

    def _of_rows(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Of whole rows, or of a part of one."""
        run = min(self._run, end - begin)
        row, offset = divmod(begin, self._run)
        at = np.arange(row, row + (end - begin) // run, dtype=np.uint64)
        base = np.full(at.shape, self._start + offset, np.uint64)
        for dim, stride in reversed(self._rows):
            base += at % np.uint64(dim) * np.uint64(stride)
            at //= np.uint64(dim)
        low, high = int(base.min()), int(base.max()) + run - 1
        if low >> 32 == high >> 32:  # the sums do not carry over into the high word
            x0.fill(low >> 32)
            np.add(base.astype(np.uint32)[:, None], _iota(run), out=x1.reshape(-1, run))
        else:
            _split((base[:, None] + np.arange(run, dtype=np.uint64)).reshape(-1), x0, x1)


class Windows:
    """Several windows, one after another."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._parts, self.size = [], 0
        for window in windows:
            self._parts.append((self.size, window))
            self.size += window.size

    def counters(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Write the high and low words of the indices of elements `begin..end`."""
        for first, window in self._parts:
            a, b = max(begin, first), min(end, first + window.size)
            if a < b:
                here = slice(a - begin, b - begin)
                window.counters(a - first, b - first, x0[here], x1[here])


def _split(index: Any, x0: Any, x1: Any) -> None:
    x0[...] = index >> np.uint64(32)
    x1[...] = index & np.uint64(MASK)


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
    key: tuple[int, int], source: Source, dtype: Any, transform: Transform, out: Any = None
) -> Any:
    """A flat array of `dtype`: `transform` of the two words of every element of `source`.

    It is made, or `out` is filled.
    """
    size = source.size
    out = np.empty(size, dtype) if out is None else out
    # Threads with short chunks wait for one another's calls more than they bring.
    threads = max(1, min(cores(), size // CHUNK))
    step = _step(size, threads)
    chunks = [(a, min(a + step, size)) for a in range(0, size, step)]
    compiled = compiled_blocks(size)

    def work(chunks: Iterable[tuple[int, int]]) -> None:
        x0, x1 = _buffers.x0, _buffers.x1
        for a, b in chunks:
            c0, c1, some = x0[: b - a], x1[: b - a], out[a:b]
            source.counters(a, b, c0, c1)
            if compiled:
                compiled(key, c0, c1)
            else:
                # The result's memory is large enough to work in, and not needed before.
                threefry2x32(HostWords(some.view(np.uint32)), key, c0, c1)
            transform(c0, c1, some)

    if threads == 1:
        work(chunks)
    else:
        todo = iter(chunks)  # each thread takes what is next
        with ThreadPoolExecutor(threads - 1) as pool:
            others = [pool.submit(work, todo) for _ in range(threads - 1)]
            work(todo)
            for other in others:
                other.result()
    return out


def _step(size: int, threads: int) -> int:
    """How long chunks are: `CHUNK` or less, and as many for each thread."""
    rounds = max(1, -(-size // (threads * CHUNK)))
    return max(1, -(-size // (threads * rounds * ALIGN))) * ALIGN


def cores() -> int:
    try:
        return min(16, len(os.sched_getaffinity(0)))
    except AttributeError:  # no affinity outside Linux
        return min(16, os.cpu_count() or 1)
