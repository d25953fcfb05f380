"""What a model is run on after it was initialized, and statistics that fit it."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import Rng

from ._calls import shaped

__all__ = ["drawn", "settled"]


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
    """Signals normalized by their own statistics, along all axes but `axes`."""
    others = tuple(a for a in range(x.ndim) if a not in axes)
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    mean, variance = wide.mean(others, keepdims=True), wide.var(others, keepdims=True)
    mean, variance = jax.lax.stop_gradient((mean, variance))
    return ((wide - mean) / jnp.sqrt(jnp.where(variance > 0, variance, 1))).astype(x.dtype)
