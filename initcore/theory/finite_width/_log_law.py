"""The distribution of `y = log z`, given by its transform `E[z**s; z > 0]`.

`y = U + sum of log(C_l / mean_l)`: `U` takes finitely many values, and the factors are independent.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._fourier import fourier_sum
from ._units import Units

__all__ = ["TINY", "LogLaw", "Product", "chernoff"]

TINY = 42.0  # exp(-TINY) is a hundredth of half of float64's last bit of 1
LADDER = 2.0 ** np.arange(-4, 8, 0.5)


@dataclass(frozen=True)
class Product:
    """Independent layers without biases between them: `C_1 C_2 ... / (mean_1 mean_2 ...)`."""

    factors: tuple[tuple[Units, int], ...]

    @classmethod
    def of(cls, layers: Sequence[Units]) -> "Product":
        """The product of `layers`, with equal ones (the same objects) counted together."""
        return cls(tuple((u, layers.count(u)) for u in dict.fromkeys(layers)))

    @functools.cached_property
    def lowest(self) -> float:
        """The transform exists above this."""
        return max(u.lowest for u, _ in self.factors)

    def log_transform(self, s: Any) -> Any:
        """`log E[(C / mean)**s; C > 0]`."""
        return sum(n * u.log_transform(s) for u, n in self.factors)

    def log_moments(self, tilt: float) -> tuple[float, float]:
        """Mean and variance of the logarithm under the weight `C**tilt`."""
        pairs = [(n, u.log_moments(tilt)) for u, n in self.factors]
        return sum(n * m for n, (m, _) in pairs), sum(n * v for n, (_, v) in pairs)

    @functools.cache  # noqa: B019  (a product lives as long as the law it belongs to)
    def band(self, tilt: float) -> float:
        """The frequency beyond which the transform is below `exp(-TINY)` of its peak."""
        t = np.concatenate([[0.0], LADDER / math.sqrt(self.log_moments(tilt)[1])])
        for _ in range(20):
            bound = sum(n * u.log_bound(tilt + 1j * t) for u, n in self.factors)
            below = np.flatnonzero(bound - bound[0] < -TINY)
            if below.size:
                return float(t[below[0]])
            t[1:] *= 2.0**6
        raise ArithmeticError("the transform does not decay")  # pragma: no cover

    def reach(self, tilt: float) -> tuple[float, float]:
        """The interval outside which the tilted distribution has less than `exp(-TINY)` of its mass
        on each side, by Chernoff's bound.
        """
        return chernoff(self.log_transform, self.lowest, tilt, self.log_moments(tilt)[1])


def chernoff(
    log_transform: Any, lowest: float, tilt: float, variance: float, tiny: float = TINY
) -> tuple[float, float]:
    """The interval with at most `exp(-tiny)` of the tilted distribution beyond each end."""
    steps = LADDER / math.sqrt(variance)
    room = tilt - lowest
    down = np.concatenate([steps[steps < room], room * (1 - 2.0 ** -np.arange(1, 8))])
    k = log_transform(np.concatenate([[tilt], tilt + steps, tilt - down]))
    rise, fall = np.split(k[1:] - k[0], [steps.size])
    return float(-((fall + tiny) / down).min()), float(((rise + tiny) / steps).min())


@dataclass(frozen=True)
class LogLaw:
    """The distribution of `log z` where `z > 0`, of total mass `alive`.

    Attributes:
        places: The values of the start `U`.
        weights: Their probabilities.
        product: The factors.
        clean: Logarithm of the least probability that is known to a small relative error.
    """

    places: Any
    weights: Any
    product: Product
    clean: float

    @property
    def lowest(self) -> float:
        """`E z**s` exists above this."""
        return self.product.lowest

    @property
    def centre(self) -> float:
        """A point in the middle of the values of `U`, about which transforms are taken."""
        return float(self.places @ self.weights / self.weights.sum())

    def log_transform(self, s: Any) -> Any:
        """`log E[z**s; z > 0] - s * centre` at real `s`."""
        return self._start(s) + self.product.log_transform(s)

    def log_moments(self, tilt: float) -> tuple[float, float]:
        """Mean (less `centre`) and variance of `log z` under the weight `z**tilt`."""
        mean, variance = self.product.log_moments(tilt)
        at = self.places - self.centre
        with np.errstate(divide="ignore"):
            p = np.log(self.weights) + tilt * at
        p = np.exp(p - p.max())
        p /= p.sum()
        start = float(p @ at)
        return mean + start, variance + float(p @ (at - start) ** 2)

    def band(self, tilt: float) -> float:
        """The frequency beyond which the transform is below `exp(-TINY)` of its peak."""
        return self.product.band(tilt)

    def reach(self, tilt: float) -> tuple[float, float]:
        """The interval (less `centre`) that has all of the tilted distribution but rounding."""
        return chernoff(self.log_transform, self.lowest, tilt, self.log_moments(tilt)[1])

    def line(self, tilt: float, step: float, count: int) -> Any:
        """`log_transform` at `tilt + i k step`, `k = 0, ..., count - 1`."""
        at = self.places - self.centre
        peak = float((tilt * at).max())
        masses = self.weights * np.exp(tilt * at - peak)
        s = tilt + 1j * step * np.arange(count)
        with np.errstate(divide="ignore"):
            start = np.log(fourier_sum(at, masses, step, count)) + peak
        return start + self.product.log_transform(s)

    def _start(self, s: Any) -> Any:
        """`log E exp(s (U - centre))` at real `s`."""
        terms = s[:, None] * (self.places - self.centre)
        top = terms.max(axis=1)
        return np.log(np.exp(terms - top[:, None]) @ self.weights) + top
