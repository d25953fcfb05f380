"""The gain of an activation: what weights are multiplied by to keep the second moment."""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._activations import Activation, activation_of

__all__ = ["gain", "gaussian_mean"]

REACH = 12.0  # deviations to integrate over: the normal weight beyond is below 1e-31


def gain(activation: str | Callable[..., Any], **parameters: float) -> float:
    """`1 / sqrt(E[phi(z)**2])`, `z` standard normal: after it the second moment is 1 again.

    Args:
        activation: A name, or an elementwise callable on NumPy arrays.
        parameters: `negative_slope` of a leaky ReLU; `alpha` of an ELU.

    Raises:
        TypeError: It is neither a name nor a callable.
        ValueError: The name is unknown, or the callable is not elementwise and finite.

    >>> round(gain("relu") ** 2, 12), round(gain("leaky_relu", negative_slope=1.0), 12)
    (2.0, 1.0)
    >>> round(gain("tanh"), 6)
    1.592537
    """
    if isinstance(activation, str):
        return _named(activation, tuple(sorted(parameters.items())))
    return _gain(activation_of(activation, **parameters))


@functools.cache
def _named(name: str, parameters: tuple[tuple[str, float], ...]) -> float:
    return _gain(activation_of(name, **dict(parameters)))


def _gain(phi: Activation) -> float:
    second = gaussian_mean(lambda z: phi.value(z) ** 2, phi.kinks)
    if not (math.isfinite(second) and second > 0):
        raise ValueError(
            f"activation {phi.name} has no gain: its second moment under a normal input "
            f"is {second:g}."
        )
    return float(second**-0.5)


def gaussian_mean(f: Callable[[Any], Any], kinks: tuple[float, ...] = ()) -> float:
    """`E[f(z)]`, `z` standard normal: adaptive quadrature between the kinks of `f`."""
    from scipy.integrate import quad_vec

    points = [-REACH, *sorted(k for k in (*kinks, 0.0) if -REACH < k < REACH), REACH]
    norm = 1 / math.sqrt(2 * math.pi)

    def weighted(z: float) -> Any:
        return f(np.float64(z)) * math.exp(-0.5 * z * z) * norm

    total = 0.0
    for low, high in itertools.pairwise(points):
        total += float(quad_vec(weighted, low, high, epsabs=1e-15, epsrel=1e-13)[0])
    return total
