"""Haiku's initializers under their own names, each by ours: for Haiku's own tests of them."""

# ruff: noqa: N802 - the names are Haiku's

from typing import Any

import initcore_jax
from initcore_jax import haiku

__all__ = [
    "Constant", "Identity", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal",
    "UniformScaling", "VarianceScaling",
]  # fmt: skip


def Constant(constant: Any) -> Any:
    return haiku(initcore_jax.constant(constant))


def RandomNormal(stddev: Any = 1.0, mean: Any = 0.0) -> Any:
    return haiku(initcore_jax.normal(stddev, mean=mean))


def TruncatedNormal(stddev: Any = 1.0, mean: Any = 0.0) -> Any:
    return haiku(initcore_jax.truncated_normal(stddev, mean=mean))


def RandomUniform(minval: Any = 0.0, maxval: Any = 1.0) -> Any:
    return haiku(initcore_jax.uniform(maxval, low=minval))


def VarianceScaling(
    scale: Any = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
    fan_in_axes: Any = None,
) -> Any:
    axes = {} if fan_in_axes is None else {"in_axis": fan_in_axes, "out_axis": -1}
    return haiku(initcore_jax.variance_scaling(scale, mode, distribution, **axes))


def UniformScaling(scale: Any = 1.0) -> Any:
    return VarianceScaling(scale, "fan_in", "uniform")


def Orthogonal(scale: Any = 1.0, axis: int = -1) -> Any:
    return haiku(initcore_jax.orthogonal(scale, axis))


def Identity(gain: Any = 1.0) -> Any:
    return haiku(initcore_jax.identity(gain))
