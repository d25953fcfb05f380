"""Computations that only NumPy does, for every namespace, compiled code included."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import dtype_name, is_jax, is_torch
from ._rng import Rng

__all__ = ["host_call"]


def host_call(
    function: Callable[[Rng], Any], rng: Rng, shape: tuple[int, ...], dtype: str | None = None
) -> Any:
    """`function` of the same key in NumPy, as an array of `rng`'s namespace and device.

    With a key known while tracing the result is a constant of the compiled program; with a traced
    one JAX calls back to the host, and `torch.compile` splits its graph.

    Args:
        function: From an `Rng` of NumPy to an array of `shape` and `dtype`.
        rng: The key, the namespace and the device.
        dtype: `rng`'s by default, or for example `"bool"`.
    """
    dtype = dtype or dtype_name(rng.dtype)
    if is_torch(rng.xp) and "torch._dynamo" in sys.modules:  # else nothing is being compiled
        return sys.modules["torch"].compiler.disable(_eager)(function, rng, shape, dtype)
    return _eager(function, rng, shape, dtype)


def _eager(function: Callable[[Rng], Any], rng: Rng, shape: tuple[int, ...], dtype: str) -> Any:
    xp = rng.xp
    on_numpy = functools.partial(_on_numpy, function, dtype="float32" if dtype == "bool" else dtype)
    try:
        k0, k1 = (int(k) for k in rng.key)
    except TypeError:  # traced: nothing can be computed before the program runs
        if not is_jax(xp):
            raise
        jax = sys.modules["jax"]
        kind = jax.ShapeDtypeStruct(shape, getattr(xp, dtype))
        return jax.pure_callback(on_numpy, kind, *rng.key, vmap_method="sequential")
    result = on_numpy(k0, k1)
    return xp.asarray(result, device=rng.device) if xp is not np else result


def _on_numpy(function: Callable[[Rng], Any], k0: Any, k1: Any, *, dtype: str) -> Any:
    key = (int(k0) & 0xFFFFFFFF, int(k1) & 0xFFFFFFFF)
    return function(Rng.from_key(key, dtype=dtype))
