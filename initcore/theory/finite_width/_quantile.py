"""Quantiles of `log z`: safeguarded Newton steps on the smaller tail."""

import math
from typing import Any

import numpy as np

from ._contour import Inversion

__all__ = ["quantiles"]

STEPS = 80


def quantiles(inversion: Inversion, p: Any, atom: float) -> Any:
    """The least `x` with `atom + P(-inf < log z <= x) >= p`, `-inf` where `p <= atom`."""
    out = np.full(p.shape, -math.inf)
    out[p >= 1] = math.inf
    todo = np.flatnonzero((p > atom) & (p < 1))
    if not todo.size:
        return out
    lower, upper = p[todo] - atom, 1 - p[todo]
    from_below = lower < upper
    low, high = (
        np.full(todo.shape, end) for end in inversion.span(float(min(lower.min(), upper.min())))
    )
    x = (low + high) / 2
    for _ in range(STEPS):
        below, above = inversion.tails(x)
        # logarithms of tails are nearly straight lines, so Newton's steps are large and safe
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            miss = np.where(from_below, np.log(below / lower), -np.log(above / upper))
            slope = inversion.density(x) / np.where(from_below, below, above)
            step = miss / slope
        low, high = np.where(miss < 0, x, low), np.where(miss > 0, x, high)
        moved = x - step
        inside = (moved > low) & (moved < high)
        new = np.where(inside, moved, np.where(miss == 0, x, (low + high) / 2))
        done = abs(new - x) <= 4e-16 * np.maximum(1, abs(x))
        x = new
        if done.all():
            break
    out[todo] = x
    return out
