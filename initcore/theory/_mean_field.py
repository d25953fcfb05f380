"""Mean squares and their gradients through a wide random network (Poole et al., NeurIPS 2016).

The helpers take an `Activation`, so that a callable is examined only once.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from ..activations import Activation, activation_of, mean, rough_mean
from ._check import Phi, number, root_between

__all__ = [
    "FixedPoint",
    "fixed_point",
    "fixed_points",
    "led_to",
    "length_map",
    "length_slope",
    "mean_square",
    "mean_square_slope",
    "points_of",
    "settled_length",
    "susceptibility",
]


H = 1e-3  # step of differences, relative


class FixedPoint(NamedTuple):
    """A mean square that a layer leaves unchanged, and the slope of the length map there.

    It is stable where nearby mean squares move towards it.

    Attributes:
        q: Mean square of the pre-activations.
        slope: Derivative of the length map at `q`.
        stable: Whether mean squares near `q` approach it.
    """

    q: float
    slope: float
    stable: bool


def mean_square(phi: Activation, q: float, beside: float = 0.0) -> float:
    """`E phi(sqrt(q) z)**2`, to the precision of its sum with `beside`."""
    if phi.moments:
        return phi.moments(q)[0]
    return mean(lambda x: phi.value(x) ** 2, phi, q, beside=beside)


def mean_square_slope(phi: Activation, q: float) -> float:
    """`E phi'(sqrt(q) z)**2`."""
    return phi.moments(q)[1] if phi.moments else mean(lambda x: phi.derivative(x) ** 2, phi, q)


def length_map(activation: Phi, q: float, sigma_w: float, sigma_b: float = 0.0) -> float:
    """The mean square after a layer: `sigma_w**2 E phi(sqrt(q) z)**2 + sigma_b**2`.

    Poole et al. 2016, eq. 3.

    Args:
        activation: A name or an elementwise callable on arrays.
        q: Mean square of the pre-activations before the layer.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.

    Raises:
        ValueError: `q` or a standard deviation is negative or not finite.

    >>> round(length_map("relu", 3.0, 2**0.5), 12)
    3.0
    """
    q, sigma_w, sigma_b = (
        number("length_map", *pair)
        for pair in (("q", q), ("sigma_w", sigma_w), ("sigma_b", sigma_b))
    )
    return sigma_w**2 * mean_square(activation_of(activation), q) + sigma_b**2


def susceptibility(activation: Phi, q: float, sigma_w: float) -> float:
    """`chi = sigma_w**2 E phi'(sqrt(q) z)**2`, a layer's factor on the mean squared gradient.

    Gradients vanish below 1 and explode above (Schoenholz et al., ICLR 2017, eq. 4).

    Args:
        activation: A name or an elementwise callable on arrays.
        q: Mean square of the pre-activations.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.

    Raises:
        ValueError: `q` or `sigma_w` is negative or not finite.

    >>> round(susceptibility("tanh", 0.5, 1.68797512**0.5), 8)
    1.0
    """
    q = number("susceptibility", "q", q)
    sigma_w = number("susceptibility", "sigma_w", sigma_w)
    return sigma_w**2 * mean_square_slope(activation_of(activation), q)


def length_slope(phi: Activation, q: float, sigma_w: float) -> float:
    """Slope of the length map: `sigma_w**2 E[phi(u) phi'(u) u] / q` at `u = sqrt(q) z`."""
    if q == 0:
        return sigma_w**2 * mean_square_slope(phi, 1e-30)
    q = max(q, 1e-12)  # below this, the slope is the same, and rounding hides it
    if phi.moments and q > 10:  # where the sine of u oscillates too often to be integrated
        up, down, far_up, far_down = (phi.moments(q * (1 + s))[0] for s in (H, -H, 2 * H, -2 * H))
        return sigma_w**2 * (8 * (up - down) - (far_up - far_down)) / (12 * H * q)

    def product(u: Any) -> Any:
        return phi.value(u) * phi.derivative(u)

    rounding = 1e-3 * abs(float(product(np.zeros(1))[0])) * math.sqrt(q)
    odd = mean(lambda u: u * (product(u) - product(-u)) / 2, phi, q, beside=rounding)
    return sigma_w**2 * odd / q


def fixed_points(activation: Phi, sigma_w: float, sigma_b: float = 0.0) -> tuple[FixedPoint, ...]:
    """All mean squares `q` with `length_map(q) == q`, smallest first, with their stability.

    Args:
        activation: A name or an elementwise callable on arrays.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.

    Raises:
        ValueError: A standard deviation is negative, or every mean square is a fixed point (a
            homogeneous activation at its critical `sigma_w` without biases).

    >>> [(round(p.q, 6), p.stable) for p in fixed_points("tanh", 1.5)]
    [(0.0, False), (0.793354, True)]
    """
    sigma_w = number("fixed_points", "sigma_w", sigma_w)
    sigma_b = number("fixed_points", "sigma_b", sigma_b)
    return points_of(activation_of(activation), sigma_w, sigma_b)


def points_of(phi: Activation, sigma_w: float, sigma_b: float) -> tuple[FixedPoint, ...]:
    """The fixed points of an `Activation`."""
    if phi.slopes is not None:
        return _homogeneous_points(phi, sigma_w, sigma_b)

    def excess(q: float) -> float:
        return sigma_w**2 * mean_square(phi, q, q / (sigma_w**2 or 1.0)) + sigma_b**2 - q

    found = [] if excess(0.0) > 0 else [_described(phi, 0.0, sigma_w, excess)]
    found += [_described(phi, q, sigma_w, excess) for q in _roots(phi, sigma_w, sigma_b, excess)]
    return tuple(found)


def _homogeneous_points(phi: Activation, sigma_w: float, sigma_b: float) -> tuple[FixedPoint, ...]:
    """`q = slope * q + sigma_b**2`."""
    slope = sigma_w**2 * mean_square_slope(phi, 1.0)
    if abs(slope - 1) < 1e-12:
        if sigma_b == 0:
            raise ValueError(
                f"every mean square is a fixed point of {phi.name} at sigma_w = {sigma_w:g} "
                "without biases: mean squares do not change."
            )
        return ()
    if slope > 1:
        return (FixedPoint(0.0, slope, False),) if sigma_b == 0 else ()
    return (FixedPoint(sigma_b**2 / (1 - slope), slope, True),)


def _roots(phi: Activation, sigma_w: float, sigma_b: float, excess: Any) -> list[float]:
    """Positive roots of `excess`, from sign changes on a grid of 20 points a decade.

    Points between them at which `excess` touches 0 are roots, too.
    """
    from scipy.optimize import minimize_scalar

    def rough(q: float) -> float:
        return phi.moments(q)[0] if phi.moments else rough_mean(lambda x: phi.value(x) ** 2, phi, q)

    low = min(1e-12, sigma_b**2 / 2) if sigma_b else 1e-12
    grid = np.geomspace(low, 1e8, int(20 * math.log10(1e8 / low)))
    # relative, so that rounding is the same everywhere
    e = np.array([(sigma_w**2 * rough(q) + sigma_b**2) / q - 1 for q in grid.tolist()])
    e[abs(e) < max(2e-14, 16 * phi.eps)] = 0.0
    roots = []
    for i in range(len(grid) - 1):
        if min(e[i], e[i + 1]) < 0 < max(e[i], e[i + 1]) < math.inf:
            roots.append(root_between(excess, grid[i], grid[i + 1], xtol=1e-300, rtol=1e-14))
    for i in range(1, len(grid) - 1):
        # no such mean falls from 1/2 to 0 within a step
        near = 0 < abs(e[i]) <= min(abs(e[i - 1]), abs(e[i + 1]), 0.5)
        if near and np.sign(e[i - 1]) == np.sign(e[i + 1]):
            sign = math.copysign(1.0, e[i])
            best = minimize_scalar(
                lambda t, sign=sign: sign * excess(math.exp(t)) / math.exp(t),
                bounds=(math.log(grid[i - 1]), math.log(grid[i + 1])),
                method="bounded",
                options={"xatol": 1e-10},
            )
            q = math.exp(best.x)
            if best.fun < -1e-13:  # it dips through: two roots
                ends = ((grid[i - 1], q), (q, grid[i + 1]))
                roots += [root_between(excess, a, b, xtol=1e-300, rtol=1e-14) for a, b in ends]
            elif best.fun < 1e-12:
                roots.append(q)
    return sorted(roots)


def _described(phi: Activation, q: float, sigma_w: float, excess: Any) -> FixedPoint:
    slope = length_slope(phi, q, sigma_w)
    if abs(slope - 1) > 1e-7:
        return FixedPoint(q, slope, abs(slope) < 1)
    above, below = (1.001 * q, 0.999 * q) if q else (1e-6, 0.0)
    return FixedPoint(q, slope, bool(excess(above) < 0 and (q == 0 or excess(below) > 0)))


def fixed_point(activation: Phi, sigma_w: float, sigma_b: float = 0.0) -> float:
    """The mean square `q` that a deep network reaches from 1: `length_map(q) == q`.

    Args:
        activation: A name or an elementwise callable on arrays.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.

    Raises:
        ValueError: A standard deviation is negative, mean squares grow without bound, or every mean
            square is a fixed point (a homogeneous activation at its critical `sigma_w`).

    >>> round(fixed_point("relu", 1.0, 0.5), 12)
    0.5
    """
    sigma_w = number("fixed_point", "sigma_w", sigma_w)
    sigma_b = number("fixed_point", "sigma_b", sigma_b)
    phi = activation_of(activation)
    q = led_to(phi, sigma_w, sigma_b)
    if q is None:
        raise ValueError(
            f"mean squares of {phi.name} grow without bound at sigma_w = {sigma_w:g}, "
            f"sigma_b = {sigma_b:g}: they have no fixed point."
        )
    return q


def led_to(phi: Activation, sigma_w: float, sigma_b: float) -> float | None:
    """The fixed point that is reached from mean square 1, None if there is no bound."""
    points = [p.q for p in points_of(phi, sigma_w, sigma_b)]
    rises = sigma_w**2 * mean_square(phi, 1.0) + sigma_b**2 - 1
    if abs(rises) < 1e-12 and any(abs(q - 1) < 1e-6 for q in points):
        return min(points, key=lambda q: abs(q - 1))
    ahead = [q for q in points if (q > 1 if rises > 0 else q <= 1)]
    return min(ahead, key=lambda q: abs(q - 1), default=None)


def settled_length(phi: Activation, sigma_w: float, sigma_b: float) -> float | None:
    """`led_to`, or 1 where a homogeneous activation keeps every mean square."""
    if phi.slopes is not None and sigma_b == 0:
        slope = sigma_w**2 * mean_square_slope(phi, 1.0)
        if abs(slope - 1) < 1e-12:
            return 1.0
    return led_to(phi, sigma_w, sigma_b)
