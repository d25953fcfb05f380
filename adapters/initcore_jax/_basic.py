"""Constants, and independent entries whose spread is given outright."""

from typing import Any

import jax.numpy as jnp

from ._init import Axes, Initializer, make
from ._layouts import kernel_layout, layout_of

__all__ = ["constant", "normal", "ones", "sparse", "truncated_normal", "uniform", "zeros"]

zeros: Initializer = make("zeros", {}, None)
"""Initializer: zeros."""

ones: Initializer = make("ones", {}, None)
"""Initializer: ones."""


def constant(value: Any, dtype: Any = None) -> Initializer:
    """Initializer whose every element is `value`, a number or an array that broadcasts."""
    if getattr(value, "ndim", 0) or isinstance(value, (list, tuple)):
        default = dtype

        def init(key: Any, shape: Any, dtype: Any = None, out_sharding: Any = None) -> Any:
            filled = zeros(key, shape, dtype if dtype is not None else default, out_sharding)
            return filled + jnp.asarray(value, filled.dtype)

        return init
    return make("constant", {"value": value}, dtype)


def uniform(
    scale: Any = 1e-2,
    dtype: Any = None,
    *,
    low: Any = 0.0,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent entries uniform on `[low, scale)`."""
    layout = kernel_layout(in_axis, out_axis, groups)
    return make("uniform", {"low": low, "high": scale}, dtype, layout, names={"high": "scale"})


def normal(
    stddev: Any = 1e-2,
    dtype: Any = None,
    *,
    mean: Any = 0.0,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent normal entries of the given mean and standard deviation."""
    layout = kernel_layout(in_axis, out_axis, groups)
    return make("normal", {"mean": mean, "std": stddev}, dtype, layout, names={"std": "stddev"})


def truncated_normal(
    stddev: Any = 1e-2,
    dtype: Any = None,
    lower: Any = -2.0,
    upper: Any = 2.0,
    *,
    mean: Any = 0.0,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent `mean + stddev * z`, `z` standard normal, `lower < z < upper`.

    Raises:
        ValueError: `lower` is not below `upper`.
    """
    values = {"mean": mean, "std": stddev, "low": lower, "high": upper}
    names = {"std": "stddev", "low": "lower", "high": "upper"}
    layout = kernel_layout(in_axis, out_axis, groups)
    init = make("truncated_normal", values, dtype, layout, names=names)
    if not float(lower) < float(upper):
        raise ValueError(f"truncated_normal needs lower < upper, got {lower} and {upper}.")
    return init


def sparse(
    sparsity: Any,
    stddev: Any = 1e-2,
    dtype: Any = None,
    *,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
) -> Initializer:
    """Initializer of a matrix `(in, out)`: a share `sparsity` of each input's weights is zero.

    The other entries are normal with standard deviation `stddev`.
    """
    values = {"sparsity": sparsity, "std": stddev}
    layout = layout_of(in_axis, out_axis)
    return make("sparse", values, dtype, layout, names={"std": "stddev"})
