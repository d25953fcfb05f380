"""`C`, the squared norm of one layer's units at pre-activations of variance 1.

`C` is chi-square with `K` degrees of freedom where `K` units are active. In a ReLU layer of width
`N`, `K ~ Binomial(N, 1/2)`. In a mirrored layer of width `N`, `K` is always `N / 2`.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...random import Rng

__all__ = ["Units", "mirrored_units", "relu_units"]

NEGLIGIBLE = 1e-32  # numbers of active units that are less likely than this are left out
STIRLING = 32.0  # from here on, four terms of Stirling's series reach the last bit
AT_ONCE = 1 << 19  # elements of the largest temporary array


@dataclass(frozen=True, eq=False)
class Units:
    """A distribution of `C`. All powers and logarithms are those of `C / mean`, which is near 1.

    Attributes:
        degrees: The numbers `K >= 1` of active units, ascending.
        weights: Their probabilities.
        dead: The probability of `K = 0`.
        mean: `E C`.
        ratio: `k -> E C**k / mean**k`, exact.
    """

    degrees: Any
    weights: Any
    dead: float
    mean: float
    ratio: Callable[[int], Fraction]

    @property
    def lowest(self) -> float:
        """`E C**s` exists for `s` above this."""
        return -0.5 * float(self.degrees[0])

    def log_transform(self, s: Any) -> Any:
        """`log E[(C / mean)**s; C > 0]` of an array `s`, real or complex."""
        step = max(1, AT_ONCE // self.degrees.size)
        parts = [self._sum(self._terms(s[i : i + step])) for i in range(0, s.size, step)]
        return np.concatenate(parts)

    def log_bound(self, s: Any) -> Any:
        """A bound on `log |E[(C / mean)**s; C > 0]|` that falls as `|Im s|` grows."""
        return self._sum(self._terms(s).real)

    def log_moments(self, tilt: float) -> tuple[float, float]:
        """Mean and variance of `log(C / mean)` under the weight `C**tilt`, given `C > 0`."""
        from scipy.special import polygamma, psi

        terms = self._terms(np.array([tilt]))[:, 0]
        p = np.exp(terms - terms.max())
        p /= p.sum()
        means = psi(self.degrees / 2 + tilt) + math.log(2 / self.mean)
        mean = float(p @ means)
        spread = polygamma(1, self.degrees / 2 + tilt) + (means - mean) ** 2
        return mean, float(p @ spread)

    def draw(self, rng: Rng, n: int) -> Any:
        """`n` independent values of `log(C / mean)`, `-inf` where no unit is active."""
        from scipy.special import gammaincinv

        on, chi = rng.split(2)
        cumulated = self.dead + np.cumsum(self.weights)
        degrees = np.concatenate([[0], self.degrees])
        places = np.searchsorted(
            np.concatenate([[self.dead], cumulated]), on.uniform((n,)), "right"
        )
        k = degrees[np.minimum(places, degrees.size - 1)]
        u = chi.uniform((n,)) + 2.0**-53  # in (0, 1)
        with np.errstate(divide="ignore"):
            return np.log(np.where(k, 2 * gammaincinv(np.maximum(k, 1) / 2, u), 0.0) / self.mean)

    def _terms(self, s: Any) -> Any:
        """`log(P(K) E[(chi2_K / mean)**s])`, of shape `(K, s)`.

        `E chi2_K**s = 2**s gamma(K/2 + s) / gamma(K/2)`. For large `K` the logarithms of the gamma
        functions would cancel, so their Stirling series are subtracted term by term.
        """
        from scipy.special import gammaln, loggamma

        a = self.degrees[:, None] / 2
        split = int(np.searchsorted(a[:, 0], STIRLING + max(0.0, -float(s.real.min(initial=0)))))
        out = np.empty((a.size, s.size), dtype=np.result_type(s, float))
        low, high = a[:split], a[split:]
        gamma = gammaln if out.dtype == float else loggamma
        out[:split] = s * math.log(2 / self.mean) + gamma(low + s) - gammaln(low)
        out[split:] = s * np.log(2 * high / self.mean) - s + (high + s - 0.5) * np.log1p(s / high)
        out[split:] += _series(high + s) - _series(high)
        return out + np.log(self.weights)[:, None]

    @staticmethod
    def _sum(terms: Any) -> Any:
        top = terms.real.max(axis=0)
        return np.log(np.exp(terms - top).sum(axis=0)) + top


def _series(a: Any) -> Any:
    """`log gamma(a) - (a - 1/2) log a + a - log(2 pi) / 2` for large `a`."""
    square = a * a
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / a


@functools.lru_cache(maxsize=64)
def relu_units(width: int) -> Units:
    """The units of a ReLU layer: `K ~ Binomial(width, 1/2)` of them are active."""
    middle = width // 2
    up = np.arange(middle, width)
    rising = np.cumsum(np.log((width - up) / (up + 1)))
    down = np.arange(middle, 0, -1)
    falling = np.cumsum(np.log(down / (width - down + 1)))
    logs = np.concatenate([falling[::-1], [0.0], rising])
    weights = np.exp(logs)
    weights /= weights.sum()
    degrees = np.arange(width + 1.0)
    kept = (weights > NEGLIGIBLE) & (degrees > 0)
    return Units(
        degrees[kept],
        weights[kept],
        math.ldexp(1.0, -width),
        width / 2,
        functools.cache(lambda k: _binomial_moment(width, k) / Fraction(width, 2) ** k),
    )


@functools.lru_cache(maxsize=64)
def mirrored_units(width: int) -> Units:
    """The units of a mirrored layer: half of them are active, whatever the signs."""
    half = width // 2
    return Units(
        np.array([float(half)]),
        np.ones(1),
        0.0,
        float(half),
        functools.cache(lambda k: Fraction(math.prod(half + 2 * i for i in range(k)), half**k)),
    )


def _binomial_moment(width: int, k: int) -> Fraction:
    """`E K (K + 2) ... (K + 2k - 2)`, `K ~ Binomial(width, 1/2)`.

    By falling factorials: the mean of `K(K-1)...(K-j+1)` is that of `width` over `2**j`.
    """
    c = [1] + [0] * k
    for i in range(k):
        c = [(c[j - 1] if j else 0) + (j + 2 * i) * c[j] for j in range(k + 1)]
    return sum((Fraction(c[j] * math.perm(width, j), 1 << j) for j in range(k + 1)), Fraction(0))
