"""The spectrum of a deep network's Jacobian (Pennington, Schoenholz & Ganguli, AISTATS 2018)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...activations import activation_of
from ...arguments import short_repr
from .._check import Phi, choice, depth_of, number
from .._criticality import WEIGHTS, slope_spread
from ._continuous import Continuous, OneLayer, Product
from ._free_moments import log_s_series, moment
from ._slope_law import SlopeLaw
from ._subordination import Free

__all__ = ["Spectrum", "jacobian_spectrum"]

VISIBLE = 1e-12  # atoms below this are rounding
NARROW = 1e-7  # below this variance a part of the spectrum is too near to 1 to be resolved


class Spectrum:
    """The distribution of a squared singular value: a density between `edges`, and atoms.

    Attributes:
        atoms: `(value, mass)` pairs, values ascending. At variances below 1e-7 the part that is too
            near to 1 to be distinguished from it is an atom, too.
        edges: `(low, high)` of the continuous part, None where there is none. A thin tail, less
            than 1e-8 of the mass, may lie outside.
        bands: `(low, high)` of each interval with a density.
        log_bands: The same for `log x`; the values of deep ReLU networks leave the range of floats.
        variance: Variance of the squared singular value.

    Args:
        continuous: The part with a density; `jacobian_spectrum` makes it.
        moments: Function of the order `k`.
    """

    def __init__(
        self,
        continuous: Continuous,
        atoms: tuple[tuple[float, float], ...],
        variance: float,
        moments: Callable[[int], float],
    ) -> None:
        self._continuous, self._moments = continuous, moments
        self.atoms = atoms
        self.variance = variance
        self.log_bands = tuple(continuous.bands)
        self.bands = tuple((_exp(low), _exp(high)) for low, high in continuous.bands)
        if self.bands and continuous.to_zero:
            self.bands = ((0.0, self.bands[0][1]), *self.bands[1:])
        self.edges = (self.bands[0][0], self.bands[-1][1]) if self.bands else None

    def __repr__(self) -> str:
        atoms = ", ".join(f"{mass:.6g} at {place:.6g}" for place, mass in self.atoms) or "none"
        edges = "none" if self.edges is None else f"{self.edges[0]:.6g} to {self.edges[1]:.6g}"
        return f"Spectrum(variance {self.variance:.6g}; density {edges}; atoms {atoms})"

    def density(self, x: Any) -> Any:
        """Density of the continuous part at the squared singular values `x`, in their shape."""
        given = np.asarray(x, dtype=np.float64)
        flat = given.reshape(-1)
        found = np.zeros(flat.size)
        positive = flat > 0
        found[positive] = self._continuous.density(np.log(flat[positive])) / flat[positive]
        return found.reshape(given.shape) if given.ndim else float(found[0])

    def singular_density(self, s: Any) -> Any:
        """Density of the continuous part of the singular value itself, `2 s density(s**2)`."""
        s = np.asarray(s, dtype=np.float64)
        return 2 * s * self.density(s * s)

    def log_density(self, log_x: Any) -> Any:
        """Density of the continuous part of `log x`, for spectra that leave the range of floats."""
        given = np.asarray(log_x, dtype=np.float64)
        found = self._continuous.density(given.reshape(-1))
        return found.reshape(given.shape) if given.ndim else float(found[0])

    def cdf(self, x: Any) -> Any:
        """Probability of at most `x`, atoms included, an array of the shape of `x`."""
        given = np.asarray(x, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_x = np.where(given > 0, np.log(given), -np.inf).reshape(-1)
        total = np.where(given.reshape(-1) >= 0, self._total(log_x), 0.0)
        return total.reshape(given.shape) if given.ndim else float(total[0])

    def _total(self, log_x: Any) -> Any:
        total = self._continuous.below(np.maximum(log_x, -1e6)) if self.bands else 0.0 * log_x
        total = np.where(np.isneginf(log_x), 0.0, total)
        for place, mass in self.atoms:
            total = total + mass * (log_x >= (math.log(place) - 1e-13 if place else -np.inf))
        return np.minimum(total, 1.0)

    def quantile(self, p: Any) -> Any:
        """The smallest `x` with `cdf(x) >= p`, of the shape of `p`, by bisection in `log x`.

        Raises:
            ValueError: A probability is outside [0, 1].
        """
        given = np.asarray(p, dtype=np.float64)
        if not np.all((given >= 0) & (given <= 1)):
            raise ValueError(f"quantile needs probabilities in [0, 1], got {short_repr(p)}.")
        places = [math.log(place) for place, _ in self.atoms if place]
        ends = [e for band in self._continuous.bands for e in band] + places
        zero = sum(mass for place, mass in self.atoms if place == 0)
        flat = given.reshape(-1)
        low = np.full(flat.size, min(ends, default=0.0) - 1e-9)
        high = np.full(flat.size, max(ends, default=0.0) + 1e-9)
        for _ in range(70):
            middle = (low + high) / 2
            up = self._total(middle) < flat * (1 - 1e-14)
            low, high = np.where(up, middle, low), np.where(up, high, middle)
        found = np.where(flat <= zero, 0.0, np.exp(high))
        return found.reshape(given.shape) if given.ndim else float(found[0])

    def moment(self, k: int) -> float:
        """`E x**k`, exactly, from the power series of the S-transform.

        Raises:
            TypeError: `k` is not an integer.
            ValueError: `k` is negative.
        """
        if isinstance(k, bool) or not hasattr(k, "__index__"):
            raise TypeError(f"moment needs k to be an integer >= 0, got {short_repr(k)}.")
        if k < 0:
            raise ValueError(f"moment needs k to be an integer >= 0, got {short_repr(k)}.")
        return 1.0 if k == 0 else self._moments(int(k))


def jacobian_spectrum(
    activation: Phi, depth: int, *, q: float | None = None, weights: str = "orthogonal"
) -> Spectrum:
    """The distribution of squared singular values of the Jacobian of `depth` wide layers, mean 1.

    The layers' pre-activations have mean square `q`, and `sigma_w` has its critical value. Another
    `sigma_w` multiplies every squared singular value by `chi**depth`. The spectrum is computed from
    `S_JJ = (S_DD S_WW)**depth` (Pennington et al. 2018, eq. 13) for any activation.

    Args:
        activation: A name or an elementwise callable on arrays.
        depth: Number of layers, each weights and then the activation.
        q: Mean square of the pre-activations, positive. It is optional for homogeneous activations
            such as ReLU, where it has no effect.
        weights: `"orthogonal"`, or `"gaussian"` for independent entries.

    Raises:
        TypeError: `depth` is not an integer.
        ValueError: `q` is missing or not positive, `weights` is another word, or the slopes at `q`
            turn too often or differ from 0 too rarely to be resolved.

    >>> relu = jacobian_spectrum("relu", 8)
    >>> relu.atoms, [round(e, 5) for e in relu.edges]
    (((0.0, 0.5),), [0.0, 20.372])
    >>> from initcore.theory import q_for_depth
    >>> tanh = jacobian_spectrum("tanh", 100, q=q_for_depth("tanh", 100))
    >>> round(tanh.variance, 9), [round(e, 2) for e in tanh.edges]
    (0.25, [0.11, 2.26])
    """
    depth = depth_of("jacobian_spectrum", depth)
    gaussian = choice("jacobian_spectrum", "weights", weights, WEIGHTS) == "gaussian"
    phi = activation_of(activation)
    if q is None:
        if phi.slopes is None:
            raise ValueError(
                f"jacobian_spectrum needs the mean square q of the pre-activations of {phi.name}; "
                "q_for_depth gives the one of a wanted variance."
            )
        q = 1.0
    q = number("jacobian_spectrum", "q", q, positive=True)
    law = SlopeLaw(phi, q)
    atoms = []
    for place, mass in zip(law.places.tolist(), law.masses.tolist(), strict=True):
        if place == 0:
            atoms.append((0.0, mass))
        elif not gaussian and 1 - depth * (1 - mass) > VISIBLE:
            atoms.append((_exp(depth * math.log(place)), 1 - depth * (1 - mass)))
    continuous: Continuous
    if depth == 1 and not gaussian:
        continuous = OneLayer(law)
    else:
        continuous = Product(Free(law, depth, gaussian))
    variance = depth * (slope_spread(phi, q) + gaussian)
    if variance < NARROW:  # the rest is too near to 1 to be resolved
        rest = 1 - sum(mass for _, mass in atoms) - float(continuous.below(np.ones(1))[0])
        atoms.append((1.0, rest))
    atoms = [(place, mass) for place, mass in atoms if mass > VISIBLE]

    def moments(k: int) -> float:
        log_s = depth * log_s_series(law.moments(max(k, 2)))
        n = np.arange(1, log_s.size)
        log_s[1:] += gaussian * depth * (-1.0) ** n / n  # of 1 / (1 + m)
        return moment(log_s, k)

    return Spectrum(continuous, tuple(atoms), variance, moments)


def _exp(x: float) -> float:
    return math.exp(x) if x < 709 else math.inf
