"""Means over a normal variable, by Gauss-Legendre panels that no kink of the function crosses."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ._named import Activation

__all__ = ["breaks", "legendre", "mean", "normal_density", "rough_mean"]

MOST = 100_000  # limit on the values of a function that are computed for its mean
CANCELLED = 1e-2  # of the mean absolute value: 1e-13 of that is a few roundings of its sum
REACH = 12.0  # standard deviations to integrate over: the normal weight beyond is below 1e-32
# Panel ends: the density's scale far from 0, and the activations' finer scale near 0.
Z_ENDS = np.arange(-REACH, REACH + 1)
X_ENDS = np.array([0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64])
X_ENDS = np.concatenate([-X_ENDS[::-1], [0.0], X_ENDS])


@functools.cache
def legendre(n: int) -> tuple[Any, Any]:
    """Nodes in [0, 1] and weights of the `n`-point Gauss-Legendre rule.

    Args:
        n: Number of nodes.
    """
    from scipy.special import roots_legendre

    x, w = roots_legendre(n)
    return (x + 1) / 2, w / 2


def normal_density(z: Any) -> Any:
    """Density of a standard normal variable."""
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def breaks(root: float, kinks: tuple[float, ...], reach: float = REACH) -> Any:
    """Panel ends in `z` for a function of `root * z` with the given kinks.

    Args:
        root: Factor of `z`, the root of `q`.
        kinks: Arguments at which the function has a kink.
        reach: Where the panels end.
    """
    if root < 1e-150:
        return Z_ENDS
    z = np.concatenate([Z_ENDS * (reach / REACH), X_ENDS / root, np.array(kinks) / root])
    z = np.sort(z[abs(z) <= reach])
    return z[np.concatenate([[True], np.diff(z) > 1e-14 * reach])]


def mean(
    f: Callable[[Any], Any], phi: Activation, q: float, rel: float = 1e-13, beside: float = 0.0
) -> float:
    """`E f(sqrt(q) z)` over a standard normal `z`, for an `f` made of `phi`.

    The error is about `rel` of the result, or of `beside` if that is larger, or of the rounding
    that remains where positive and negative parts cancel.

    Two rules of different order have to agree; where they do not, the panels are halved. Infinite
    if the integral does not converge.

    Args:
        rel: Relative error that is allowed.
        beside: Size of what the result is added to.
    """
    root = math.sqrt(q)
    ends = breaks(root, phi.kinks)
    (fine, whole), (coarse, _) = (_panels(f, ends, root, n) for n in (24, 17))
    seen = max(beside, CANCELLED * whole) if math.isfinite(whole) else beside
    size = max(abs(fine), seen)
    if abs(fine - coarse) <= max(rel, 4 * phi.eps) * size and _decays(f, root, size):
        return fine
    return _adaptive(f, phi, root, rel, seen)


def rough_mean(f: Callable[[Any], Any], phi: Activation, q: float) -> float:
    """`mean` by one rule, without a check: for searches."""
    root = math.sqrt(q)
    return _panels(f, breaks(root, phi.kinks), root, 24)[0]


def _panels(f: Callable[[Any], Any], ends: Any, root: float, n: int) -> tuple[float, float]:
    """The means of `f` and of its absolute value."""
    parts, absolute = _parts(f, ends[:-1], ends[1:], root, n)
    return float(parts.sum()), float(absolute.sum())


def _parts(f: Callable[[Any], Any], low: Any, high: Any, root: float, n: int) -> tuple[Any, Any]:
    """Each panel's contribution to the means of `f` and of its absolute value."""
    x, w = legendre(n)
    width = high - low
    z = low[:, None] + width[:, None] * x
    with np.errstate(all="ignore"):
        values = f(root * z) * normal_density(z)
        return width * (values @ w), width * (abs(values) @ w)


def _decays(f: Callable[[Any], Any], root: float, total: float, reach: float = REACH) -> bool:
    """Whether the mean beyond `reach` standard deviations is negligible."""
    z = np.array([-reach, reach])
    with np.errstate(all="ignore"):
        ends = abs(f(root * z)) * normal_density(z)
    return bool(np.all(ends <= 1e-15 * abs(total)))


def _adaptive(
    f: Callable[[Any], Any], phi: Activation, root: float, rel: float, seen: float
) -> float:
    """The mean by panels, all of which are halved at once where two rules disagree.

    A jump that no panel ends at costs some forty halvings of one panel.
    """
    tolerance, left = max(rel, 4 * phi.eps), MOST
    for reach in (REACH, 24.0, 37.0):  # at 37 the density is still a normal number
        ends = breaks(root, phi.kinks, reach)
        low, high = ends[:-1], ends[1:]
        total = doubt = 0.0
        while low.size:
            left -= 41 * low.size
            if left < 0:
                raise ValueError(
                    f"activation {phi.name} turns or jumps too often to be averaged at mean square "
                    f"q = {root * root:g}."
                )
            (fine, whole), (coarse, _) = (_parts(f, low, high, root, n) for n in (24, 17))
            if not np.isfinite(fine).all():
                return math.inf
            error, middle = abs(fine - coarse), low + (high - low) / 2
            size = max(abs(total + fine.sum()), seen)
            done = error <= tolerance * (size / 16 + whole)
            done |= (middle <= low) | (middle >= high) | (high - low < 1e-15 * reach)
            total, doubt = total + fine[done].sum(), doubt + error[done].sum()
            low, middle, high = low[~done], middle[~done], high[~done]
            low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        if not math.isfinite(total):
            return math.inf
        size = max(abs(total), seen)
        if _decays(f, root, size, reach):
            return float(total) if doubt <= max(1e-9, 1e3 * phi.eps) * size else math.inf
    return math.inf
