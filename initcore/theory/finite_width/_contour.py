"""Tails and densities from the transform: Mellin's inversion by the trapezoidal rule.

On the line `Re s = tilt` the integrand of the density is an analytic function that decays
exponentially. So the error of the rule with step `h` is only the copies of the tilted distribution
at distance `2 pi / h` (Poisson's formula). A line through the saddle point of a value gives its
tail to a small relative error. The line passes the pole at `s = 0` on the right for the upper tail
and on the left for the lower tail.
"""

import math
from typing import Any

import numpy as np

from ._log_law import TINY, LogLaw, chernoff

__all__ = ["Contour", "Inversion"]

ROUNDING = 2.0**-50  # a sum below this fraction of its largest terms is noise
SPACING = 2.5  # distance of the saddle points of neighbouring lines, in standard deviations
FARTHEST = -690.0  # logarithm of the least tail probability that gets a line
LEAST_ROOM = 1 / 16  # least distance of a line from the end of the transform, in powers of z


class Contour:
    """One line `Re s = tilt`: tail probabilities and densities near its saddle point `place`."""

    def __init__(self, law: LogLaw, tilt: float, fineness: float) -> None:
        self.tilt, self.centre = tilt, law.centre
        self.place, variance = law.log_moments(tilt)
        self.deviation = math.sqrt(variance)
        low, high = law.reach(tilt)
        bulk = law.log_moments(0.0)[0]
        period = high - low + (TINY + 4) / abs(tilt) + abs(self.place - bulk) + 6 * self.deviation
        self.step = 2 * math.pi / (fineness * period)
        count = 2 + int(fineness * law.band(tilt) / self.step)
        self.s = tilt + 1j * self.step * np.arange(count)
        log = law.line(tilt, self.step, count)
        self.log_peak = float(log[0].real)
        self.density_terms = np.exp(log - self.log_peak) * (self.step / math.pi)
        self.density_terms[0] /= 2
        self.tail_terms = self.density_terms / (self.s * math.copysign(1.0, tilt))

    @property
    def log_tail(self) -> float:
        """Logarithm of a bound on the tail probability at `place`."""
        return self.log_peak - self.tilt * self.place

    def tail(self, x: Any) -> Any:
        """`P(log z > x)` right of the pole, `P(-inf < log z <= x)` left of it."""
        return self._sum(self.tail_terms, x)

    def density(self, x: Any) -> Any:
        """The density of `log z` at `x`."""
        return self._sum(self.density_terms, x)

    def _sum(self, terms: Any, x: Any) -> Any:
        at = np.asarray(x) - self.centre
        t = self.s.imag
        rows = max(1, (1 << 20) // t.size)
        sums = [(np.exp(-1j * at[i : i + rows, None] * t) @ terms).real
                for i in range(0, at.size, rows)]  # fmt: skip
        found = np.concatenate(sums)
        found[found < ROUNDING * abs(terms).sum()] = 0
        with np.errstate(over="ignore", under="ignore"):
            return found * np.exp(self.log_peak - self.tilt * at)


class Inversion:
    """Tails and density of `log z` anywhere. Lines are made when they are needed.

    Args:
        law: The transform.
        fineness: The number of nodes grows as its square; a second value serves as a check.
    """

    def __init__(self, law: LogLaw, fineness: float = 1.0) -> None:
        self.law, self.fineness = law, fineness
        self.mean, self.variance = law.log_moments(0.0)
        start = 1.5 / math.sqrt(self.variance)
        self.up = [Contour(law, start, fineness)]
        self.down = [Contour(law, -min(start, -law.lowest / 2), fineness)]

    def tails(self, x: Any) -> tuple[Any, Any]:
        """`P(-inf < log z <= x)` and `P(log z > x)` of a flat array `x`.

        The smaller of the two has a small relative error.
        """
        alive = float(self.law.weights.sum() * self.alive)
        below, above = np.zeros(x.shape), np.full(x.shape, alive)
        for line, here in self._lines(x):
            tail = np.minimum(line.tail(x[here]), alive)
            below[here] = tail if line.tilt < 0 else alive - tail
            above[here] = tail if line.tilt > 0 else alive - tail
        return below, above

    def density(self, x: Any) -> Any:
        """The density of `log z` at a flat array `x`."""
        out = np.zeros(x.shape)
        for line, here in self._lines(x):
            out[here] = line.density(x[here])
        return out

    def span(self, p: float) -> tuple[float, float]:
        """The interval outside which either tail is below `p`, by Chernoff's bound."""
        shift = -math.log(max(p, 1e-300))
        law, deviation = self.law, math.sqrt(self.variance)
        low, high = chernoff(law.log_transform, law.lowest, 0.0, self.variance, shift + 1)
        return low - deviation + law.centre, high + deviation + law.centre

    @property
    def alive(self) -> float:
        """Probability that no factor is 0."""
        return math.exp(float(self.law.product.log_transform(np.zeros(1))[0]))

    def _lines(self, x: Any) -> list[tuple[Contour, Any]]:
        """The lines, each with the indices of the finite values of `x` that it serves."""
        finite = np.isfinite(x)
        if not finite.any():
            return []
        low, high = float(x[finite].min()), float(x[finite].max())
        while self.up[-1].place + self.law.centre < high and self._climb():
            pass
        while self.down[-1].place + self.law.centre > low and self._descend():
            pass
        lines = [*self.down[::-1], *self.up]
        places = np.array([line.place for line in lines]) + self.law.centre
        nearest = np.searchsorted((places[1:] + places[:-1]) / 2, x)
        return [(lines[i], np.flatnonzero(finite & (nearest == i)))
                for i in np.unique(nearest[finite])]  # fmt: skip

    def _climb(self) -> bool:
        last = self.up[-1]
        if last.log_tail < max(FARTHEST, self.law.clean):
            return False
        self.up.append(Contour(self.law, last.tilt + SPACING / last.deviation, self.fineness))
        return True

    def _descend(self) -> bool:
        last = self.down[-1]
        room = last.tilt - self.law.lowest
        if last.log_tail < FARTHEST or room < LEAST_ROOM:
            return False
        step = min(SPACING / last.deviation, room / 2)
        self.down.append(Contour(self.law, last.tilt - step, self.fineness))
        return True
