"""Invariants of how many entries of a kernel are not 0, and of where they stand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import dtype_name
from ._haar import Haar
from ._statistics import FALSE_ALARM, SIGMAS, matrices

__all__ = ["Density", "Unbiased", "density_of"]

# Share of the nonzeros that rounding to float16 may turn to 0, those below 2**-25: up to .004 was
# seen, for uniform sampling of 2048 columns, whose long chains of rotations make small products.
UNDERFLOW = {"float16": 1e-2}
# Simulations of all sides up to 8 and some longer: .14 at 2 x 3, .06 at 2 x 4, else up to .04.
BIAS = 0.15
TINY, MOST_TINY = 1e-11, 1e-2  # up to 1e-4 of those nonzeros were below 1e-11


def density_of(w: Any, parameters: Mapping[str, Any]) -> float:
    """Fraction of nonzeros of the tap of the kernel `w` that holds the matrix."""
    density: float = parameters["density"]
    taps: int = math.prod(tuple(w.shape)[2:])
    if taps > 1 and parameters.get("tap_density", "same") == "more":
        return min(density * taps, math.sqrt(density))
    return density


@dataclass(frozen=True)
class Density:
    """The fraction of nonzeros is `density`, as near as one rotation allows, and well spread."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        gain, groups = float(parameters.get("gain", 1.0)), parameters.get("groups", 1)
        if gain == 0:
            return None
        a = matrices(w, groups, center=True) / gain
        wanted = density_of(w, parameters)
        n, m = sorted(a.shape[1:])
        filled = (a != 0).sum(axis=(1, 2))
        # A rotation fills at most n places, and the nearer end of the last one is kept.
        lost = UNDERFLOW.get(dtype_name(w.dtype), 0.0) * filled
        off = filled - wanted * n * m
        slack = n / 2 + 1e-6  # for the rounding of density * n * m
        wrong = (off > slack) | (off < -slack - lost)
        if wrong.any():
            return (
                f"a matrix has {filled[wrong][0]} nonzeros, should be {wanted * n * m:.6g} "
                f"+- {n / 2:g}"
            )
        tiny = int(((a != 0) & (abs(a) < TINY)).sum())
        if tiny > 1 + MOST_TINY * filled.sum():
            return f"{tiny} of {filled.sum()} nonzeros are below {TINY:g}: zeros that are not exact"
        return self._spread(a, filled.mean() / (n * m))

    @staticmethod
    def _spread(a: Any, density: float) -> str | None:
        """Lines on the longer side that stayed empty: rotations there leave few."""
        rows, columns = a.shape[1:]
        n, m = sorted((rows, columns))
        if n == m or density >= 1:
            return None
        empty = int((~a.any(axis=1 if columns == m else 2)).sum())
        # The share of lines in use grows as that of a line's nonzeros does: logistically in the
        # number of rotations, from n / m and from 1 / m. Eliminating that number:
        odds = n * (m - 1) / (m - n) * density / (1 - density)
        expected = m / (1 + odds)
        deviation = 1.3 * math.sqrt(expected * odds / (1 + odds))  # 1.3: seen in simulations
        count = a.shape[0]
        # Bernstein's bound, for the few empty lines of a dense matrix. What is eliminated varies,
        # and leaves a few more lines empty than its mean does: BIAS a matrix.
        allowed = count * (expected + BIAS) + SIGMAS * deviation * math.sqrt(count) + SIGMAS**2 / 3
        if empty > allowed:
            return (
                f"{empty} of the {count * m} lines on the longer side are empty, at most "
                f"{allowed:.0f} are believable: rotations belong there"
            )
        return None

    def __str__(self) -> str:
        return "the fraction of nonzeros is `density` to within half a rotation, the rest exactly 0"


@dataclass(frozen=True)
class Unbiased:
    """The permutation that is rotated has random signs and places: none of them is preferred.

    Looked at: the sum of all entries, the diagonal's share of the nonzeros, the determinants. A
    line of the shorter side turns its sign as a whole, and those of the longer side are exchanged
    at random, whatever the rotations were.
    """

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        gain = float(parameters.get("gain", 1.0))
        a = matrices(w, parameters.get("groups", 1), center=True)
        if gain == 0 or not a.size:
            return None
        a = a / gain
        deviations = math.log(2 / FALSE_ALARM)
        # Rademacher sums of the lines' sums, bounded by Hoeffding's inequality. Of a square either
        # side may be the one that is rotated.
        total, spread = a.sum(), max((line**2).sum() for line in _lines(a))
        allowed = math.sqrt(2 * deviations * spread)
        if abs(total) > allowed:
            return f"the entries sum to {total:.4g}, should be 0, allowed {allowed:.3g}"
        return self._diagonal(a != 0, deviations) or Haar._determinants(a, 0.0)

    @staticmethod
    def _diagonal(used: Any, deviations: float) -> str | None:
        """A line of r nonzeros has one on the diagonal with probability r / m."""
        n, m = sorted(used.shape[1:])
        if m == 1:
            return None
        ends = range(n)
        found = int(used[:, ends, ends].sum())
        wanted = used.sum() / m
        # The variance of a sum along a random permutation is 1/(m - 1) times the squares of its
        # table less their means (Hoeffding 1951); groups are bounded by n: Bernstein's inequality.
        spread = max((r * (1 - r / m)).sum() for r in _lines(used)) / (m - 1)
        allowed = math.sqrt(2 * deviations * spread) + deviations * n / 3
        if abs(found - wanted) > allowed:
            return (
                f"{found} nonzeros are on the diagonal, should be {wanted:.0f} as on any other, "
                f"allowed +- {allowed:.0f}"
            )
        return None

    def __str__(self) -> str:
        return "no sign, no place and no sign of the determinant is preferred"


def _lines(a: Any) -> list[Any]:
    """Sums of the lines of the shorter side, of both sides of squares."""
    rows, columns = a.shape[1:]
    sides = [(2, rows <= columns), (1, columns <= rows)]
    return [a.sum(axis=axis) for axis, short in sides if short]
