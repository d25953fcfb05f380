"""What a model is run on after it was initialized, and statistics that fit it."""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import Rng

from ._calls import shaped

__all__ = ["drawn", "settled"]

FEW = 16  # numbers a channel


def drawn(x: Any, rows: int) -> Any:
    """Numbers for a shape, and inputs of variance 1 in place of ones that are all the same.

    Integers of a shape alone count from 0 up to `rows`.
    """
    alone = isinstance(x, shaped)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        if not alone or jnp.issubdtype(x.dtype, jax.dtypes.extended):
            return x
        counted = np.arange(x.size).reshape(x.shape) % rows
        return jnp.asarray(counted, jax.dtypes.canonicalize_dtype(x.dtype))
    if not alone and (x.size < 2 or bool((x != x.reshape(-1)[0]).any())):
        return x
    rng = Rng(0, dtype="float32").fold_in("signal check")
    return jnp.asarray(rng.normal(tuple(x.shape)), x.dtype)


def settled(x: Any, axes: Sequence[int]) -> Any:
    """Signals normalized by their own statistics, along all axes but `axes`.

    All channels share their variance if they have few numbers each.
    """
    others = tuple(a for a in range(x.ndim) if a not in axes)
    count = math.prod(x.shape[a] for a in others)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean, variance = wide.mean(others, keepdims=True), wide.var(others, keepdims=True)
    if count < FEW:
        variance = variance.mean() if count > 1 else wide.var()
    mean = mean if count > 1 else jnp.zeros_like(mean)
    mean, variance = jax.lax.stop_gradient((mean, variance))
    return ((wide - mean) / jnp.sqrt(jnp.where(variance > 0, variance, 1))).astype(x.dtype)
