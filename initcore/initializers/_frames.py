"""Frames under construction: columns that blocks of reflectors are applied to.

A block changes each column of the frame alone, and columns `a` and after are changed only by
reflectors before them. So columns are worked on in panels as wide as a block, whichever of them are
wanted: products of the same sizes, and so the same bits, whether a panel is made alone or with all
others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..arrays import conjugate, device_of, is_torch, matmul
from ..random import Rng

__all__ = ["Block", "GrowingFrame", "Panels", "Turned", "add_to_diagonal", "diagonal",
           "eye_like", "of_rank"]  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Reflectors `first, first + 1, ...`: `I - V T V^T` on entries `first` and after.

    Attributes:
        first: The first of them.
        vt: `V^T`, one vector a row, `(count, b, n - first)`.
        t: `T`.
        lead: What the diagonal of the frame starts with, `(count, b)`.
    """

    first: int
    vt: Any
    t: Any
    lead: Any


class Turned:
    """Matrices and products of a frame, all transposed if it is the wide case."""

    def __init__(self, tall: bool, xp: Any) -> None:
        self.tall, self.xp = tall, xp

    def turn(self, x: Any) -> Any:
        """`x`, transposed in the wide case."""
        return x if self.tall else self.xp.matrix_transpose(x)

    def mul(self, a: Any, b: Any) -> Any:
        """The product of turned matrices, turned."""
        a, b = (a, b) if self.tall else (b, a)
        return matmul(a, b, self.xp)

    def apply_all(self, blocks: Iterable[Block]) -> None:
        """Multiply by blocks from the left, one after another, each forgotten before the next."""
        for block in blocks:
            self.apply(block)
            del block

    def apply(self, block: Block) -> None:
        """Multiply by a block from the left. Those after it have been applied."""
        raise NotImplementedError


class Panels(Turned):
    """Panels of frames in arrays that are written to: those of the columns `first` to `after`.

    Args:
        w: `(count, n, columns)`, or turned in the wide case; what it held is lost.
        first: Which column of the frame is its first. It begins a panel.
        width: Of a panel and of a block.
    """

    def __init__(self, w: Any, tall: bool, first: int, width: int, xp: Any) -> None:
        super().__init__(tall, xp)
        self.w, self.first, self.width = w, first, width
        self.after = first + w.shape[-1 if tall else -2]

    def apply(self, block: Block) -> None:
        k, b = block.first, block.vt.shape[-2]
        vh = conjugate(block.vt, self.xp)
        v, t = self.turn(self.xp.matrix_transpose(block.vt)), self.turn(block.t)
        for a in range(max(k, self.first), self.after, self.width):
            panel = self._panel(a, k)
            # With the frame so far for Q, F = [lead, 0; 0, Q] becomes F - V T V^T F.
            if a == k:
                image = self.turn(vh[..., :b] * block.lead[..., None, :])
                self._subtract(panel, v, self.mul(t, image), new=True)
                add_to_diagonal(panel, block.lead, self.xp)
            else:
                image = self.mul(self.turn(vh[..., b:]), self._panel(a, k + b))
                self._rows(panel, b)[...] = 0
                self._subtract(panel, v, self.mul(t, image))

    def _panel(self, a: int, row: int) -> Any:
        """Rows `row` and after of the panel that begins at column `a`."""
        columns = slice(a - self.first, min(a + self.width, self.after) - self.first)
        return self.w[..., row:, columns] if self.tall else self.w[..., columns, row:]

    def _rows(self, panel: Any, b: int) -> Any:
        return panel[..., :b, :] if self.tall else panel[..., :b]

    def _subtract(self, panel: Any, left: Any, right: Any, *, new: bool = False) -> None:
        """Subtract `mul(left, right)`, from 0 if `new`, without a copy where the library can."""
        if is_torch(self.xp):
            factors = (left, right) if self.tall else (right, left)
            panel.baddbmm_(*factors, beta=0 if new else 1, alpha=-1)
        elif new:
            panel[...] = -self.mul(left, right)
        else:
            panel -= self.mul(left, right)


class GrowingFrame(Turned):
    """A whole frame of namespaces whose arrays do not change: a larger array a block."""

    def __init__(self, count: int, n: int, m: int, tall: bool, rng: Rng) -> None:
        super().__init__(tall, rng.xp)
        self._rng = rng
        self.w = self._zeros(count, n - m, 0)

    def apply(self, block: Block) -> None:
        xp, b = self.xp, block.vt.shape[-2]
        vh = conjugate(block.vt, xp)
        here = self.turn(vh[..., :b] * block.lead[..., None, :])
        rest = self.mul(self.turn(vh[..., b:]), self.w)
        right = self.mul(self.turn(block.t), self._join(here, rest, -1))
        count, rows, columns = self.turn(self.w).shape
        lower = self._join(self._zeros(count, rows, b), self.w, -1)
        upper = self._join(diagonal(block.lead, xp), self._zeros(count, b, columns), -1)
        frame = self._join(upper, lower, -2)
        self.w = frame - self.mul(self.turn(xp.matrix_transpose(block.vt)), right)

    def _zeros(self, count: int, rows: int, columns: int) -> Any:
        shape = (count, rows, columns) if self.tall else (count, columns, rows)
        return self.xp.zeros(shape, dtype=self._rng.dtype, device=self._rng.device)

    def _join(self, a: Any, b: Any, axis: int) -> Any:
        return self.xp.concat([a, b], axis=axis if self.tall else -3 - axis)


def diagonal(values: Any, xp: Any) -> Any:
    """Square matrices with `values` on the diagonal."""
    wide = values[..., None, :]
    return wide * eye_like(wide, xp)


def add_to_diagonal(w: Any, values: Any, xp: Any) -> None:
    """Add `values` `(..., b)` to the diagonal of the first `b` rows and columns."""
    i = xp.arange(values.shape[-1], device=w.device)
    w[..., i, i] += values


def eye_like(like: Any, xp: Any) -> Any:
    """The identity, with as many axes as the matrices `like`."""
    eye = xp.eye(like.shape[-1], dtype=like.dtype, device=device_of(like, xp))
    return of_rank(eye, like.ndim, xp)


def of_rank(matrix: Any, axes: int, xp: Any) -> Any:
    """A matrix with leading axes of size 1: strict modes of JAX ask for ranks that are equal."""
    return xp.reshape(matrix, (1,) * (axes - matrix.ndim) + tuple(matrix.shape))
