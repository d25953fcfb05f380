"""Sparse orthogonal matrices as products of random plane rotations (Nowak et al. 2024).

Rotating two columns of a matrix with orthonormal rows keeps the rows orthonormal, and fills both
columns' nonzeros with the union of the two. Three facts make it fast. Which entries are nonzero
does not depend on the angles, so the number of rotations is found on bitsets, before any
arithmetic. Rotations without a common column commute, so they are applied in levels of disjoint
pairs. And the rows never meet, so the arithmetic runs on a few rows at a time, in the processor's
cache.

Everything here is NumPy in float64; `(n, m)` has `n <= m`, and columns are what is rotated.
"""

import itertools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..random import Rng, cores

__all__ = ["Rotations", "plan"]

BLOCK = 1 << 16  # elements of the rows that are worked on together: 512 KiB of float64
PARALLEL = 1 << 20  # elements rotated below which a second thread costs more than it brings


@dataclass(frozen=True)
class Rotations:
    """A sequence of plane rotations of the columns of a partial signed permutation.

    Attributes:
        shape: `(n, m)`, `n <= m`.
        places, signs: Row `k` starts as `signs[k]` in column `places[k]`.
        levels: Disjoint rotations as `(i, j, cos, sin)`, arrays of one element a rotation.
        support: For each column, the rows where it is not 0, as the bits of an integer.
    """

    shape: tuple[int, int]
    places: Any
    signs: Any
    levels: tuple[tuple[Any, Any, Any, Any], ...]
    support: tuple[int, ...]

    @property
    def count(self) -> int:
        """Number of rotations."""
        return sum(level[0].size for level in self.levels)

    def mask(self) -> Any:
        """`(n, m)` booleans: which entries are not 0."""
        n, m = self.shape
        size = -(-n // 8)
        packed = b"".join(column.to_bytes(size, "little") for column in self.support)
        bits = np.frombuffer(packed, np.uint8).reshape(m, size)
        return np.unpackbits(bits, axis=1, count=n, bitorder="little").T.astype(bool)

    def write(
        self, result: Any, gain: float = 1.0, rows: Any = None, columns: Any = slice(None)
    ) -> None:
        """Fill `result`, of any real dtype and memory layout, with `gain` times it.

        Args:
            result: `(n, m)`, or as many as there are of each in `rows` and `columns`.
            gain: A factor.
            rows, columns: Indices of those that are wanted; of others no row is rotated.
        """
        n, m = self.shape
        rows = np.arange(n) if rows is None else rows
        n = len(rows)
        width = min(n, max(1, BLOCK // m))
        starts = range(0, n, width)
        # Each thread holds three blocks and more: together about twice a float32 result.
        threads = min(cores(), n * m // (3 * BLOCK)) if 2 * self.count * n >= PARALLEL else 1

        def write(start: int) -> None:
            some = rows[start : start + width]
            result[start : start + width] = self._rows(some, gain)[:, columns]

        if threads <= 1:
            for start in starts:
                write(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(write, starts))

    def _rows(self, rows: Any, gain: float) -> Any:
        """Some rows: here each is a column of `x`, so that a rotation mixes two rows."""
        x = np.zeros((self.shape[1], len(rows)))
        x[self.places[rows], np.arange(len(rows))] = self.signs[rows] * gain
        for i, j, cos, sin in self.levels:
            # (a, b) -> (cos a - sin b, sin a + cos b), with one array beside a and b
            a, b = x[i], x[j]
            part = sin * b
            b *= cos
            b += sin * a
            x[j] = b
            a *= cos
            a -= part
            x[i] = a
        x += 0.0  # turns -0 to 0
        return x.T


def plan(rng: Rng, n: int, m: int, wanted: float, sampling: str) -> Rotations:
    """Rotations after which the number of nonzeros is as near `wanted` as one rotation allows.

    The sequence is cut at the first rotation that reaches `wanted`, before or after it, whichever
    is nearer: a rotation adds `n` nonzeros at most, so the number is at most `n / 2` off.
    """
    start, pairs, angles = rng.split(3)
    place, sign = start.split(2)
    places = place.permutation((m,))[:n]
    support = [0] * m
    for row, column in enumerate(places.tolist()):
        support[column] = 1 << row
    size = [s.bit_count() for s in support]
    depth = [0] * m
    filled = n
    steps: list[tuple[int, int, int]] = []
    draws = _any_pairs(pairs, m) if sampling == "uniform" else _matchings(pairs, m)
    while filled < wanted:
        i, j = next(draws)
        union = support[i] | support[j]
        each = union.bit_count()
        after = filled + 2 * each - size[i] - size[j]
        if after >= wanted and wanted - filled < after - wanted:
            break
        filled = after
        support[i] = support[j] = union
        size[i] = size[j] = each
        depth[i] = depth[j] = level = max(depth[i], depth[j]) + 1
        steps.append((level, i, j))
    return Rotations(
        shape=(n, m),
        places=places,
        signs=sign.astype("float64").signs((n,)),
        levels=_levels(steps, angles),
        support=tuple(support),
    )


def _levels(steps: list[tuple[int, int, int]], angles: Rng) -> tuple[Any, ...]:
    """The rotations in groups of disjoint ones, each with its angle uniform on the circle."""
    angle = angles.astype("float64").uniform((len(steps),), high=2 * math.pi)
    table = np.array(steps, dtype=np.int64).reshape(-1, 3)
    order = np.argsort(table[:, 0], kind="stable")
    level, i, j = table[order].T
    cos, sin = (f(angle[order])[:, None] for f in (np.cos, np.sin))
    edges = np.flatnonzero(np.diff(level, prepend=0, append=len(steps) + 1))
    return tuple(
        (i[a:b], j[a:b], cos[a:b], sin[a:b]) for a, b in itertools.pairwise(edges.tolist())
    )


def _any_pairs(rng: Rng, m: int) -> Iterator[tuple[int, int]]:
    """Pairs of different columns, each drawn anew."""
    batch = 4 * m
    for start in itertools.count(0, batch):
        words = rng.bits((batch,), width=64, start=start)
        i = (words >> 32) * np.uint64(m) >> 32
        j = (words & 0xFFFFFFFF) * np.uint64(m - 1) >> 32
        j += j >= i
        yield from zip(i.tolist(), j.tolist(), strict=True)


def _matchings(rng: Rng, m: int) -> Iterator[tuple[int, int]]:
    """The pairs of one random perfect matching of the columns after another."""
    for step in itertools.count():
        order = rng.fold_in(step).permutation((m,)).tolist()
        yield from zip(order[0 : m - 1 : 2], order[1::2], strict=True)
