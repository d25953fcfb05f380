"""The correlation of two inputs through a wide random network, and how deep it reaches."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..activations import (
    REACH,
    X_ENDS,
    Activation,
    activation_of,
    breaks,
    legendre,
    mean,
    normal_density,
)
from ..arguments import short_repr
from ._check import Phi, number, root_between
from ._mean_field import length_slope, mean_square, mean_square_slope, settled_length

__all__ = ["DepthScales", "correlation_map", "depth_scales"]


class DepthScales(NamedTuple):
    """The numbers of layers over which three distances change by a factor e.

    Infinite where a distance changes algebraically only.

    Attributes:
        length: For the distance of a mean square from its fixed point.
        signal: For the distance of two inputs' correlation from its fixed point: the depth at which
            they can still be distinguished.
        gradient: For the mean squared gradient, which shrinks or grows.
    """

    length: float
    signal: float
    gradient: float


def correlation_map(
    activation: Phi, rho: Any, q: float = 1.0, sigma_w: float = 1.0, sigma_b: float = 0.0
) -> Any:
    """The correlation, after a layer, of two inputs of mean square `q` and correlation `rho`.

    `(sigma_w**2 E phi(u) phi(v) + sigma_b**2) / length_map(q)`, where `u`, `v` are normal with
    variance `q` and correlation `rho` (Poole et al. 2016, eq. 5). Without biases `sigma_w` cancels.

    Args:
        activation: A name or an elementwise callable on arrays.
        rho: Correlation in [-1, 1], a number or an array of them.
        q: Mean square of the pre-activations, positive.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.

    Returns:
        The correlation, an array of the shape of `rho`.

    Raises:
        ValueError: A correlation is outside [-1, 1], a standard deviation is negative, or `q` is
            not positive.

    >>> round(correlation_map("relu", 0.0), 6), round(correlation_map("relu", 1.0), 6)
    (0.31831, 1.0)
    """
    q = number("correlation_map", "q", q, positive=True)
    sigma_w = number("correlation_map", "sigma_w", sigma_w)
    sigma_b = number("correlation_map", "sigma_b", sigma_b)
    try:
        given = np.asarray(rho, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, MemoryError):
        given = np.array(math.nan)
    if not np.all(abs(given) <= 1):
        raise ValueError(f"correlation_map needs rho to be in [-1, 1], got {short_repr(rho)}.")
    phi = activation_of(activation)
    length = sigma_w**2 * mean_square(phi, q) + sigma_b**2
    if length == 0:
        raise ValueError("correlation_map needs a signal: the mean square after the layer is 0.")
    means = np.array([product_mean(phi.value, phi, q, float(r)) for r in given.reshape(-1)])
    after = (sigma_w**2 * means + sigma_b**2) / length
    return after.reshape(given.shape) if given.ndim else float(after[0])


def product_mean(f: Callable[[Any], Any], phi: Activation, q: float, rho: float) -> float:
    """`E f(u) f(v)`, where `u` and `v` are normal with variance `q` and correlation `rho`.

    The first variable has panels. For each of its nodes the second has panels of its own, which end
    at the kinks of `f`.
    """
    root, rest = math.sqrt(q), math.sqrt((1 - rho) * (1 + rho))
    if rest == 0:
        return mean(lambda u: f(u) * f(rho * u), phi, q)
    ends = breaks(root, phi.kinks)
    if (
        abs(rho) > 1e-6
    ):  # the second factor's kinks appear in the first variable, smoothed over rest / rho
        spread = rest / abs(rho) * np.array([-8, -4, -2, -1, 0, 1, 2, 4, 8])
        near = (np.array([0.0, *phi.kinks]) / (root * rho))[:, None] + spread
        ends = np.unique(np.concatenate([ends, near[abs(near) < REACH]]))
    x, w = legendre(16)
    width = np.diff(ends)
    z = (ends[:-1, None] + width[:, None] * x).reshape(-1)
    weights = (width[:, None] * w).reshape(-1) * normal_density(z)
    total = 0.0
    for part in np.array_split(np.arange(z.size), 1 + z.size // 128):
        inner = _inner(f, phi, root, rho, rest, z[part])
        total += float((weights[part] * f(root * z[part])) @ inner)
    return total


def _inner(
    f: Callable[[Any], Any], phi: Activation, root: float, rho: float, rest: float, z: Any
) -> Any:
    """`E f(root * (rho * z + rest * y))` over a standard normal `y`, for each `z`."""
    places = np.concatenate([X_ENDS, np.array(phi.kinks)]) / root
    moving = (places - rho * z[:, None]) / rest
    fixed = np.broadcast_to(np.arange(-REACH, REACH + 1, 1.5), (z.size, 17))
    ends = np.sort(np.clip(np.concatenate([fixed, moving], axis=1), -REACH, REACH), axis=1)
    x, w = legendre(16)
    width = np.diff(ends, axis=1)
    y = ends[:, :-1, None] + width[..., None] * x
    values = f(root * (rho * z[:, None, None] + rest * y)) * normal_density(y)
    return np.einsum("ij,ijk,k->i", width, values, w)


def depth_scales(activation: Phi, sigma_w: float, sigma_b: float = 0.0) -> DepthScales:
    """Numbers of layers through which mean squares, correlations and gradients carry information.

    `-1 / log|slope|` of the length map; of the correlation map at its stable fixed point; and
    `1 / |log chi|` (Schoenholz et al., ICLR 2017, eq. 6, 9 and section 4). A network much deeper
    than `signal` cannot be trained.

    Args:
        activation: A name or an elementwise callable on arrays.
        sigma_w: Standard deviation of the weights times `sqrt(fan_in)`.
        sigma_b: Standard deviation of the biases.

    Raises:
        ValueError: A standard deviation is negative, or mean squares grow without bound.

    >>> scales = depth_scales("tanh", 0.9, 0.1)
    >>> round(scales.signal, 6) == round(scales.gradient, 6) < 6
    True
    """
    sigma_w = number("depth_scales", "sigma_w", sigma_w)
    sigma_b = number("depth_scales", "sigma_b", sigma_b)
    phi = activation_of(activation)
    q = settled_length(phi, sigma_w, sigma_b)
    if q is None:
        raise ValueError(
            f"mean squares of {phi.name} grow without bound at sigma_w = {sigma_w:g}, "
            f"sigma_b = {sigma_b:g}: depth_scales needs a fixed point."
        )
    chi = sigma_w**2 * mean_square_slope(phi, max(q, 1e-30))
    slope = chi
    if chi > 1 + 1e-9 and q > 0:
        rho = _parted(phi, q, sigma_w, sigma_b)
        slope = sigma_w**2 * product_mean(phi.derivative, phi, q, rho)
    return DepthScales(_scale(length_slope(phi, q, sigma_w)), _scale(slope), _scale(chi))


def _parted(phi: Activation, q: float, sigma_w: float, sigma_b: float) -> float:
    """The stable correlation below 1 of the chaotic phase."""

    def excess(rho: float) -> float:
        return (sigma_w**2 * product_mean(phi.value, phi, q, rho) + sigma_b**2) / q - rho

    if excess(0.0) <= 1e-13:
        return 0.0
    return root_between(excess, 0.0, 1 - 1e-7, xtol=1e-13)


def _scale(factor: float) -> float:
    if factor == 0:
        return 0.0
    log = abs(math.log(abs(factor)))
    return 1 / log if log > 1e-9 else math.inf
