"""Quadrature over a layer's squared slope `Y = phi'(sqrt(q) z)**2 / E phi'**2`."""

import itertools
import math
from typing import Any

import numpy as np

from ...activations import REACH, Activation, breaks, legendre, normal_density
from .._mean_field import mean_square_slope

__all__ = ["SlopeLaw"]

GRADED = 0.5 * 4.0 ** -np.arange(18)  # distances of panel ends from a pole, down to 3e-11
ORDER = 12
MOST = 160  # extremes of the slope: with them the work grows, to half a minute
ZERO = 1e-28  # a squared slope below this is rounding
# Where a larger fraction of the mean is missed, the slopes that matter are too rare to resolve.
LOST = 1e-6
# Incommensurable with any period of an activation.
UNEVEN = (np.arange(48) + np.random.default_rng(0).uniform(0.2, 0.8, 48)) / 48


class SlopeLaw:
    """Atoms and monotone pieces of `y(z)`, and quadrature that is fine where `y(z)` is near r.

    Attributes:
        places, masses: The atoms, `places` ascending.
        pieces: Intervals of `z` on each of which `y` is strictly monotone.
        support: Ends of the support of the continuous part, None if there is none.
    """

    def __init__(self, phi: Activation, q: float) -> None:
        self._phi, self._root = phi, math.sqrt(q)
        self._first = mean_square_slope(phi, q)
        if not (0 < self._first < math.inf):
            raise ValueError(
                f"{phi.name} has no Jacobian at q = {q:g}: its mean squared slope is "
                f"{self._first:g}."
            )
        self._tol = max(4e-15, 16 * phi.eps)
        ends = self._split(breaks(self._root, phi.kinks))
        flat = self._flat(ends)
        self.places, self.masses = self._atoms(ends, flat)
        self._ends = ends
        self._smooth = np.flatnonzero(~flat)
        self.pieces = self._monotone_pieces()
        values = [float(v) for p in self.pieces for v in self.limits(p)]
        self.support = (min(values), max(values)) if values else None
        (seen,) = self.moments(1)
        if not abs(seen - 1) < LOST:
            raise ValueError(
                f"{phi.name} has no distribution of slopes that could be resolved at mean square "
                f"q = {q:g}: they are 0 or rare, and {abs(seen - 1):.2g} of their mean square is "
                "missed."
            )

    def y(self, z: Any) -> Any:
        """Squared slope at `z`, mean 1."""
        return self._phi.derivative(self._root * z) ** 2 / self._first

    def limits(self, piece: tuple[float, float]) -> Any:
        """`y` just inside the two ends of a piece: a kink at an end belongs to another piece."""
        a, b = piece
        inset = 1e-13 * max(1.0, abs(a), abs(b))
        return self.y(np.array([a + inset, b - inset]))

    def _split(self, ends: Any) -> Any:
        """Panel ends with the extremes of `y` added."""
        from scipy.optimize import minimize_scalar

        found = []
        for a, b in itertools.pairwise(ends):
            z = a + (b - a) * UNEVEN
            y = self.y(z)
            rises = np.sign(np.diff(y)) * (abs(np.diff(y)) > self._tol * abs(y).max())
            for i in np.flatnonzero(rises[1:] * rises[:-1] < 0):
                sign = rises[i + 1]
                best = minimize_scalar(
                    lambda t, sign=sign: sign * float(self.y(np.array([t]))[0]),
                    bounds=(z[i], z[i + 2]), method="bounded", options={"xatol": 1e-12},
                )  # fmt: skip
                found.append(best.x)
            if len(found) > MOST:
                raise ValueError(
                    f"{self._phi.name} turns too often at mean square q = {self._root**2:g} "
                    f"for the distribution of its slopes: more than {MOST} times."
                )
        return np.unique(np.concatenate([ends, found]))

    def _flat(self, ends: Any) -> Any:
        z = ends[:-1, None] + np.diff(ends)[:, None] * np.linspace(0.02, 0.98, 9)
        y = self.y(z)
        return (np.ptp(y, axis=1) <= self._tol * y.max(axis=1)) | (y.max(axis=1) < ZERO)

    def _atoms(self, ends: Any, flat: Any) -> tuple[Any, Any]:
        from scipy.special import ndtr

        a, b = ends[:-1][flat], ends[1:][flat]
        a, b = np.where(a <= -REACH, -np.inf, a), np.where(b >= REACH, np.inf, b)
        # the side on which the difference keeps its digits
        mass = np.where(a > 0, ndtr(-a) - ndtr(-b), ndtr(b) - ndtr(a))
        y = self.y((ends[:-1][flat] + ends[1:][flat]) / 2)
        order = np.argsort(y)
        y, mass = y[order], mass[order]
        if not y.size:
            return y, mass
        new = np.concatenate([[True], np.diff(y) > 1e-9 * np.maximum(y[1:], 1e-3)])
        group = np.cumsum(new) - 1
        total = np.bincount(group, mass)
        return np.bincount(group, mass * y) / np.maximum(total, 1e-300), total

    def _monotone_pieces(self) -> list[tuple[float, float]]:
        """Neighbouring smooth panels on which `y` rises, or falls, joined into one."""
        pieces: list[list[float]] = []
        last = 0.0
        for i in self._smooth:
            a, b = float(self._ends[i]), float(self._ends[i + 1])
            start, stop = self.limits((a, b))
            way = math.copysign(1.0, stop - start)
            kink = np.any(abs(np.array(self._phi.kinks) / self._root - a) < 1e-12)
            if pieces and pieces[-1][1] == a and way == last and not kink:
                pieces[-1][1] = b
            else:
                pieces.append([a, b])
            last = way
        return [(a, b) for a, b in pieces]

    def crossings(self, r: Any) -> tuple[Any, Any]:
        """For each `r` and piece: the `z` with `y(z) = r`, or the nearer end; if it crosses."""
        r = np.asarray(r)
        where = np.empty((r.size, len(self.pieces)))
        inside = np.zeros(where.shape, dtype=bool)
        for k, (a, b) in enumerate(self.pieces):
            start, stop = self.limits((a, b))
            inside[:, k] = (r > min(start, stop)) & (r < max(start, stop))
            where[:, k] = np.where(abs(r - start) < abs(r - stop), a, b)
            left, right = np.full(r.size, a), np.full(r.size, b)
            for _ in range(60):
                middle = (left + right) / 2
                low = (self.y(middle) < r) == (stop > start)
                left, right = np.where(low, middle, left), np.where(low, right, middle)
            where[:, k] = np.where(inside[:, k], (left + right) / 2, where[:, k])
        return where, inside

    def nodes(self, r: Any) -> tuple[Any, Any]:
        """`(n, k)` values of `Y` and their weights, a row for each radius in `r`.

        They are exact enough for `E f(Y)` where `f` has a pole near `r`.
        """
        r = np.atleast_1d(np.asarray(r, dtype=np.float64))
        atoms = np.broadcast_to(self.places, (r.size, self.places.size))
        masses = np.broadcast_to(self.masses, atoms.shape)
        if not self.pieces:
            return atoms, masses / masses.sum(axis=1, keepdims=True)
        centres = self.crossings(r)[0]
        graded = GRADED[: max(6, 96 // len(self.pieces))]
        offsets = np.concatenate([-graded, [0.0], graded])
        near = (centres[..., None] + offsets).reshape(r.size, -1)
        values, weights = [atoms], [masses]
        x, w = legendre(ORDER)
        for run in self._runs():
            base = np.broadcast_to(run, (r.size, run.size))
            ends = np.sort(np.concatenate([base, np.clip(near, run[0], run[-1])], axis=1), axis=1)
            width = np.diff(ends, axis=1)
            z = (ends[:, :-1, None] + width[..., None] * x).reshape(r.size, -1)
            values.append(self.y(z))
            weights.append((width[..., None] * w).reshape(r.size, -1) * normal_density(z))
        total = np.concatenate(weights, axis=1)
        return np.concatenate(values, axis=1), total / total.sum(axis=1, keepdims=True)

    def _runs(self) -> list[Any]:
        """Panel ends of each stretch of neighbouring smooth panels."""
        cuts = np.flatnonzero(np.diff(self._smooth) > 1) + 1
        return [self._ends[np.append(run, run[-1] + 1)] for run in np.split(self._smooth, cuts)]

    def moments(self, count: int) -> Any:
        """`E Y**k` for `k = 1..count`."""
        y, w = self.nodes(1.0)
        return np.array([float((w * y**k).sum()) for k in range(1, count + 1)])
