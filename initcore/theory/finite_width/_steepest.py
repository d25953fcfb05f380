"""`P(S <= t)` from the transform of one unit, along a parabola through the saddle point.

All singularities lie on the real axis, left of some point. A parabola with its focus there goes
round them. On it `exp(s t)` decays, and the trapezoidal rule converges geometrically.
"""

import math

import numpy as np

from ._pair_transform import PairUnit

__all__ = ["cumulated"]

TINY = 1e-17
AGREE = 1e-13
REACH = 25.0  # logarithm of the largest scale at which the saddle point is searched for


def cumulated(unit: PairUnit, width: int, t: float) -> float:
    """`P(S_1 + ... + S_width <= t)`, `t > 0`."""
    side = 1.0 if t < width * unit.mean else -1.0
    vertex = _saddle(unit, width, t, side)
    room = vertex - unit.lowest

    def terms(y: np.ndarray) -> np.ndarray:
        s = vertex + 1j * y - y * y / (4 * room)
        slope = 1 + 1j * y / (2 * room)
        log = width * np.log(unit.transform(s)) + s * t
        found: np.ndarray = (np.exp(log) * slope / s).real / math.pi
        return found

    nodes, end = 64, _end(unit, width, t, vertex, room)
    before = math.nan
    while nodes < 1 << 16:
        y = np.arange(nodes + 1) * (end / nodes)
        values = terms(y)
        values[0] /= 2
        after = float(values.sum()) * end / nodes
        if abs(after - before) < AGREE:
            break
        nodes, before = 2 * nodes, after
    return min(max(after if side > 0 else 1 + after, 0.0), 1.0)


def _saddle(unit: PairUnit, width: int, t: float, side: float) -> float:
    """Where the integrand is least on the real axis, right or left of its pole at 0."""
    from scipy.optimize import minimize_scalar

    def height(log: float) -> float:
        s = _place(unit, side, log)
        value = unit.transform(np.array([s + 0j]))[0].real
        return width * math.log(value) + s * t - math.log(abs(s))

    found = minimize_scalar(
        height, bounds=(-REACH, REACH), method="bounded", options={"xatol": 1e-3}
    )
    return _place(unit, side, float(found.x))


def _place(unit: PairUnit, side: float, log: float) -> float:
    """A point right of 0, or between `lowest` and 0, for `log` from -inf to inf."""
    if side > 0:
        return -unit.lowest * math.exp(log)
    return unit.lowest * (1 / (1 + math.exp(-log)))


def _end(unit: PairUnit, width: int, t: float, vertex: float, room: float) -> float:
    """Where the integrand has become negligible."""
    y = room * 2.0 ** np.arange(-30, 14, 0.25)
    s = vertex + 1j * y - y * y / (4 * room)
    size = width * np.log(abs(unit.transform(s))) + s.real * t - np.log(abs(s)) + np.log(y)
    large = np.flatnonzero(size > math.log(TINY))
    return float(y[min(large[-1] + 1, y.size - 1)]) if large.size else float(y[0])
