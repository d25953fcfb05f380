"""Spectra of infinitely deep networks at a fixed variance (Pennington et al., AISTATS 2018)."""

import math
from typing import Any

import numpy as np

from .._check import choice, number
from ._continuous import Product
from ._free_moments import moment
from ._jacobian import Spectrum

__all__ = ["universal_spectrum"]

KINDS = ("bernoulli", "smooth")


class _Limit:
    """`log z = log w + variance * t`, where `w = 1 + 1 / m`.

    `t` is `m` for the smooth class and `m / (1 + m) = 1 / w` for the Bernoulli class.
    """

    anchors: tuple[float, ...] = (1.0,)

    def __init__(self, variance: float, smooth: bool) -> None:
        self._v, self._smooth = variance, smooth
        self.radii = (1e-13, 10 + 4 * variance)

    def rows(self, r: Any) -> Any:
        return (np.asarray(r),)

    def at(self, w: Any, rows: Any) -> tuple[Any, Any, Any]:
        m = 1 / (w - 1)
        if self._smooth:
            return np.log(w) + self._v * m, 1 - self._v * w * m * m, m
        return np.log(w) + self._v / w, 1 - self._v / w, m


def universal_spectrum(kind: str, variance: float = 0.25) -> Spectrum:
    """The limit of `jacobian_spectrum` as the depth grows and `q_for_depth` keeps `variance`.

    Orthogonal networks have one limit for all smooth activations, `S(m) = exp(-variance m)`, and
    one for all that are linear but for rare kinks, `S(m) = exp(-variance m / (1 + m))`
    (Pennington et al. 2018, section 4.3).

    Args:
        kind: `"smooth"` (tanh, erf, ...) or `"bernoulli"` (hard tanh, ...).
        variance: Variance of the squared singular values, positive.

    Raises:
        ValueError: The kind is another word, or the variance is not positive.

    >>> low, high = universal_spectrum("smooth").edges
    >>> round(low**0.5, 5), round(high**0.5, 5)
    (0.56685, 1.55684)
    """
    smooth = choice("universal_spectrum", "kind", kind, KINDS) == "smooth"
    v = number("universal_spectrum", "variance", variance, positive=True)
    # the pole of M at w = 1 is an atom where z(w) passes it rising
    atoms = () if smooth or v >= 1 else ((math.exp(v), 1 - v),)

    def moments(k: int) -> float:
        n = np.arange(max(k, 2))
        log_s = np.where(n == 1, -v, 0.0) if smooth else np.where(n > 0, v * (-1.0) ** n, 0.0)
        return moment(log_s, k)

    return Spectrum(Product(_Limit(v, smooth)), atoms, v, moments)
