"""Sparse orthogonal matrices: one rotation after the other, each on the numbers themselves."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np


class Rotations:
    """Exact orthogonal initialization (Nowak et al. 2024), as its authors loop."""

    def sparse_tap(self, out: int, into: int, density: float, sampling: str, rng: Any) -> Any:
        n, m = min(out, into), max(out, into)
        w = self.rotated(n, m, density * n * m, sampling, rng)
        return w.T if out > into else w

    def rotated(self, n: int, m: int, wanted: float, sampling: str, rng: Any) -> Any:
        """Columns of a signed partial permutation, turned two at a time until `wanted` nonzeros
        are reached; of the last two matrices the nearer one."""
        w = np.zeros((n, m))
        w[np.arange(n), rng.permutation(m)[:n]] = rng.choice((-1.0, 1.0), n)
        filled, pairs = n, self.pairs(m, sampling, rng)
        while filled < wanted:
            columns, angle = list(next(pairs)), rng.uniform(0, 2 * math.pi)
            c, s = math.cos(angle), math.sin(angle)
            before = w[:, columns]
            w[:, columns] = before @ np.array([[c, s], [-s, c]])
            now = np.count_nonzero(w)
            if now >= wanted and wanted - filled < now - wanted:
                w[:, columns] = before
                break
            filled = now
        return w

    def pairs(self, m: int, sampling: str, rng: Any) -> Iterator[tuple[int, int]]:
        while True:
            order = rng.permutation(m)
            for i in range(0, m - 1, 2) if sampling == "matching" else (0,):
                yield int(order[i]), int(order[i + 1])
