"""How JAX draws: its keys, its dtypes, and arrays on the host or compiled."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from initcore import Part, Rng, specs
from initcore.arguments import short_repr
from initcore.arrays import COMPLEX, REAL, dtype_name
from initcore.spec import Layout, made_in_order, made_part

__all__ = ["rng"]

NO_KEY = np.zeros(2, np.uint32)  # of what does not depend on one


def rng(key: jax.Array, dtype: DTypeLike | None = None) -> Rng:
    """The `initcore.Rng` of a JAX key, drawing arrays of JAX.

    The two words of a Threefry key, new-style or raw, are the key itself. Other kinds of keys are
    asked for two random words.

    Args:
        key: A JAX key.
        dtype: Floating dtype of what is drawn; JAX's default float if None.

    Raises:
        TypeError: `key` is not a key, or `dtype` is not a floating one.
        ValueError: `key` is a batch of keys.

    >>> import jax
    >>> bool((rng(jax.random.key(7)).bits(3) == jax.random.bits(jax.random.key(7), (3,))).all())
    True
    """
    data = _data(key, "rng")
    return Rng.from_key((data[0], data[1]), xp=jnp, dtype=_dtype(dtype, None, "rng", complex_=True))


def _draw(
    name: str, words: tuple[Any, Any], shape: tuple[int, ...], canonical: tuple[int, ...],
    dtype: str, values: dict[str, Any], layout: Layout | None, out_sharding: Any,
    part: Part | None = None,
) -> Any:  # fmt: skip
    """A kernel of JAX's `shape`, or that part of one, which is `canonical` in the core's order.

    The host computes it where nothing is traced and the CPU is the device, which compiles nothing;
    otherwise it is array operations.
    """
    traced = not isinstance(words[0], int) or any(
        isinstance(v, jax.core.Tracer) for v in (*values.values(), *(part.offset if part else ()))
    )
    if not traced and out_sharding is None and _default_platform() == "cpu":
        on_host = Rng.from_key(words, dtype=dtype)
        if part is not None:
            w = made_part(specs[name], on_host, part, shape, canonical, values, layout)
            return jnp.asarray(np.ascontiguousarray(w))
        return jax.device_put(made_in_order(specs[name], on_host, shape, canonical, values, layout))
    static = {k: v for k, v in values.items() if not isinstance(v, (jax.Array, jax.core.Tracer))}
    dynamic = {k: v for k, v in values.items() if k not in static}
    words = (jnp.asarray(words[0], jnp.uint32), jnp.asarray(words[1], jnp.uint32))
    offset = part.offset if part is not None and part.traced else None
    known = (part.shape, part.offset if offset is None else None) if part is not None else None
    return _compiled(name, shape, canonical, dtype, layout, out_sharding,
                     tuple(sorted(static.items())), known)(words, dynamic, offset)  # fmt: skip


def _on_cpu(*values: Any) -> bool:
    """Whether nothing is traced and the CPU is the device."""
    traced = any(isinstance(v, jax.core.Tracer) for v in values)
    # Inside a trace even a constant is traced.
    eager = not traced and not isinstance(jnp.zeros(()), jax.core.Tracer)
    return eager and _default_platform() == "cpu"


@functools.lru_cache(maxsize=4096)
def _compiled(
    name: str,
    shape: tuple[int, ...],
    canonical: tuple[int, ...],
    dtype: str,
    layout: Layout | None,
    out_sharding: Any,
    static: tuple[tuple[str, Any], ...],
    known: tuple[tuple[int, ...], tuple[int, ...] | None] | None,
) -> Any:
    def run(words: tuple[Any, Any], dynamic: dict[str, Any], offset: Any) -> Any:
        key = Rng.from_key(words, xp=jnp, dtype=dtype)
        if known is not None:
            values = {**dict(static), **dynamic}
            part = Part(known[0], offset if known[1] is None else known[1])
            w = made_part(specs[name], key, part, shape, canonical, values, layout)
            return _explicitly(w, out_sharding)
        w = specs[name].function(key, canonical, **dict(static), **dynamic)
        if layout is not None:
            w = layout.from_canonical(w, shape, xp=jnp)
        return _explicitly(w, out_sharding)

    return jax.jit(run) if out_sharding is None else jax.jit(run, out_shardings=out_sharding)


def _explicitly(w: Any, out_sharding: Any) -> Any:
    """`w` with the sharding in its type.

    On a mesh of explicit axes an outer trace loses what is only said as `out_shardings`.
    """
    if isinstance(out_sharding, jax.sharding.NamedSharding):
        mesh: Any = out_sharding.mesh
    elif isinstance(out_sharding, jax.sharding.PartitionSpec):
        mesh = jax.sharding.get_abstract_mesh()
    else:
        return w
    reshard: Any = jax.sharding.reshard
    return reshard(w, out_sharding) if mesh.are_all_axes_explicit else w


def _default_platform() -> str:
    device = jax.config.values["jax_default_device"]
    if device is None:
        return str(jax.default_backend())
    return str(getattr(device, "platform", device))


def _any_dtype(dtype: Any, who: str) -> Any:
    """The dtype, canonicalised as JAX does: float64 becomes float32 unless x64 is on."""
    try:
        kind = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
        return jax.dtypes.canonicalize_dtype(kind)
    except Exception:
        raise TypeError(f"{who} needs a dtype of JAX, got {short_repr(dtype)}.") from None


def _dtype(dtype: Any, default: Any, who: str, *, complex_: bool = False) -> str:
    """The name of a real floating dtype, or a complex one, canonicalised as JAX does."""
    dtype = default if dtype is None else dtype
    try:
        x64 = bool(jax.config.values["jax_enable_x64"])
        name = dtype_name(jnp.result_type(float)) if dtype is None else _name(dtype, x64)
    except Exception:
        raise TypeError(f"{who} needs a real floating dtype, got {short_repr(dtype)}.") from None
    if name not in REAL and not (complex_ and name in COMPLEX):
        more = ", or complex64 or complex128" if complex_ else ""
        raise TypeError(
            f"{who} needs a real floating dtype (float16, bfloat16, float32 or float64{more}), "
            f"got {name}."
        )
    return name


@functools.lru_cache(maxsize=256)
def _name(dtype: Any, x64: bool) -> str:
    """The canonical dtype's name."""
    return dtype_name(jax.dtypes.canonicalize_dtype(jnp.dtype(dtype)))


def _words(key: Any, who: str) -> tuple[Any, Any]:
    """The two 32-bit words of a key, integers unless something is traced."""
    data = _data(key, who)
    # Inside a trace even a constant is traced, and so is what a new-style key is made of.
    new = key.dtype != np.uint32
    if isinstance(data if new else jnp.zeros(()), jax.core.Tracer):
        return data[0], data[1]
    first, second = np.asarray(data).tolist()
    return first, second


def _data(key: Any, who: str) -> Any:
    """The two 32-bit words of a key, in an array."""
    dtype = getattr(key, "dtype", None)
    if dtype is None or not isinstance(key, (jax.Array, jax.core.Tracer, np.ndarray)):
        raise TypeError(
            f"{who} needs a JAX key (jax.random.key(0)) as its first argument, "
            f"got {type(key).__name__}."
        )
    if jnp.issubdtype(dtype, jax.dtypes.prng_key):
        threefry = str(jax.random.key_impl(key)) == "threefry2x32"
        data: Any = jax.random.key_data(key) if threefry else None
        batch = key.shape
    elif dtype == np.uint32 and key.ndim and key.shape[-1] in (2, 4):
        threefry, batch = key.shape[-1] == 2, key.shape[:-1]
        data = key if threefry else None
    else:
        raise TypeError(f"{who} needs a JAX key, got an array of {dtype} and shape {key.shape}.")
    if batch:
        raise ValueError(
            f"{who} needs one key, got a batch of {math.prod(batch)}; use jax.vmap for several."
        )
    if data is None:
        default = str(jax.config.values["jax_default_prng_impl"])
        if dtype == np.uint32 and default == "threefry2x32":
            # It may be of "rbg" or of "unsafe_rbg", which draw different numbers.
            raise TypeError(
                f"{who} cannot tell of which kind a raw key of four words is; "
                f'use jax.random.key(seed, impl="rbg").'
            )
        data = jax.random.bits(key, (2,), dtype=jnp.uint32)
    return data
