"""Where gradients neither vanish nor explode, and how to get there from a depth."""

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
    """Deviations of weights (times `sqrt(fan_in)`) and biases, and the fixed length they have."""

    sigma_w: float
    sigma_b: float
    q: float


class CriticalLine(NamedTuple):
    """Arrays `sigma_w`, `sigma_b` of the critical points at the lengths `q`."""

    sigma_w: Any
    sigma_b: Any
    q: Any


class Isometry(NamedTuple):
    """Gain of orthogonal weights, standard deviation of biases, and the mean square they keep."""

    gain: float
    sigma_b: float
    q: float

    @property
    def sigma_w(self) -> float:
        """The gain by its name in the mean field."""
        return self.gain


def critical_point(activation: Phi, q: float) -> CriticalPoint:
    """The standard deviations that keep mean squares at `q` and gradients at their size.

    `sigma_w**2 = 1 / E phi'(sqrt(q) z)**2`, `sigma_b**2 = q - sigma_w**2 E phi(sqrt(q) z)**2`
    (Pennington et al., NeurIPS 2017, eq. 9).

    Args:
        activation: A name or an elementwise callable on arrays.
        q: The wanted mean square of the pre-activations.

    Raises:
        ValueError: `q` is not positive, or no standard deviation of the biases makes `q` a fixed
            length.

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
            f"{phi.name} has no critical point at q = {q:g}: at sigma_w = {slope**-0.5:g} lengths "
            "grow even without biases."
        )
    # what is left of a homogeneous activation's exact zero is rounding
    exact = 0.0 if variance < 4e-16 * q or phi.slopes else variance
    return CriticalPoint(slope**-0.5, math.sqrt(exact), q)


def critical_line(activation: Phi, q: Any = None) -> CriticalLine:
    """The critical points at all lengths `q` that have one.

    Args:
        activation: A name or an elementwise callable on arrays.
        q: Lengths, positive; 161 of them from 1e-4 to 1e4 by default.

    Raises:
        ValueError: A length is not positive, or none of them has a critical point.

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
        raise ValueError(trouble or "critical_line needs at least one length q, got none.")
    return CriticalLine(*np.array(found).T)


def phase(activation: Phi, sigma_w: float, sigma_b: float = 0.0, *, tolerance: float = 1e-6) -> str:
    """`"ordered"`, `"critical"` or `"chaotic"`: `chi` below, at or above 1.

    In the ordered phase different inputs become alike and gradients vanish; in the chaotic one
    alike inputs part and gradients explode (Poole et al. 2016, section 2.2). Where lengths grow
    without bound there is no fixed point to be critical at, and the phase is chaotic.

    Args:
        activation: A name or an elementwise callable on arrays.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.
        tolerance: `|chi - 1|` up to which a point is critical.

    Raises:
        ValueError: A deviation or `tolerance` is negative or not finite.

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

    The rounding of `phi'` limits it where it is tiny, so it is computed to 1e-9 at best, and less
    finely for slopes by differences, whose precision is `eps**(6/7)`.
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
        ValueError: No length has that variance: gaussian weights alone bring `depth`, a ReLU of
            orthogonal ones too.

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
    """The smallest length of that variance of an `Activation`."""
    target = variance / depth - gaussian
    if target <= 0:
        raise ValueError(
            f"q_for_depth needs a variance above depth = {depth} with gaussian weights, which "
            f"bring that much by themselves, got {variance:g}; orthogonal weights bring none."
        )
    if phi.slopes is not None:
        own = depth * (slope_spread(phi, 1.0) + gaussian)
        raise ValueError(
            f"{phi.name} has the same Jacobian at every length: its variance at depth {depth} is "
            f"{own:g}, whatever q."
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
        f"{phi.name} reaches no Jacobian variance of {variance:g} at depth {depth}: as q goes to 0 "
        f"it goes to {least:g}."
    )


def isometric(activation: Phi, depth: int, variance: float = 0.25) -> Isometry:
    """The gain of orthogonal weights and the deviation of biases for which the Jacobian of `depth`
    layers has squared singular values of mean 1 and the given `variance`.

    The critical point at `q_for_depth`. 1/4 is the value at which Pennington et al. (AISTATS
    2018, section 4) compare activations; smaller is nearer to isometry and to a linear network.

    Args:
        activation: A name or an elementwise callable on arrays.
        depth: Number of layers.
        variance: Variance of the squared singular values, or a bound on it for a homogeneous
            activation, which has the same one at every length.

    Raises:
        TypeError: `depth` is not an integer.
        ValueError: No length has that variance.

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
                f"its Jacobian has variance {own:g} at every length; initcore.mirrored makes one."
            )
        return Isometry(mean_square_slope(phi, 1.0) ** -0.5, 0.0, 1.0)
    point = critical_of(phi, length_of(phi, depth, variance, gaussian=False))
    return Isometry(*point)
