"""Windows of the stream: which elements a draw is made of, as 64-bit counters."""

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import as_float, short_repr
from ..arrays import is_traced
from ._threefry import MASK

__all__ = ["CHUNK", "Window", "as_ends", "check_window", "counters", "row_major"]

CHUNK = 1 << 17  # words in one pass: buffers stay in cache, threads seldom wait for another's call


class Window:
    """The flat stream indices `start + sum(i_d * strides_d)` of an array of `shape`.

    Attributes:
        size: How many there are.
        start: The first index.
        run, step: Elements of a run, and the distance of their indices.
        rows: Sizes and strides of the axes over which runs repeat.
    """

    def __init__(self, shape: tuple[int, ...], start: int, strides: tuple[int, ...] | None) -> None:
        self.size = math.prod(shape)
        axes = [(self.size, 1)]
        if strides is not None:
            axes = [axis for axis in zip(shape, strides, strict=True) if axis[0] != 1] or [(1, 1)]
        self.start, self.rows = start, axes
        self.run, self.step = axes.pop()
        while axes and axes[-1][1] == self.run * self.step:
            self.run *= axes.pop()[0]

    def table(self, width: int) -> list[int]:
        """As `width` numbers: size, start, run, step, axes of runs, their sizes and strides.

        The compiled code (native/window.h) reads them.
        """
        head = [self.size, self.start, self.run, self.step, len(self.rows)]
        axes = [n for row in self.rows for n in row]
        return head + axes + [0] * (width - len(head) - len(axes))

    def counters(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Write the high and low words of the indices of elements `begin..end`."""
        first, last = -(-begin // self.run) * self.run, end // self.run * self.run
        if last <= first:  # at most the end of a row and the start of the next
            first = last = min(first, end)
        for a, b in ((begin, first), (first, last), (last, end)):
            if a < b:
                self._of_rows(a, b, x0[a - begin : b - begin], x1[a - begin : b - begin])

    def _of_rows(self, begin: int, end: int, x0: Any, x1: Any) -> None:
        """Of whole rows, or of a part of one."""
        run = min(self.run, end - begin)
        row, offset = divmod(begin, self.run)
        at = np.arange(row, row + (end - begin) // run, dtype=np.uint64)
        base = np.full(at.shape, self.start + offset * self.step, np.uint64)
        for dim, stride in reversed(self.rows):
            base += at % np.uint64(dim) * np.uint64(stride)
            at //= np.uint64(dim)
        low, high = int(base.min()), int(base.max()) + (run - 1) * self.step
        if low >> 32 == high >> 32:  # the sums do not carry over into the high word
            steps = _iota(run) if self.step == 1 else _iota(run) * np.uint32(self.step & MASK)
            x0.fill(low >> 32)
            np.add(base.astype(np.uint32)[:, None], steps, out=x1.reshape(-1, run))
        else:
            steps = np.arange(run, dtype=np.uint64) * np.uint64(self.step)
            _split((base[:, None] + steps).reshape(-1), x0, x1)


def counters(windows: Sequence[Window], begin: int, end: int, x0: Any, x1: Any) -> None:
    """The counters of elements `begin..end` of several windows, one after another."""
    first = 0
    for window in windows:
        a, b = max(begin, first), min(end, first + window.size)
        if a < b:
            here = slice(a - begin, b - begin)
            window.counters(a - first, b - first, x0[here], x1[here])
        first += window.size


def _split(index: Any, x0: Any, x1: Any) -> None:
    x0[...] = index >> np.uint64(32)
    x1[...] = index & np.uint64(MASK)


_IOTA = np.arange(CHUNK, dtype=np.uint32)


def _iota(n: int) -> Any:
    return _IOTA[:n]


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of a contiguous array."""
    return tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


def check_window(shape: tuple[int, ...], start: Any, strides: Any) -> None:
    """Raise unless the window is made of elements of the stream."""
    if (strides is None and type(start) is int and start == 0) or is_traced(start):
        return
    try:
        steps = row_major(shape) if strides is None else tuple(map(operator.index, strides))
        first = operator.index(start)
    except TypeError:
        raise TypeError(
            f"Rng needs start and strides to be integers, "
            f"got {short_repr(start)} and {short_repr(strides)}."
        ) from None
    if len(steps) != len(shape):
        raise ValueError(
            f"Rng needs one stride for each of {len(shape)} axes, got {short_repr(steps)}."
        )
    last = first + sum(max(n - 1, 0) * s for n, s in zip(shape, steps, strict=True))
    if min((first, *steps)) < 0 or last >= 1 << 64:
        raise ValueError(
            "Rng needs elements of the stream, 0 to 2**64 - 1, "
            f"got start {short_repr(first)} and strides {short_repr(steps)}."
        )


def as_ends(who: str, low: Any, high: Any) -> tuple[float, float]:
    if type(low) is float and type(high) is float:  # torch.compile follows this
        return low, high
    try:
        return as_float(low), as_float(high)
    except TypeError:
        raise TypeError(
            f"Rng.{who} needs low and high to be numbers, "
            f"got {short_repr(low)} and {short_repr(high)}."
        ) from None
