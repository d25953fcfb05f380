"""Regions of kernels: the rows, inputs and taps that a part of a kernel holds."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Region"]


@dataclass(frozen=True)
class Region:
    """Some indices along each axis of a kernel `(out, in, *spatial)`, each with each.

    An axis of the kernel may be several of a framework's, so that indices come in runs: those of
    axis `a` are `starts[a] + i * step + j * next_step + ...`, over all `i`, `j`, ... below the
    sizes.

    Args:
        starts: The first index along each axis. An integer, or a traced one.
        runs: For each axis pairs `(size, step)`, the slowest first.

    >>> Region((1, 0), (((2, 4), (3, 1)), ((2, 1),))).pieces(0)
    [(1, 4), (5, 8)]
    """

    starts: tuple[Any, ...]
    runs: tuple[tuple[tuple[int, int], ...], ...]

    @classmethod
    def whole(cls, shape: Sequence[int]) -> "Region":
        """All of a kernel of that shape."""
        return cls.box((0,) * len(shape), shape)

    @classmethod
    def box(cls, starts: Sequence[Any], shape: Sequence[int]) -> "Region":
        """The rectangle of that shape that begins at `starts`."""
        return cls(tuple(starts), tuple(((n, 1),) for n in shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many indices there are along each axis."""
        return tuple(math.prod([size for size, _ in runs]) for runs in self.runs)

    @property
    def traced(self) -> bool:
        """Whether a compiled program finds out only when it runs where the region begins."""
        return not all(isinstance(start, int) for start in self.starts)

    def positions(self, xp: Any, device: Any) -> list[Any]:
        """The indices along each axis, `int32`; together they broadcast to the region's shape."""
        found, ndim = [], len(self.starts)
        for axis, (start, runs) in enumerate(zip(self.starts, self.runs, strict=True)):
            at = xp.zeros((1,), dtype=xp.int32, device=device) + start
            for size, step in runs:
                steps = xp.arange(size, dtype=xp.int32, device=device) * step
                at = xp.reshape(xp.reshape(at, (-1, 1)) + xp.reshape(steps, (1, size)), (-1,))
            found.append(xp.reshape(at, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1)))
        return found

    def pieces(self, axis: int, size: int | None = None) -> list[tuple[int, int]]:
        """The indices along an axis as ranges `(first, after)`, in order.

        Args:
            axis: Which axis.
            size: No range goes beyond a multiple of it.
        """
        runs = list(self.runs[axis])
        length = 1
        while runs and runs[-1][1] == length:
            length *= runs.pop()[0]
        found: list[tuple[int, int]] = []
        for steps in itertools.product(*(range(0, n * far, far) for n, far in runs)):
            at = self.starts[axis] + sum(steps)
            end = at + length
            while at < end:
                stop = end if size is None else min(end, (at // size + 1) * size)
                found.append((at, stop))
                at = stop
        return found

    def run(self, axis: int) -> tuple[Any, int] | None:
        """The first index along an axis and how many there are; None if they are not neighbours."""
        length = 1
        for size, step in reversed(self.runs[axis]):
            if size > 1 and step != length:
                return None
            length *= size
        return self.starts[axis], length

    def of(self, w: Any, xp: Any) -> Any:
        """The region of a kernel that is there as a whole, along the first axes of an array."""
        if self.traced:
            for axis, at in enumerate(self.positions(xp, None)):
                w = xp.take(w, xp.reshape(at, (-1,)), axis=axis)
            return w
        for axis, size in enumerate(w.shape[: len(self.starts)]):
            before, pieces = (slice(None),) * axis, self.pieces(axis)
            if pieces != [(0, size)]:
                parts = [w[(*before, slice(a, b), ...)] for a, b in pieces]
                w = parts[0] if len(parts) == 1 else xp.concat(parts, axis=axis)
        return w

    def as_matrix(self, shape: Sequence[int]) -> "Region":
        """The region of the matrix `(out, in * prod(spatial))` of a kernel of that shape."""
        start, stride, runs = 0, math.prod(shape[1:]), []
        for size, first, some in zip(shape[1:], self.starts[1:], self.runs[1:], strict=True):
            stride //= max(size, 1)
            start = start + first * stride
            runs += [(n, step * stride) for n, step in some]
        return Region((self.starts[0], start), (self.runs[0], tuple(runs)))

    def window(self, sizes: Sequence[int]) -> tuple[tuple[int, ...], Any, tuple[int, ...]]:
        """Shape, start and strides of the region in the row-major order of a kernel of `sizes`.

        The shape has an axis for each run.

        Raises:
            ValueError: The region is traced, in a kernel of more than 2**32 elements: JAX counts
                in 32 bits.
        """
        if self.traced and math.prod(sizes) > 1 << 32:
            raise ValueError(
                f"a part whose offset is traced needs a kernel of at most 2**32 elements, got one "
                f"of shape {tuple(sizes)}."
            )
        shape: list[int] = []
        strides: list[int] = []
        start, stride = 0, math.prod(sizes)
        for n, first, runs in zip(sizes, self.starts, self.runs, strict=True):
            stride //= max(n, 1)
            first = first if isinstance(first, int) else first.astype("uint32")
            start = start + first * stride
            shape += [size for size, _ in runs]
            strides += [step * stride for _, step in runs]
        return tuple(shape), start, tuple(strides)
