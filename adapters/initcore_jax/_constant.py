"""Constants, of any dtype that JAX has."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from initcore import Part
from initcore.arguments import as_shape, short_repr
from initcore.spec import check_part

from ._init import _any_dtype, _explicitly, _on_cpu
from ._initializer import Initializer, SpecInitializer
from ._keywords import DType, OutSharding, makes_initializer

__all__ = ["constant", "ones", "ones_init", "zeros", "zeros_init"]


def zeros(
    key: jax.Array | None,
    shape: Sequence[int],
    dtype: DType = None,
    out_sharding: OutSharding = None,
    *,
    part: Part | None = None,
) -> jax.Array:
    """Array of zeros, of any dtype. `zeros` is an initializer itself and ignores the key."""
    return _filled("zeros", 0, shape, dtype, out_sharding, part)


def ones(
    key: jax.Array | None,
    shape: Sequence[int],
    dtype: DType = None,
    out_sharding: OutSharding = None,
    *,
    part: Part | None = None,
) -> jax.Array:
    """Array of ones, of any dtype. `ones` is an initializer itself and ignores the key."""
    return _filled("ones", 1, shape, dtype, out_sharding, part)


def zeros_init() -> Initializer:
    """The initializer `zeros`, as Flax spells it."""
    return zeros


def ones_init() -> Initializer:
    """The initializer `ones`, as Flax spells it."""
    return ones


class ConstantInitializer(SpecInitializer):
    """A `SpecInitializer` of every dtype, whose value may be an array."""

    def __post_init__(self) -> None:
        if not _is_numeric(self.parameters["value"]):
            raise TypeError(
                "constant needs value (the value of every element) to be a number or an array of "
                f"numbers, got {short_repr(self.parameters['value'])}."
            )

    def __call__(
        self,
        key: jax.Array | None,
        shape: Sequence[int],
        dtype: DType = None,
        out_sharding: OutSharding = None,
        *,
        part: Part | None = None,
    ) -> jax.Array:
        kind = self.dtype if dtype is None else dtype
        return _filled("constant", self.parameters["value"], shape, kind, out_sharding, part)


@makes_initializer
def constant(value: ArrayLike | list[Any] | tuple[Any, ...], dtype: DType = None) -> Initializer:
    """Initializer whose every element is `value`, of any dtype.

    Args:
        value: A number, or an array that broadcasts to the shape.

    Raises:
        TypeError: `value` is no number and no array of numbers.
        ValueError: When called, `value` does not broadcast to the shape.

    >>> import jax
    >>> constant([1, 2])(jax.random.key(0), (3, 2), "int8").tolist()
    [[1, 2], [1, 2], [1, 2]]
    """
    return ConstantInitializer("constant", {"value": value}, dtype)


def _is_numeric(value: Any) -> bool:
    if isinstance(value, jax.Array):  # traced ones too
        return not jnp.issubdtype(value.dtype, jax.dtypes.extended)
    if isinstance(value, (bool, int, float, complex)):
        return True
    if isinstance(value, np.ma.MaskedArray):
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_numeric(v) for v in value)
    return getattr(np.asarray(value).dtype, "kind", "") in "biufcV"  # V: bfloat16 and its kin


def _filled(
    who: str, value: Any, shape: Any, dtype: Any, out_sharding: Any, part: Part | None
) -> jax.Array:
    sizes, kind = as_shape(shape, who=who), _any_dtype(dtype, who)
    if part is not None:
        check_part(who, part, sizes)
        if np.shape(value):
            whole = _filled(who, value, part.shape, dtype, None, None)
            w: jax.Array = part.of(whole, sizes)
            return w if out_sharding is None else jax.device_put(w, out_sharding)
    try:
        if isinstance(value, (list, tuple)):
            value = jnp.asarray(value)
        if np.shape(value) and np.broadcast_shapes(np.shape(value), sizes) != sizes:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{who} needs a value that broadcasts to the shape {sizes}, got {short_repr(value)}."
        ) from None
    try:
        if out_sharding is None and _on_cpu(value):
            return jnp.asarray(np.full(sizes, jnp.asarray(value, kind)))
        made: jax.Array = _compiled(sizes, kind, out_sharding)(jnp.asarray(value, kind))
        return made
    except (TypeError, OverflowError) as error:
        refusal = TypeError if isinstance(error, TypeError) else ValueError
        raise refusal(
            f"{who} needs a value that an array of {kind} can hold, got {short_repr(value)}."
        ) from error


@functools.lru_cache(maxsize=4096)
def _compiled(shape: tuple[int, ...], dtype: Any, out_sharding: Any) -> Any:
    def run(value: Any) -> Any:
        return _explicitly(jnp.full(shape, value, dtype), out_sharding)

    return jax.jit(run) if out_sharding is None else jax.jit(run, out_shardings=out_sharding)
