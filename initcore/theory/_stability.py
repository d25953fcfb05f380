"""Stable critical points, and which of them to start from."""

import math
from typing import NamedTuple

import numpy as np

from ..activations import Activation, activation_of
from ._check import Phi, depth_of, number, root_between
from ._criticality import critical_of, length_of, slope_spread
from ._mean_field import length_slope

__all__ = ["Held", "doubly_critical", "held", "held_by", "is_stable"]

FURTHER = np.geomspace(1.0, 8.0, 13)
SLACK = 1e-6  # tolerance on the length map's slope, which quadrature gives to about 1e-9
LENGTHS = np.geomspace(1e-3, 1e3, 37)


class Held(NamedTuple):
    """Gain of orthogonal weights, standard deviation of biases, and the mean square they keep.

    `kind` is `"isometric"` where the Jacobian has the wanted variance, and `"critical"` otherwise.

    Attributes:
        gain: Singular value of the weights.
        sigma_b: Standard deviation of the biases.
        q: Mean square of the pre-activations.
        kind: `"isometric"` or `"critical"`.
    """

    gain: float
    sigma_b: float
    q: float
    kind: str


def is_stable(activation: Phi, q: float, sigma_w: float) -> bool:
    """Whether the fixed point `q` is stable: the slope of the length map there is at most 1.

    Args:
        activation: A name or an elementwise callable on arrays.
        q: A fixed mean square of the pre-activations.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.

    Raises:
        ValueError: `q` or `sigma_w` is negative or not finite.

    >>> is_stable("tanh", 0.05, 1.0457659), is_stable("gelu", 0.05, 1.9)
    (True, False)
    """
    q, sigma_w = number("is_stable", "q", q), number("is_stable", "sigma_w", sigma_w)
    return length_slope(activation_of(activation), q, sigma_w) <= 1 + SLACK


def doubly_critical(activation: Phi) -> Held:
    """The critical point at which the length map has slope 1 too.

    To first order neither mean squares nor gradients nor the angles between gradients change there.
    The critical points of GELU and similar activations are unstable at smaller mean squares, and
    stable from this one on.

    Args:
        activation: A name or an elementwise callable on arrays.

    Raises:
        ValueError: There is none at mean squares between 1e-3 and 1e3.

    >>> point = doubly_critical("gelu")
    >>> round(point.gain**2, 5), round(point.sigma_b**2, 5)
    (1.98306, 0.17292)
    """
    phi = activation_of(activation)
    found = _crossing(phi)
    if found is None:
        raise ValueError(
            f"{phi.name} has no doubly critical point at mean squares from {LENGTHS[0]:g} to "
            f"{LENGTHS[-1]:g}."
        )
    return found


def _excess(phi: Activation, q: float) -> float | None:
    """The slope of the length map less 1, at the critical point of mean square `q`."""
    try:
        return length_slope(phi, q, critical_of(phi, q).sigma_w) - 1
    except ValueError:
        return None


def _crossing(phi: Activation) -> Held | None:
    """The mean squares above which the critical points are stable."""
    before: tuple[float, float] | None = None
    for q in map(float, LENGTHS):
        excess = _excess(phi, q)
        if excess is not None and before is not None and before[1] > SLACK and excess <= 0:
            root = root_between(
                lambda t: _excess(phi, math.exp(t)) or 0.0, math.log(before[0]), math.log(q),
                xtol=1e-12, rtol=1e-12,
            )  # fmt: skip
            return _held(phi, math.exp(root), "critical")
        before = None if excess is None else (q, excess)
    return None


def _held(phi: Activation, q: float, kind: str) -> Held:
    point = critical_of(phi, q)
    return Held(point.sigma_w, point.sigma_b, q, kind)


def held(activation: Phi, depth: int, variance: float = 0.25) -> Held:
    """A stable critical point for a network of `depth` layers with orthogonal weights.

    It is the point of `isometric` where that is stable, as for tanh. GELU and similar activations
    are stable beyond their doubly critical point. For these it is the stable point whose length map
    has the smallest slope, so that the fluctuations of a finite width die out. Otherwise it is the
    stable critical point whose Jacobian has the smallest variance.

    Args:
        activation: A name or an elementwise callable on arrays, not a homogeneous one.
        depth: Number of layers.
        variance: Wanted variance of the squared singular values of the Jacobian, mean 1.

    Raises:
        TypeError: `depth` is not an integer.
        ValueError: No critical point is stable: mean squares or gradients explode or vanish.

    >>> held("tanh", 200).kind, held("silu", 200).kind
    ('isometric', 'critical')
    """
    depth = depth_of("held", depth)
    variance = number("held", "variance", variance, positive=True)
    return held_by(activation_of(activation), depth, variance)


def held_by(phi: Activation, depth: int, variance: float = 0.25) -> Held:
    """The same of an `Activation`."""
    if phi.slopes is not None:
        raise ValueError(f"{phi.name} keeps every mean square, so that none is stable.")
    try:
        q = length_of(phi, depth, variance, gaussian=False)
        point = _held(phi, q, "isometric")
        if length_slope(phi, q, point.gain) <= 1 + SLACK:
            return point
    except ValueError:
        pass  # no mean square has that variance, or no critical point
    crossing = _crossing(phi)
    if crossing is not None:
        further = [(_excess(phi, q), q) for q in map(float, crossing.q * FURTHER)]
        *_, q = min((excess, q) for excess, q in further if excess is not None)
        return _held(phi, q, "critical")
    candidates = []
    for q in map(float, LENGTHS[::3]):
        excess = _excess(phi, q)
        if excess is not None and excess <= SLACK:
            candidates.append((slope_spread(phi, q, rough=True), abs(math.log(q)), q))
    if not candidates:
        raise ValueError(
            f"{phi.name} has no critical point that a network stays at: none is stable at "
            f"mean squares from {LENGTHS[0]:g} to {LENGTHS[-1]:g}."
        )
    least = min(candidates)[0]
    # Among nearly equal points, the one whose mean square is near 1, as that of inputs is.
    *_, q = min((c for c in candidates if c[0] <= 1.01 * least + 1e-9), key=lambda c: c[1])
    return _held(phi, q, "critical")
