"""Moments of the squared norm, layer by layer, in closed form."""

import math
from collections.abc import Callable, Sequence

from ._arguments import Layer
from ._units import Units

__all__ = ["Moments", "log_of"]

UnitsOf = Callable[[int], Units]


class Moments:
    """Logarithms of the moments of `z` after `layers`, from `z = exp(log_square)`.

    With `a = sigma_w**2 E z / E v` and `b = sigma_b**2 / E v`, `a + b = 1`, and all moments
    relative to powers of the means, `E v**k = sum_j C(k, j) a**j b**(k-j) E z**j`.
    """

    def __init__(self, layers: Sequence[Layer], units_of: UnitsOf, log_square: float) -> None:
        self.layers, self.units_of = layers, units_of
        self.log_means = [log_square]
        self.shares: list[tuple[float, float]] = []  # log a, log b
        for layer in layers:
            mean = units_of(layer.width).mean
            # multiplied before the logarithm is taken, so that He's factor is 1 to one rounding
            signal = 2 * log_of(layer.sigma_w * math.sqrt(mean)) + self.log_means[-1]
            noise = 2 * log_of(layer.sigma_b * math.sqrt(mean))
            self.log_means.append(_log_sum([signal, noise]))
            self.shares.append(
                (_less(signal, self.log_means[-1]), _less(noise, self.log_means[-1]))
            )

    @property
    def log_mean(self) -> float:
        """`log E z`."""
        return self.log_means[-1]

    @property
    def log_variance(self) -> float:
        """`log Var z`: a sum over layers of positive terms, so that nothing cancels."""
        relative = -math.inf
        for layer, (a, _) in zip(self.layers, self.shares, strict=True):
            ratio = self.units_of(layer.width).ratio(2)
            own = math.log(ratio - 1)
            relative = _log_sum([own, math.log(ratio) + 2 * a + relative])
        return relative + 2 * self.log_mean

    def log_moment(self, k: int) -> float:
        """`log E z**k`."""
        if k == 0 or self.log_mean == -math.inf:
            return -math.inf if k else 0.0
        relative = [0.0] * (k + 1)
        for layer, (a, b) in zip(self.layers, self.shares, strict=True):
            if a == b == -math.inf:  # the output of this layer is zero
                continue
            units = self.units_of(layer.width)
            relative = [
                _log_ratio(units, i)
                + _log_sum([
                    math.log(math.comb(i, j)) + _times(j, a) + _times(i - j, b) + relative[j]
                    for j in range(i + 1)
                ])
                for i in range(k + 1)
            ]  # fmt: skip
        return relative[k] + k * self.log_mean


def _log_ratio(units: Units, k: int) -> float:
    ratio = units.ratio(k)
    if ratio < 1 << 512:
        return math.log1p(float(ratio - 1))
    return math.log(ratio.numerator) - math.log(ratio.denominator)


def log_of(x: float) -> float:
    """`log x`, with `log 0 = -inf`."""
    return math.log(x) if x else -math.inf


def _times(n: int, log: float) -> float:
    return n * log if n else 0.0


def _less(log: float, total: float) -> float:
    return log - total if log > -math.inf else log


def _log_sum(logs: list[float]) -> float:
    top = max(logs)
    return top + math.log(math.fsum(math.exp(x - top) for x in logs)) if top > -math.inf else top
