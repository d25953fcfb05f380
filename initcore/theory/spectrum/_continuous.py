"""The continuous part of a spectrum, in the logarithm of the squared singular value."""

import math
from typing import Any, Protocol

import numpy as np

from ...activations import normal_density
from ._slope_law import SlopeLaw
from ._subordination import Map, follow, height_at

__all__ = ["Continuous", "OneLayer", "Product"]


class Continuous(Protocol):
    """A measure with a density."""

    bands: list[tuple[float, float]]
    """Intervals of `log x` outside which the density is 0."""
    to_zero: bool
    """Whether the first band reaches `x = 0`."""

    def density(self, log_x: Any) -> Any:
        """The density of `log x`."""

    def below(self, log_x: Any) -> Any:
        """The mass below `log x`."""


class Product:
    """The product of free factors, from the curve on which it is real."""

    def __init__(self, z: Map) -> None:
        from scipy.interpolate import CubicHermiteSpline

        self._z, self._curve = z, follow(z)
        self.bands = [band.edges for band in self._curve]
        self.to_zero = any(band.open for band in self._curve)
        self._splines = []
        for band in self._curve:
            low, high = band.edges
            # Rounding can exchange neighbours where a band begins or ends steeply.
            t = np.maximum.accumulate(np.concatenate([[low], band.log_x, [high]]))
            mass = np.concatenate([[0.0], band.below, [band.mass]])
            slope = np.concatenate([[0.0], band.height, [0.0]])
            keep = np.concatenate([[True], np.diff(t) > 0])
            self._splines.append(CubicHermiteSpline(t[keep], mass[keep], slope[keep]))

    def density(self, log_x: Any) -> Any:
        found = np.zeros(log_x.shape)
        for band in self._curve:
            inside = (log_x > band.edges[0]) & (log_x < band.edges[1])
            if inside.any():
                found[inside] = height_at(self._z, band, log_x[inside])
        return found

    def below(self, log_x: Any) -> Any:
        total = np.zeros(log_x.shape)
        for spline in self._splines:
            total += spline(np.clip(log_x, *spline.x[[0, -1]]))
        return total


class OneLayer:
    """The distribution of `Y` itself, without its atoms: one layer of orthogonal weights."""

    def __init__(self, law: SlopeLaw) -> None:
        self._law = law
        ranges = sorted((min(p), max(p)) for p in map(law.limits, law.pieces))
        self.bands: list[tuple[float, float]] = []
        self.to_zero = False
        for low, high in ((_log(a), _log(b)) for a, b in ranges):
            if self.bands and low <= self.bands[-1][1] + 1e-9:
                self.bands[-1] = (self.bands[-1][0], max(high, self.bands[-1][1]))
            else:
                self.bands.append((low, high))

    def density(self, log_x: Any) -> Any:
        z, inside = self._law.crossings(np.exp(log_x))
        total = np.zeros(log_x.shape)
        for k, (a, b) in enumerate(self._law.pieces):
            at = z[:, k]
            h = np.minimum(1e-3, np.minimum(at - a, b - at) / 2.5)
            h = np.where(inside[:, k], np.maximum(h, 1e-9), 1e-9)
            near, far = (self._difference(at, n * h) for n in (1, 2))
            slope = (8 * near - far) / (12 * h)  # of log y
            with np.errstate(divide="ignore", invalid="ignore"):
                total += np.where(inside[:, k], normal_density(at) / abs(slope), 0.0)
        return total

    def _difference(self, z: Any, h: Any) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(self._law.y(z + h)) - np.log(self._law.y(z - h))

    def below(self, log_x: Any) -> Any:
        from scipy.special import ndtr

        x = np.exp(log_x)
        z, inside = self._law.crossings(x)
        total = np.zeros(log_x.shape)
        for k, (a, b) in enumerate(self._law.pieces):
            start, stop = self._law.limits((a, b))
            all_of_it = np.where(x >= max(start, stop), ndtr(b) - ndtr(a), 0.0)
            part = ndtr(z[:, k]) - ndtr(a) if stop > start else ndtr(b) - ndtr(z[:, k])
            total += np.where(inside[:, k], part, all_of_it)
        return total


def _log(x: float) -> float:
    return math.log(x) if x > 1e-300 else -700.0
