"""How the columns of a sparse orthogonal matrix's rotations were paired, read from its nonzeros."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._sparsity import density_of
from ._statistics import FALSE_ALARM, matrices

__all__ = ["RotationPairing"]

FEWEST = 16  # fewer matrices than these decide nothing
LONGEST = 12  # of longer sides the kinds of matrices are too many to be counted
SIMULATED = 4000
EVIDENCE = 3.0  # log-likelihood ratios of kinds of matrices are cut at this
SAMPLINGS = ("uniform", "matching")


@dataclass(frozen=True)
class RotationPairing:
    """The two columns of each rotation are drawn as `sampling` says.

    Both ways give orthogonal matrices of the same density. But a matching fills all columns
    evenly, in pairs with nonzeros at the same positions, and independent pairs meet by chance.
    So the kinds of matrices, by how many columns are fullest and how many differ, are counted in
    simulations of both ways.
    """

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        if not float(parameters.get("gain", 1.0)):
            return None
        a = matrices(w, parameters.get("groups", 1), center=True)
        count, n, m = a.shape[0], *sorted(a.shape[1:])
        if count < FEWEST or not 4 <= m <= LONGEST or not n:  # up to 3 columns both are the same
            return None
        wanted = density_of(w, parameters) * n * m
        given = parameters.get("sampling", "uniform")
        (other,) = (s for s in SAMPLINGS if s != given)
        used = a != 0
        # Of a square either side may be the one that is rotated.
        sides = [used] if a.shape[2] == m else []
        sides += [used.swapaxes(1, 2)] if a.shape[1] == m else []
        ratio_of, mean, variance = _evidence(n, m, wanted, given)
        found = min(ratio_of(_kinds(side)).mean() for side in sides)
        # Bernstein's inequality, of the difference of this mean and the simulated one.
        few, most = 1 / count + 1 / SIMULATED, math.log(1 / FALSE_ALARM)
        allowed = math.sqrt(2 * most * variance * few) + 4 / 3 * EVIDENCE * most * few
        if found <= mean + allowed:
            return None
        return (
            f"{count} matrices fit sampling={other!r} better, each by a log-likelihood ratio of "
            f"{found:.3g}, should be {mean:.3g}, allowed + {allowed:.2g}"
        )

    def __str__(self) -> str:
        return "the two columns of each rotation are drawn as `sampling` says"


@functools.lru_cache(256)
def _evidence(
    n: int, m: int, wanted: float, given: str
) -> tuple[Callable[[Any], Any], float, float]:
    """Log-likelihood ratios of kinds for the other sampling; mean and variance under this one."""
    (other,) = (s for s in SAMPLINGS if s != given)
    counts = np.zeros((2, (m + 1) ** 2))
    for row, sampling in enumerate((given, other)):
        kinds = _kinds(_simulated(n, m, wanted, sampling, row))
        counts[row] = np.bincount(kinds, minlength=counts.shape[1])
    ratio = np.log((counts[1] + 1) / (counts[0] + 1)).clip(-EVIDENCE, EVIDENCE)
    # Other matrices than those that chose the ratios: else the mean would be biased.
    fresh = ratio[_kinds(_simulated(n, m, wanted, given, 2))]
    return ratio.__getitem__, float(fresh.mean()), float(fresh.var())


def _kinds(used: Any) -> Any:
    """A number for each matrix of `(count, n, m)`: its fullest columns and its different ones."""
    n, m = used.shape[1:]
    columns = (used * (1 << np.arange(n))[:, None]).sum(axis=1)
    size = used.sum(axis=1)
    fullest = (size == size.max(axis=1, keepdims=True)).sum(axis=1)
    different = 1 + (np.diff(np.sort(columns, axis=1), axis=1) != 0).sum(axis=1)
    return fullest * (m + 1) + different


def _simulated(n: int, m: int, wanted: float, sampling: str, seed: int) -> Any:
    """Where `SIMULATED` matrices are not 0, `(SIMULATED, n, m)`, all rotated at once."""
    rng, every = np.random.default_rng(seed), np.arange(SIMULATED)
    columns = np.zeros((SIMULATED, m), np.int64)  # the rows where each column is not 0, as bits
    columns[:, :n] = 1 << np.arange(n)
    filled, on = np.full(SIMULATED, n), np.ones(SIMULATED, bool)
    while on.any():
        order = rng.permuted(np.tile(np.arange(m), (SIMULATED, 1)), axis=1)
        for k in range(0, m - 1, 2) if sampling == "matching" else (0,):
            i, j = order[:, k], order[:, k + 1]
            a, b = columns[every, i], columns[every, j]
            after = filled + 2 * np.bitwise_count(a | b).astype(int)
            after -= np.bitwise_count(a).astype(int) + np.bitwise_count(b)
            on = on & (filled < wanted) & ((after < wanted) | (wanted - filled >= after - wanted))
            columns[every, i] = np.where(on, a | b, a)
            columns[every, j] = np.where(on, a | b, b)
            filled = np.where(on, after, filled)
    return columns[:, None] >> np.arange(n)[:, None] & 1 == 1
