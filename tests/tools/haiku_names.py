"""Haiku's initializers under their own names, each by ours: for Haiku's own tests of them."""

# ruff: noqa: N802 - the names are Haiku's

from collections.abc import Sequence
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
    if fan_in_axes is None:
        return haiku(initcore_jax.variance_scaling(scale, mode, distribution))

    def init(shape: Sequence[int], dtype: Any) -> Any:
        """Haiku counts every other axis as one of outputs."""
        out = tuple(axis for axis in range(len(shape)) if axis not in fan_in_axes)
        made = initcore_jax.variance_scaling(scale, mode, distribution, fan_in_axes, out)
        return haiku(made)(shape, dtype)

    return init


def UniformScaling(scale: Any = 1.0) -> Any:
    return VarianceScaling(scale, "fan_in", "uniform")


def Orthogonal(scale: Any = 1.0, axis: int = -1) -> Any:
    return haiku(initcore_jax.orthogonal(scale, axis))


def Identity(gain: Any = 1.0) -> Any:
    return haiku(initcore_jax.identity(gain))
