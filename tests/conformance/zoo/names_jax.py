"""Mistakes of functions that take the names of `jax.nn.initializers`."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import initcore_jax as ours
from initcore_jax._backend import backend

from ._names import NoSuchName, mistaken

takes = functools.partial(mistaken, backend)


@takes("normal", "normal", "signature")
def std_for_stddev(std: float = 0.01, dtype: Any = None) -> Any:
    """calls an argument something else"""
    return ours.normal(std, dtype)


@takes("he_normal", "he_normal", "signature")
def keywords_alone(
    *, in_axis: Any = -2, out_axis: Any = -1, batch_axis: Any = (), dtype: Any = None
) -> Any:
    """takes its arguments by name alone"""
    return ours.he_normal(in_axis, out_axis, batch_axis, dtype)


@takes("orthogonal", "orthogonal", "made_by_shape_and_dtype")
def float32_alone(scale: Any = 1.0, column_axis: int = -1, dtype: Any = None) -> Any:
    """makes float32 whatever is asked for"""

    def init(key: Any, shape: Any, dtype: Any = None, out_sharding: Any = None) -> Any:
        return ours.orthogonal(scale, column_axis)(key, shape, jnp.float32)

    return init


@takes("constant", "constant", "made_by_shape_and_dtype")
def never_integers(value: Any, dtype: Any = None) -> Any:
    """refuses integers"""

    def init(key: Any, shape: Any, dtype: Any = dtype, out_sharding: Any = None) -> Any:
        return ours.constant(value)(key, shape, ours.normal()(key0, (), dtype or "float32").dtype)

    key0 = jax.random.key(0)
    return init


@takes("uniform", "uniform", "of_the_default_dtype")
def dtype_of_the_maker_forgotten(scale: Any = 0.01, dtype: Any = None) -> Any:
    """forgets the dtype that the maker was given"""
    return ours.uniform(scale)


@takes("normal", "normal", "called_in_every_way")
def no_sharding(stddev: Any = 0.01, dtype: Any = None) -> Any:
    """makes an initializer without out_sharding"""
    right = ours.normal(stddev, dtype)

    def init(key: Any, shape: Any, dtype: Any = dtype) -> Any:
        return right(key, shape, dtype)

    return init


@takes("lecun_normal", "lecun_normal", "decided_by_its_key")
def raw_keys_refused(
    in_axis: Any = -2, out_axis: Any = -1, batch_axis: Any = (), dtype: Any = None
) -> Any:
    """takes typed keys alone"""
    right = ours.lecun_normal(in_axis, out_axis, batch_axis, dtype)

    def init(key: Any, shape: Any, dtype: Any = dtype, out_sharding: Any = None) -> Any:
        if not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
            raise TypeError("a typed key, please")
        return right(key, shape, dtype, out_sharding)

    return init


@takes("zeros", "zeros", "without_a_key")
def a_key_for_zeros(key: Any, shape: Any, dtype: Any = None, out_sharding: Any = None) -> Any:
    """looks at a key that it does not need"""
    jax.random.bits(key, ())
    return ours.zeros(key, shape, dtype, out_sharding)


@takes("glorot_uniform", "glorot_uniform", "traced")
def never_traced(
    in_axis: Any = -2, out_axis: Any = -1, batch_axis: Any = (), dtype: Any = None
) -> Any:
    """looks at the key's words"""
    right = ours.glorot_uniform(in_axis, out_axis, batch_axis, dtype)

    def init(key: Any, shape: Any, dtype: Any = dtype, out_sharding: Any = None) -> Any:
        raw = key if key.dtype == jnp.uint32 else jax.random.key_data(key)
        words = np.asarray(raw)
        return right(jax.random.wrap_key_data(words), shape, dtype, out_sharding)

    return init


class _Unhashable:
    """An initializer that cannot be a key of a table."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, right: Any) -> None:
        self.right = right

    def __call__(self, key: Any, shape: Any, dtype: Any = None, out_sharding: Any = None) -> Any:
        return self.right(key, shape, dtype, out_sharding)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashable) and self.right == other.right


@takes("he_uniform", "he_uniform", "static_in_a_compiled_function")
def unhashable(
    in_axis: Any = -2, out_axis: Any = -1, batch_axis: Any = (), dtype: Any = None
) -> Any:
    """makes what has no hash"""
    return _Unhashable(ours.he_uniform(in_axis, out_axis, batch_axis, dtype))


@takes("truncated_normal", "truncated_normal", "compiled")
def another_when_compiled(
    stddev: Any = 0.01, dtype: Any = None, lower: Any = -2.0, upper: Any = 2.0
) -> Any:
    """gives other values under jit"""
    right = ours.truncated_normal(stddev, dtype, lower, upper)

    def init(key: Any, shape: Any, dtype: Any = dtype, out_sharding: Any = None) -> Any:
        w = right(key, shape, dtype, out_sharding)
        return -w if isinstance(w, jax.core.Tracer) else w

    return init


@takes("ones", "ones", "still_itself")
def ones_of_a_lambda(key: Any, shape: Any, dtype: Any = None, out_sharding: Any = None) -> Any:
    """cannot be pickled"""
    return ours.ones(key, shape, dtype, out_sharding)


ones_of_a_lambda.__qualname__ = "<lambda>"


@takes("variance_scaling", "variance_scaling", "distribution")
def fans_exchanged(
    scale: Any, mode: Any, distribution: Any, in_axis: Any = -2, out_axis: Any = -1,
    batch_axis: Any = (), dtype: Any = None,
) -> Any:  # fmt: skip
    """takes the fan out for the fan in"""
    return ours.variance_scaling(scale, mode, distribution, out_axis, in_axis, batch_axis, dtype)


@takes("kaiming_normal", "he_normal", "missing")
class Missing(NoSuchName):
    """has no name for the same thing"""
