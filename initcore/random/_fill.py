"""Draws on the host: the same stream as everywhere, piece by piece on all cores.

Compiled code fills a piece in one pass. Where an installation has none, NumPy does, in passes over
cache-sized chunks: that is the reference, and gives the same values to the last bit.
"""

import contextlib
import contextvars
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np

from ..arrays import address_of, words_in
from ._native import Numbers, library, native_draw
from ._threefry import HostWords, threefry2x32
from ._windows import CHUNK, Window, counters

__all__ = ["cores", "fill", "is_native", "on_numpy", "share_out"]

MOST_CORES = 16
ALIGN = 1 << 10  # elements: pieces start at pages and vectors
PAYS = {True: 1 << 16, False: CHUNK}  # elements for which a thread is worth it, compiled or not

_numpy = contextvars.ContextVar("numpy", default=False)


class Drawn(Protocol):
    """What is made of the two words of each element: the name of its dtype, and how."""

    @property
    def dtype(self) -> str: ...
    @property
    def native(self) -> Numbers: ...
    def on_host(self, b0: Any, b1: Any, out: Any) -> None: ...


@contextlib.contextmanager
def on_numpy() -> Iterator[None]:
    """A context in which NumPy draws on the host, the reference of the compiled code."""
    token = _numpy.set(True)
    try:
        yield
    finally:
        _numpy.reset(token)


def fill(key: tuple[int, int], windows: Sequence[Window], drawn: Drawn, out: Any) -> None:
    """Write what is drawn of the windows, one after another, to `out`.

    `out` is a contiguous array of NumPy or PyTorch.
    """
    size = sum(window.size for window in windows)
    if not size:
        return
    compiled = is_native()
    if compiled:
        run = native_draw(key, windows, drawn.native, address_of(out))
    else:
        run = functools.partial(_on_numpy, key, windows, drawn, words_in(out))
    threads = max(1, min(cores(), size // PAYS[compiled])) if size > PAYS[compiled] else 1
    if compiled and threads == 1:
        run(0, size)
        return
    step = _step(size, threads)
    share_out(run, [(a, min(a + step, size)) for a in range(0, size, step)], threads)


def share_out(
    run: Callable[[int, int], None], pieces: Sequence[tuple[int, int]], threads: int
) -> None:
    """`run(begin, end)` for each piece, in so many threads, each of which takes what is next."""
    left = iter(pieces)

    def work() -> None:
        for begin, end in left:
            run(begin, end)

    others = [_pool().submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:
        for other in others:
            other.result()


def is_native() -> bool:
    """Whether compiled code draws on the host here."""
    return not _numpy.get() and library() is not None


class _Buffers(threading.local):
    """What a thread works in; kept, because fresh memory costs a fifth of a draw."""

    def __init__(self) -> None:
        self.x0, self.x1, self.x2 = (np.empty(CHUNK, np.uint32) for _ in range(3))


_buffers = _Buffers()


def _on_numpy(
    key: tuple[int, int], windows: Sequence[Window], drawn: Drawn, out: Any, begin: int, end: int
) -> None:
    """Write elements `begin` to `end`, a chunk at most, to their place in a flat array."""
    n, some = end - begin, out[begin:end]
    x0, x1 = _buffers.x0[:n], _buffers.x1[:n]
    half = some.dtype.itemsize == 2
    numbers = _buffers.x2[:n].view(np.float32) if half else some
    counters(windows, begin, end, x0, x1)
    # The result's memory is large enough to work in, and not needed before.
    threefry2x32(HostWords(numbers.view(np.uint32)), key, x0, x1)
    drawn.on_host(x0, x1, numbers)
    if half:
        some[...] = numbers if drawn.dtype == "float16" else _bfloat16(numbers)


def _bfloat16(x: Any) -> Any:
    """The words of float32 numbers rounded to the nearest, ties to even."""
    words = x.view(np.uint32)
    return (words + (np.uint32(0x7FFF) + (words >> 16 & np.uint32(1)))) >> 16


def _step(size: int, threads: int) -> int:
    """How long pieces are: `CHUNK` or less, and as many for each thread."""
    rounds = max(1, -(-size // (threads * CHUNK)))
    return max(1, -(-size // (threads * rounds * ALIGN))) * ALIGN


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_CORES, "initcore")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def cores() -> int:
    """How many threads to draw with: cores of this process, or fewer where it asks for fewer."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # no affinity outside Linux
        found = os.cpu_count() or 1
    torch = sys.modules.get("torch")
    # Without its function while it is being imported.
    ask = getattr(torch, "get_num_threads", _omp_num_threads)
    return max(1, min(found, ask(), MOST_CORES))


def _omp_num_threads() -> int:
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdecimal() else MOST_CORES
