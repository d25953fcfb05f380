"""What elementwise operations compute, seen from their values.

Frameworks have many operations for one function, and functions of many operations. Their values at
a few points tell them apart, whatever they are called.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...activations import activation_of
from ._graph import Node

__all__ = [
    "CLOSE",
    "PROBES",
    "called",
    "is_affine",
    "is_bounded",
    "is_difference",
    "is_multiplication",
    "is_scaling",
    "is_step",
    "takes_signs",
    "values_of",
]

PROBES = np.concatenate([np.linspace(-6.0, 6.0, 97), [-30.0, -12.5, 12.5, 30.0]])
NEAR = slice(97)  # where every activation has a finite value
CLOSE = 2e-6  # constants of a float32 program, rounded


def called(node: Node, values: Mapping[int, Any]) -> Any:
    """The value of a map or a sum. `values` holds those of its inputs, by node."""
    given = [values[i] for i in node.inputs]
    if node.function is None and node.kind == "sum":
        return given[0] + given[1]
    assert node.function is not None
    return node.function(*given)


def values_of(function: Callable[[Any], Any]) -> Any:
    """A function at `PROBES` in float64; None where it cannot be evaluated, or is a predicate."""
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(function(PROBES))
            if values.dtype == np.bool_:
                return None
            values = values.astype(np.float64)
    except Exception:  # a framework's operation on an array it was not made for
        return None
    fits = values.shape == PROBES.shape and np.isfinite(values[NEAR]).all()
    return values if fits else None


def is_affine(values: Any) -> bool:
    """Whether values at `PROBES` lie on one line."""
    if values is None:
        return False
    line = values[48] + (values[96] - values[0]) / 12.0 * PROBES
    return bool(np.abs(values[NEAR] - line[NEAR]).max() <= CLOSE * np.abs(values[NEAR]).max())


def is_scaling(node: Node) -> bool:
    """Whether a node is an affine map of one value."""
    if node.kind != "map" or len(set(node.inputs)) != 1 or node.function is None:
        return False
    return is_affine(values_of(lambda x: called(node, dict.fromkeys(node.inputs, x))))


def is_multiplication(node: Node) -> bool:
    """Whether a map multiplies its two values."""
    if node.function is None or len(node.inputs) != 2:
        return False
    x, y = np.array([0.7, 1.3, 2.1]), np.array([1.9, 0.6, 1.1])
    try:
        return bool(np.allclose(node.function(3 * x, 5 * y), 15 * node.function(x, y)) and
                    np.allclose(node.function(x, y), x * y))  # fmt: skip
    except Exception:
        return False


def is_difference(node: Node) -> bool:
    """Whether a sum takes one value from the other."""
    try:
        return node.function is not None and float(node.function(1.0, 1.0)) < 1.0
    except Exception:  # a function of arrays of other kinds
        return False


def is_bounded(function: Any) -> bool:
    """Whether an activation, a name or a callable, stays near 1 at most: a gate's does.

    Twice a sigmoid does; one that is cut where signals seldom are, at 6 or 7, does not.
    """
    ends = _at(function, [-1e3, -30.0, 30.0, 1e3])
    return ends is not None and bool(np.abs(ends).max() <= 2.0)


def takes_signs(function: Any) -> bool:
    """Whether an activation, a name or a callable, is about as negative as it is positive."""
    ends = _at(function, [-30.0, 30.0])
    return ends is not None and bool(min(-ends.min(), ends.max()) > 0.5)


def is_step(function: Any) -> bool:
    """Whether an activation is positive everywhere and goes on as its argument: a time step's."""
    values = _at(function, [-6.0, 0.0, 6.0, 30.0, 1e3])
    if values is None or values.min() <= 0.0:
        return False
    return bool(np.abs(values[3:] / [30.0, 1e3] - 1.0).max() < 0.05 and values[0] < 0.5)


def _at(function: Any, points: list[float]) -> Any:
    """The values of an activation, a name or a callable; None where they are not finite."""
    try:
        with np.errstate(all="ignore"):
            value = activation_of(function).value if isinstance(function, str) else function
            values = np.asarray(value(np.array(points)), dtype=np.float64)
    except Exception:
        return None
    return values if values.shape == (len(points),) and np.isfinite(values).all() else None
