"""Lengths and their gradients through a wide random network (Poole et al. 2016)."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .._activations import activation_of
from .._gain import gaussian_mean

__all__ = ["CriticalPoint", "critical_point", "fixed_point", "length_map", "susceptibility"]

Phi = str | Callable[..., Any]


class CriticalPoint(NamedTuple):
    """Deviations of weights (times `sqrt(fan_in)`) and biases, and the fixed length they have."""

    sigma_w: float
    sigma_b: float
    q: float


def length_map(activation: Phi, q: float, sigma_w: float, sigma_b: float) -> float:
    """The length after a layer: `sigma_w**2 E phi(sqrt(q) z)**2 + sigma_b**2`.

    Raises:
        ValueError: `q` or a deviation is negative.

    >>> round(length_map("relu", 3.0, 2**0.5, 0.0), 12)
    3.0
    """
    q, sigma_w, sigma_b = (
        _at_least_0("length_map", *pair)
        for pair in (("q", q), ("sigma_w", sigma_w), ("sigma_b", sigma_b))
    )
    phi, root = activation_of(activation), math.sqrt(q)
    kinks = tuple(k / root for k in phi.kinks) if root else ()
    second = gaussian_mean(lambda z: phi.value(root * z) ** 2, kinks)
    return sigma_w**2 * second + sigma_b**2


def susceptibility(activation: Phi, q: float, sigma_w: float) -> float:
    """`chi = sigma_w**2 E phi'(sqrt(q) z)**2`, the factor on a squared gradient a layer.

    Gradients vanish below 1 and explode above (Schoenholz et al. 2017).

    Raises:
        ValueError: `q` or `sigma_w` is negative.

    >>> round(susceptibility("tanh", 0.5, 1.68797512**0.5), 6)
    1.0
    """
    q = _at_least_0("susceptibility", "q", q)
    return _at_least_0("susceptibility", "sigma_w", sigma_w) ** 2 * _mean_square_slope(
        activation, q
    )


def fixed_point(activation: Phi, sigma_w: float, sigma_b: float) -> float:
    """The length `q` that the length map leaves unchanged and that depth leads to.

    Raises:
        ValueError: A deviation is negative, or lengths grow without bound.

    >>> point = critical_point("tanh", 0.5)
    >>> round(fixed_point("tanh", point.sigma_w, point.sigma_b), 6)
    0.5
    """
    from scipy.optimize import brentq

    def excess(q: float) -> float:
        return length_map(activation, q, sigma_w, sigma_b) - q

    high = 1.0
    while excess(high) > 0:
        high *= 4
        if high > 1e12:
            raise ValueError(
                f"lengths grow without bound at sigma_w = {sigma_w:g}, sigma_b = {sigma_b:g}; "
                "there is no fixed point."
            )
    low = high
    while excess(low) < 0:
        low /= 4
        if low < 1e-14:
            return 0.0
    return float(brentq(excess, low, high, xtol=1e-15, rtol=1e-14)) if low < high else low


def critical_point(activation: Phi, q: float) -> CriticalPoint:
    """The deviations at which lengths stay at `q` and squared gradients keep their size.

    `sigma_w**2 = 1 / E phi'(sqrt(q) z)**2`, `sigma_b**2 = q - sigma_w**2 E phi(sqrt(q) z)**2`.

    Raises:
        ValueError: `q` is not positive, or no bias deviation makes `q` a fixed length.

    >>> p = critical_point("tanh", 0.05)
    >>> round(p.sigma_w**2, 8), round(p.sigma_b**2, 10)
    (1.09362731, 0.0001282966)
    """
    q = _at_least_0("critical_point", "q", q)
    if q == 0:
        raise ValueError("critical_point needs q > 0, got 0.")
    sigma_w = _mean_square_slope(activation, q) ** -0.5
    variance = q - length_map(activation, q, sigma_w, 0.0)
    if variance < -1e-12 * q:
        raise ValueError(
            f"{activation} has no critical point at q = {q:g}: "
            "its length grows even without biases."
        )
    return CriticalPoint(sigma_w, math.sqrt(max(0.0, variance)), q)


def _mean_square_slope(activation: Phi, q: float) -> float:
    phi, root = activation_of(activation), math.sqrt(q)
    kinks = tuple(k / root for k in phi.kinks) if root else ()
    return gaussian_mean(lambda z: phi.slope(root * z) ** 2, kinks)


def _at_least_0(who: str, name: str, value: float) -> float:
    value = float(value)
    if not value >= 0 or math.isinf(value):
        raise ValueError(f"{who} needs {name} to be a finite number >= 0, got {value:g}.")
    return value
