"""`jax.nn.initializers`: makers of pure functions, called under any transformation."""

import copy
import inspect
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

from ._framework import Calls, Facet, Framework, Trial, need, signature, still_itself

__all__ = ["Jax"]

CONSTANTS = ("zeros", "ones")  # initializers themselves, not makers of them
SCALES: Calls = ({}, {"scale": 2.0}, {"scale": 1, "column_axis": 0}, {"dtype": "float16"})
AXES: Calls = (
    {},
    {"in_axis": 0, "out_axis": 1},
    {"in_axis": -1, "out_axis": 0, "dtype": "bfloat16"},
    {"batch_axis": 0},
    {"in_axis": (0, 1), "out_axis": -1},
    {"in_axis": 0, "out_axis": ()},
    {"out_axis": 0},
)


def _made(fill: Any, trial: Trial) -> Any:
    first, rest = trial.given()
    return fill if trial.name in CONSTANTS else fill(*first, **rest)


def _key(trial: Trial) -> Any:
    return jax.random.key(trial.seed)


def _array(fill: Any, trial: Trial) -> Any:
    return _made(fill, trial)(_key(trial), trial.shape, trial.dtype)


def _kind(w: Any) -> Any:
    return tuple(w.shape), str(w.dtype), w.weak_type


def _same(a: Any, b: Any) -> bool:
    return bool((a == b).all()) and a.dtype == b.dtype


def _random(trial: Trial) -> bool:
    one, other = (_made(trial.theirs, trial)(jax.random.key(s), trial.shape, trial.dtype)
                  for s in (1, 2))  # fmt: skip
    return not _same(one, other)


def made_by_shape_and_dtype(fill: Any, trial: Trial) -> Any:
    """The array has the shape and the dtype; what is not random has these values."""
    w = _array(fill, trial)
    if _random(trial):
        return _kind(w), None
    values = np.asarray(w.astype(complex)) + 0  # no zero has a sign
    return _kind(w), np.array2string(values, threshold=50).replace("\n", "")


def of_the_default_dtype(fill: Any, trial: Trial) -> Any:
    """Without a dtype it is the maker's, or JAX's default."""
    return _kind(_made(fill, trial)(_key(trial), trial.shape))


def called_in_every_way(fill: Any, trial: Trial) -> Any:
    """By name, by position, with a list for a shape and with a dtype of NumPy, it is the same."""
    init, key, w = _made(fill, trial), _key(trial), _array(fill, trial)
    named = init(key=key, shape=trial.shape, dtype=trial.dtype, out_sharding=None)
    placed = init(key, list(trial.shape), jnp.dtype(trial.dtype), None)
    scalar = init(key, tuple(map(np.int64, trial.shape)), getattr(jnp, trial.dtype))
    need(all(_same(w, other) for other in (named, placed, scalar)), "another way, other values")
    return list(inspect.signature(init).parameters)[:4]


def decided_by_its_key(fill: Any, trial: Trial) -> Any:
    """A key decides, typed or raw; another one gives other values."""
    init, w = _made(fill, trial), _array(fill, trial)
    need(_same(w, _array(fill, trial)), "the same key gives other values")
    raw = init(jax.random.PRNGKey(trial.seed), trial.shape, trial.dtype)
    need(_same(w, raw), "a raw key gives other values than a typed one")
    other = init(jax.random.key(trial.seed + 1), trial.shape, trial.dtype)
    return w.size < 16 or not _same(w, other)


def without_a_key(fill: Any, trial: Trial) -> Any:
    """A constant needs no key."""
    need(trial.name in (*CONSTANTS, "constant"), "it is no constant")
    return _kind(_made(fill, trial)(None, trial.shape, trial.dtype))


def compiled(fill: Any, trial: Trial) -> Any:
    """Under `jax.jit`, maker and all, float32 values are those of eager calls, to rounding."""
    make = jax.jit(lambda k: _made(fill, trial)(k, trial.shape, trial.dtype))
    if trial.dtype != "float32":
        return _kind(jax.eval_shape(make, _key(trial)))
    w, jitted = (np.asarray(x) for x in (_array(fill, trial), make(_key(trial))))
    near = np.allclose(jitted, w, rtol=1e-5, atol=1e-5 * abs(w).max(initial=0.0))
    need(near or not np.isfinite(w).all(), "jax.jit gives other values")
    return jitted.shape, jitted.dtype


def traced(fill: Any, trial: Trial) -> Any:
    """`jax.vmap`, `jax.eval_shape` and `jax.make_jaxpr` trace it."""
    init, key = _made(fill, trial), _key(trial)

    def one(k: Any) -> Any:
        return init(k, trial.shape, trial.dtype)

    keys = jax.eval_shape(lambda k: jax.random.split(k, 3), key)
    many = jax.eval_shape(jax.vmap(one), keys)
    jaxpr = jax.make_jaxpr(one)(key)
    return _kind(many), _kind(jax.eval_shape(one, key)), [str(a.dtype) for a in jaxpr.out_avals]


def static_in_a_compiled_function(fill: Any, trial: Trial) -> Any:
    """It is a static argument of a compiled function, and a key of a table."""
    init = _made(fill, trial)
    apply: Any = jax.jit(lambda f, k: f(k, trial.shape, trial.dtype), static_argnums=0)
    return _kind(apply.eval_shape(init, _key(trial))), {init: 1}[init]


def inside_of_transformations(fill: Any, trial: Trial) -> Any:
    """It is called inside of `lax.scan`, `lax.cond`, `jax.checkpoint` and `jax.grad`."""
    init = _made(fill, trial)

    def loss(x: Any, keys: Any) -> Any:
        def step(carry: Any, k: Any) -> Any:
            w = jax.lax.cond(carry > 1e9, lambda: jnp.zeros(trial.shape, trial.dtype),
                             lambda: init(k, trial.shape, trial.dtype))  # fmt: skip
            return carry + (w.sum().real * x).astype(carry.dtype), w

        return jax.lax.scan(jax.checkpoint(step), jnp.zeros(()), keys)[0]

    keys = jax.eval_shape(lambda k: jax.random.split(k, 2), _key(trial))
    return _kind(jax.eval_shape(jax.grad(loss), 1.0, keys))


def kept_in_copies(fill: Any, trial: Trial) -> Any:
    """What it makes can be copied deeply, and is a leaf of a pytree."""
    init = copy.deepcopy(_made(fill, trial))
    need(_same(init(_key(trial), trial.shape, trial.dtype), _array(fill, trial)),
         "a copy gives other values")  # fmt: skip
    return callable(init), len(jax.tree.leaves(init))


class Jax(Framework):
    """JAX's initializers."""

    module = "jax.nn.initializers"
    calls: ClassVar[Any] = {
        "zeros": {"zeros": ({},)},
        "ones": {"ones": ({},)},
        "constant": {"constant": ({"value": 0.5}, {"value": True}, {"value": float("inf")},
                                  {"value": 2, "dtype": "int8"})},
        "uniform": {"uniform": ({}, {"scale": 2.0}, {"scale": 1, "dtype": "float16"})},
        "normal": {"normal": ({}, {"stddev": 2.0}, {"stddev": 0, "dtype": "bfloat16"})},
        "truncated_normal": {
            "truncated_normal": ({}, {"stddev": 2.0, "dtype": None, "lower": -1.0, "upper": 3.0},
                                 {"upper": 0.5}),
        },
        "variance_scaling": {
            "variance_scaling": tuple(
                {"scale": 2.0, "mode": mode, "distribution": law, **axes}
                for mode, law, axes in (
                    ("fan_in", "normal", {}), ("fan_out", "uniform", {"in_axis": 0, "out_axis": 1}),
                    ("fan_avg", "truncated_normal", {"batch_axis": 0}),
                    ("fan_geo_avg", "normal", {"out_axis": 0}),
                    ("fan_in", "uniform", {"in_axis": 0, "out_axis": ()}),
                )
            ),
        },
        "lecun_normal": {"lecun_normal": AXES},
        "lecun_uniform": {"lecun_uniform": AXES},
        "glorot_normal": {"glorot_normal": AXES, "xavier_normal": AXES},
        "glorot_uniform": {"glorot_uniform": AXES, "xavier_uniform": AXES},
        "he_normal": {"he_normal": AXES, "kaiming_normal": AXES},
        "he_uniform": {"he_uniform": AXES, "kaiming_uniform": AXES},
        "orthogonal": {"orthogonal": SCALES},
        "delta_orthogonal": {"delta_orthogonal": SCALES},
    }  # fmt: skip
    # Few, so that what JAX compiles for one is there for the next.
    small = st.sampled_from(((4, 3), (3,), (), (3, 3, 2, 4), (0, 3)))
    dtypes = ("float32", "float16", "bfloat16", "complex64", "int32", "bool", "float8_e4m3fn")
    sampled = ("float32",)
    large = ((6000,), (60, 100), (150, 40), (5, 5, 10, 25))
    interface = (signature, still_itself)
    facets: ClassVar[tuple[Facet, ...]] = (
        made_by_shape_and_dtype, of_the_default_dtype, called_in_every_way, decided_by_its_key,
        without_a_key, traced, inside_of_transformations, static_in_a_compiled_function, compiled,
        kept_in_copies,
    )  # fmt: skip

    def takes(self, trial: Trial) -> None:
        """Trace an array, and one that has elements."""
        init = _made(trial.theirs, trial)
        for shape in {trial.shape, tuple(max(n, 1) for n in trial.shape)}:
            jax.eval_shape(lambda k, shape=shape: init(k, shape, trial.dtype), _key(trial))

    def numbers(self, fill: Any, trial: Trial, seed: int) -> Any:
        """The array of the key of this seed."""
        return np.asarray(_made(fill, trial)(jax.random.key(seed), trial.shape, trial.dtype))

    def call(self, where: str, trial: Trial) -> str:
        """A call of what the maker makes."""
        made = f"{where}.{trial.name}" + ("" if trial.name in CONSTANTS else f"({trial.source()})")
        return f"{made}(jax.random.key({trial.seed}), {trial.shape}, {trial.dtype!r})"
