"""Draws on the host: the same stream as everywhere, in cache-sized chunks on all cores.

Memory stays at the result plus a few hundred kilobytes a thread. With the `fast` extra (numba)
the cipher runs in registers instead of NumPy passes; the words are the same to the bit.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ._compiled import compiled_blocks
from ._threefry import HostWords, threefry2x32
from ._windows import CHUNK, Source

__all__ = ["cores", "fill"]

ALIGN = 1 << 10  # elements: chunks start at pages and vectors

# Turns the two words of each element into the wanted numbers, written to the third argument.
Transform = Callable[[Any, Any, Any], None]


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
