"""Critical points, where gradients neither vanish nor explode, and the one for a given depth."""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ..activations import Activation, activation_of, mean, rough_mean
from ._check import Phi, choice, depth_of, number, root_between
from ._mean_field import mean_square, mean_square_slope, settled_length

__all__ = [
    "CriticalLine",
    "CriticalPoint",
    "Isometry",
    "critical_line",
    "critical_point",
    "isometric",
    "phase",
    "q_for_depth",
    "slope_spread",
]

WEIGHTS = ("orthogonal", "gaussian")


class CriticalPoint(NamedTuple):
    """Standard deviations of weights (times `sqrt(fan_in)`) and biases, and the fixed point.

    Attributes:
        sigma_w: Standard deviation of the weights, times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.
        q: Mean square of the pre-activations, which every layer keeps.
    """

    sigma_w: float
    sigma_b: float
    q: float


class CriticalLine(NamedTuple):
    """Arrays `sigma_w`, `sigma_b` of the critical points at the mean squares `q`.

    Attributes:
        sigma_w: Standard deviations of the weights, times `sqrt(fan_in)`.
        sigma_b: Standard deviations of the biases.
        q: Mean squares of the pre-activations.
    """

    sigma_w: Any
    sigma_b: Any
    q: Any


class Isometry(NamedTuple):
    """Gain of orthogonal weights, standard deviation of biases, and the mean square they keep.

    Attributes:
        gain: Singular value of the weights.
        sigma_b: Standard deviation of the biases.
        q: Mean square of the pre-activations.
    """

    gain: float
    sigma_b: float
    q: float

    @property
    def sigma_w(self) -> float:
        """The gain, under its name in mean-field theory."""
        return self.gain


def critical_point(activation: Phi, q: float) -> CriticalPoint:
    """The standard deviations that keep mean squares at `q` and the size of gradients.

    `sigma_w**2 = 1 / E phi'(sqrt(q) z)**2`, `sigma_b**2 = q - sigma_w**2 E phi(sqrt(q) z)**2`
    (Pennington et al., NeurIPS 2017, eq. 9).

    Args:
        activation: A name or an elementwise callable on arrays.
        q: The wanted mean square of the pre-activations.

    Raises:
        ValueError: `q` is not positive, or no standard deviation of the biases makes `q` a fixed
            point.

    >>> p = critical_point("tanh", 0.05)
    >>> round(p.sigma_w**2, 8), round(p.sigma_b**2, 10)
    (1.09362731, 0.0001282966)
    """
    return critical_of(activation_of(activation), number("critical_point", "q", q, positive=True))


def critical_of(phi: Activation, q: float) -> CriticalPoint:
    """The critical point of an `Activation`."""
    slope = mean_square_slope(phi, q)
    if not (0 < slope < math.inf):
        raise ValueError(
            f"{phi.name} has no critical point at q = {q:g}: its mean squared slope is {slope:g}."
        )
    variance = q - mean_square(phi, q) / slope
    if variance < -max(1e-12, 64 * phi.eps) * q:
        raise ValueError(
            f"{phi.name} has no critical point at q = {q:g}: at sigma_w = {slope**-0.5:g} "
            "mean squares grow even without biases."
        )
    # a homogeneous activation's exact zero, but for rounding
    exact = 0.0 if variance < 4e-16 * q or phi.slopes else variance
    return CriticalPoint(slope**-0.5, math.sqrt(exact), q)


def critical_line(activation: Phi, q: Any = None) -> CriticalLine:
    """The critical points at all mean squares `q` that have one.

    Args:
        activation: A name or an elementwise callable on arrays.
        q: Mean squares, positive; 161 of them from 1e-4 to 1e4 by default.

    Raises:
        ValueError: A mean square is not positive, or none of them has a critical point.

    >>> line = critical_line("tanh", [0.05, 0.5])
    >>> line.sigma_w.round(6).tolist()
    [1.045766, 1.299221]
    """
    phi = activation_of(activation)
    lengths = np.geomspace(1e-4, 1e4, 161) if q is None else np.atleast_1d(q)
    found, trouble = [], ""
    for length in lengths:
        value = number("critical_line", "q", length, positive=True)
        try:
            found.append(critical_of(phi, value))
        except ValueError as error:
            trouble = str(error)
    if not found:
        raise ValueError(trouble or "critical_line needs at least one mean square q, got none.")
    return CriticalLine(*np.array(found).T)


def phase(activation: Phi, sigma_w: float, sigma_b: float = 0.0, *, tolerance: float = 1e-6) -> str:
    """`"ordered"`, `"critical"` or `"chaotic"`: `chi` below, at or above 1.

    In the ordered phase different inputs become alike and gradients vanish. In the chaotic phase
    similar inputs grow apart and gradients explode (Poole et al. 2016, section 2.2). Where mean
    squares grow without bound there is no fixed point, and the phase is chaotic.

    Args:
        activation: A name or an elementwise callable on arrays.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.
        tolerance: A point is critical where `|chi - 1|` is at most this.

    Raises:
        ValueError: A standard deviation or `tolerance` is negative or not finite.

    >>> phase("tanh", 0.9), phase("tanh", 1.0), phase("tanh", 1.5, 0.1), phase("relu", 2**0.5)
    ('ordered', 'critical', 'chaotic', 'critical')
    """
    sigma_w = number("phase", "sigma_w", sigma_w)
    sigma_b = number("phase", "sigma_b", sigma_b)
    tolerance = number("phase", "tolerance", tolerance)
    phi = activation_of(activation)
    q = settled_length(phi, sigma_w, sigma_b)
    if q is None:
        return "chaotic"
    excess = sigma_w**2 * mean_square_slope(phi, max(q, 1e-30)) - 1
    return "critical" if abs(excess) <= tolerance else "ordered" if excess < 0 else "chaotic"


def slope_spread(phi: Activation, q: float, *, rough: bool = False) -> float:
    """`mu_2 / mu_1**2 - 1`, `mu_k = E phi'(sqrt(q) z)**(2 k)`, as the mean of a square.

    Where the result is tiny, the rounding of `phi'` limits it. So it is computed to 1e-9 at best,
    and less finely for slopes by differences, whose precision is `eps**(6/7)`.
    """
    first = mean_square_slope(phi, q)

    def square(x: Any) -> Any:
        return (phi.derivative(x) ** 2 / first - 1) ** 2

    about = rough_mean(square, phi, q)
    if rough:
        return about
    if not about < 1e-6:
        return mean(square, phi, q)
    left = 4 * phi.eps ** (6 / 7) * math.sqrt(about)
    return mean(square, phi, q, rel=1e-9, beside=left / 1e-9)


def q_for_depth(
    activation: Phi, depth: int, variance: float = 0.25, *, weights: str = "orthogonal"
) -> float:
    """The smallest mean square `q` for which `jacobian_spectrum` has `variance` at this depth.

    Solves `depth * (mu_2 / mu_1**2 - 1 - s_1) = variance` (Pennington et al., AISTATS 2018,
    eq. 22).

    Args:
        activation: A name or an elementwise callable on arrays.
        depth: Number of layers.
        variance: Wanted variance of the squared singular values of the Jacobian, mean 1.
        weights: `"orthogonal"` (`s_1 = 0`) or `"gaussian"` (`s_1 = -1`).

    Raises:
        TypeError: `depth` is not an integer.
        ValueError: No mean square has that variance. Gaussian weights alone have variance `depth`,
            and so has ReLU with orthogonal weights.

    >>> q = q_for_depth("hard_tanh", 100)
    >>> from scipy.special import erf
    >>> round(float(100 * (1 / erf((2 * q) ** -0.5) - 1)), 9)
    0.25
    """
    depth = depth_of("q_for_depth", depth)
    variance = number("q_for_depth", "variance", variance, positive=True)
    choice("q_for_depth", "weights", weights, WEIGHTS)
    return length_of(activation_of(activation), depth, variance, weights == "gaussian")


def length_of(phi: Activation, depth: int, variance: float, gaussian: bool) -> float:
    """`q_for_depth` of an `Activation`."""
    target = variance / depth - gaussian
    if target <= 0:
        raise ValueError(
            f"q_for_depth needs a variance above depth = {depth} with gaussian weights, which "
            f"alone have that variance, got {variance:g}; use orthogonal weights for less."
        )
    if phi.slopes is not None:
        own = depth * (slope_spread(phi, 1.0) + gaussian)
        raise ValueError(
            f"{phi.name} has the same Jacobian at every mean square: its variance at depth "
            f"{depth} is {own:g}, whatever q."
        )
    grid = np.geomspace(1e-14, 1e6, 201)
    spread = slope_spread(phi, float(grid[0]), rough=True)
    for low, high in itertools.pairwise(grid):
        before, spread = spread, slope_spread(phi, float(high), rough=True)
        if before <= target < spread:
            root = root_between(
                lambda t: slope_spread(phi, math.exp(t)) / target - 1,
                math.log(low), math.log(high), xtol=1e-14, rtol=1e-14,
            )  # fmt: skip
            return math.exp(root)
    least = depth * (slope_spread(phi, 1e-14, rough=True) + gaussian)
    raise ValueError(
        f"{phi.name} has no Jacobian variance of {variance:g} at depth {depth}: as q goes to 0 "
        f"it goes to {least:g}."
    )


def isometric(activation: Phi, depth: int, variance: float = 0.25) -> Isometry:
    """The critical point at which the Jacobian of `depth` layers has the given `variance`.

    It has the gain of orthogonal weights and the standard deviation of biases at `q_for_depth`; the
    squared singular values of the Jacobian have mean 1. Pennington et al. (AISTATS 2018, section 4)
    compare activations at variance 1/4. A smaller variance is nearer to isometry, and to a linear
    network.

    Args:
        activation: A name or an elementwise callable on arrays.
        depth: Number of layers.
        variance: Variance of the squared singular values. For a homogeneous activation, whose
            variance is the same at every mean square, a bound on it.

    Raises:
        TypeError: `depth` is not an integer.
        ValueError: No mean square has that variance.

    >>> [round(number, 6) for number in isometric("tanh", 200)]
    [1.012968, 0.001705, 0.013305]
    """
    depth = depth_of("isometric", depth)
    variance = number("isometric", "variance", variance, positive=True)
    phi = activation_of(activation)
    if phi.slopes is not None:
        own = depth * slope_spread(phi, 1.0)
        if own > variance:
            raise ValueError(
                f"no {phi.name} network of {depth} layers with independent weights is isometric: "
                f"its Jacobian has variance {own:g} at every mean square; initcore.mirrored "
                "makes one."
            )
        return Isometry(mean_square_slope(phi, 1.0) ** -0.5, 0.0, 1.0)
    point = critical_of(phi, length_of(phi, depth, variance, gaussian=False))
    return Isometry(*point)
