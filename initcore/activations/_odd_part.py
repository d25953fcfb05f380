"""Activations whose odd part is linear: `phi(u) - phi(-u) = c u`."""

from typing import Any

import numpy as np

from ._named import activation_of

__all__ = ["SLOPES", "odd_slope"]

# c of phi(u) - phi(-u) = c u: 1 for x g(x) with g(x) + g(-x) = 1, and for x / 2 + an even one.
SLOPES = {
    "relu": 1.0,
    "leaky_relu": 1.0,  # and the negative slope
    "gelu": 1.0,
    "gelu_tanh": 1.0,
    "quick_gelu": 1.0,
    "silu": 1.0,
    "hard_silu": 1.0,
    "softplus": 1.0,
    "squareplus": 1.0,
    "sparse_plus": 1.0,
    "log_sigmoid": 1.0,
    "identity": 2.0,
}


def odd_slope(activation: Any, negative_slope: Any) -> Any:
    """`c` of `phi(u) - phi(-u) = c u`; a `ValueError` where there is none.

    >>> odd_slope("relu", 0.01), odd_slope("leaky_relu", 0.25)
    (1.0, 1.25)
    """
    if isinstance(activation, str):
        return SLOPES[activation] + (negative_slope if activation == "leaky_relu" else 0.0)
    u = np.geomspace(0.01, 30.0, 60)  # beyond where a relu6 is cut off
    phi = activation_of(activation).value
    difference = phi(u) - phi(-u)
    c = float(difference @ u / (u @ u))
    # a callable that computes in float32 is as good as any
    if abs(difference - c * u).max() > 1e-5 * max(1.0, abs(difference).max()) or abs(c) < 1e-3:
        raise ValueError
    return c
