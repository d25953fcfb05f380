"""How projects call JAX's, Flax's and Haiku's initializers: each form does the same with ours.

The forms were read in public code. What is random is compared by mean and spread, the rest bit for
bit.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import initcore_jax
from tests.tools import haiku_names

THEIRS = nn.initializers  # JAX's, with `zeros_init` and `ones_init`
KEY = jax.random.key(3)
N = 60


def made(init: Any, *shape: int, dtype: Any = None) -> Any:
    return init(KEY, shape or (N, N)) if dtype is None else init(KEY, shape or (N, N), dtype)


def in_linen(layer: nn.Module, inputs: int = N) -> Any:
    return nn.meta.unbox(layer.init(KEY, jnp.ones((1, inputs))))["params"]


def kernel(init: Any, features: int = N) -> Any:
    return in_linen(nn.Dense(features, kernel_init=init))["kernel"]


class Table(nn.Module):
    """Parameters of its own, as position embeddings and scales are."""

    fill: Any
    sizes: tuple[int, ...]

    @nn.compact
    def __call__(self, x: Any) -> Any:
        return self.param("table", self.fill, self.sizes)


def by_default(init: Any) -> Any:
    """An initializer as the default of a field, which must not be mutable."""
    made_with = dataclasses.make_dataclass("Made", [("init", Any, init)])
    return made(made_with().init)


def chosen(i: Any, name: str, *args: Any, **given: Any) -> Any:
    """Registries of initializers by name."""
    return made(getattr(i, name)(*args, **given))


def scaled_later(init: Callable[..., Any], factor: float) -> Any:
    return lambda key, shape, dtype=jnp.float32: factor * init(key, shape, dtype)


def late_axes(i: Any) -> Any:
    """Layers that know their axes when they are called."""

    def init(key: Any, shape: Any, dtype: Any, in_axis: Any, out_axis: Any) -> Any:
        fill = i.variance_scaling(1.0, "fan_in", "truncated_normal", in_axis, out_axis)
        return fill(key, shape, dtype)

    return init(KEY, (N, 4, 15), jnp.float32, 0, (1, 2))


def nested(init: Any) -> Any:
    """Initializers called in a scan over layers."""
    keys = jax.random.split(KEY, 3)
    return jax.lax.scan(lambda c, k: (c, init(k, (30, 40), jnp.float32)), 0, keys)[1]


# What was read, the project or the kind of project, and the call.
FORMS: list[tuple[str, Callable[[Any], Any]]] = [
    ("Flax, Dense", lambda i: kernel(i.lecun_normal())),
    ("Flax, Embed", lambda i: made(
        i.variance_scaling(1.0, "fan_in", "normal", out_axis=0), 1000, 64)),
    ("Flax, zeros_init", lambda i: made(i.zeros_init())),
    ("Flax, cache", lambda i: i.zeros(None, (), jnp.int32)),
    ("Flax, scale of a norm", lambda i: in_linen(Table(i.ones, (N,)))["table"]),
    ("Flax, class token", lambda i: in_linen(Table(i.zeros, (1, 1, N)))["table"]),
    ("Flax, position embedding", lambda i: in_linen(Table(i.normal(stddev=0.02), (1, 50, N)))[
        "table"]),
    ("Flax, partitioned", lambda i: kernel(nn.with_partitioning(i.lecun_normal(), (None, "m")))),
    ("MaxText, logically partitioned", lambda i: kernel(nn.with_logical_partitioning(
        i.xavier_uniform(), ("embed", "mlp")))),
    ("nnx, Linear", lambda i: nnx.Linear(N, N, kernel_init=i.he_normal(), rngs=nnx.Rngs(KEY))
     .kernel[...]),
    ("MaxText, axes when called", late_axes),
    ("ViT, bias", lambda i: made(i.normal(stddev=1e-6), 3000)),
    ("ViT, head", lambda i: kernel(i.zeros)),
    ("openpi, Gemma's qkv", lambda i: made(
        i.lecun_normal(in_axis=-2, out_axis=-1, batch_axis=(0, 1)), 3, 4, 32, 16)),
    ("openpi, gating", lambda i: made(
        i.lecun_normal(in_axis=-2, out_axis=-1, batch_axis=(0,)), 2, N, N)),
    ("feedback alignment", lambda i: made(i.lecun_normal(in_axis=-1, out_axis=-2), 30, 100)),
    ("by position", lambda i: made(i.lecun_normal(-2, -1, ()), N, N)),
    ("jaxformers", lambda i: made(i.variance_scaling(
        1 / 3.0, "fan_in", "uniform", in_axis=-1, out_axis=-2, batch_axis=()), 30, 100)),
    ("PyTorch's default in Flax", lambda i: kernel(i.variance_scaling(1 / 3, "fan_in", "uniform"))),
    ("diffusion models", lambda i: kernel(i.variance_scaling(
        scale=max(0.0, 1e-10), mode="fan_avg", distribution="uniform"))),
    ("diffusion models, dtype", lambda i: made(i.variance_scaling(
        scale=1.0, mode="fan_avg", distribution="truncated_normal", dtype=jnp.float32))),
    ("convolutions, fan out", lambda i: made(
        i.variance_scaling(2.0, "fan_out", "normal"), 3, 3, 20, 40)),
    ("integers for floats", lambda i: made(i.variance_scaling(1, "fan_avg", "uniform"), 64, 32)),
    ("shape by name", lambda i: i.variance_scaling(
        scale=1, mode="fan_in", distribution="normal")(KEY, shape=(4, 8, 2, N // 2))),
    ("list for a shape", lambda i: i.glorot_uniform()(KEY, [N, N])),
    ("NumPy integers in a shape", lambda i: i.glorot_uniform()(KEY, tuple(np.array([N, N])))),
    ("all by name", lambda i: i.normal()(key=KEY, shape=(N, N), dtype=jnp.float32)),
    ("PureJaxRL", lambda i: kernel(i.orthogonal(np.sqrt(2)))),
    ("PureJaxRL, policy", lambda i: kernel(i.orthogonal(0.01), 4)),
    ("agents, JAX's root", lambda i: kernel(i.orthogonal(jnp.sqrt(2.0)))),
    ("agents, by name", lambda i: kernel(i.orthogonal(scale=1.414))),
    ("agents, bias", lambda i: made(i.constant(0.0), N)),
    ("Gaussian policies", lambda i: in_linen(Table(i.constant(jnp.log(0.1)), (N,)))["table"]),
    ("positions from an array", lambda i: made(i.constant(np.arange(N, dtype=np.float32)), N)),
    ("detection, prior", lambda i: made(i.constant(-math.log((1 - 0.01) / 0.01)), N)),
    ("masks", lambda i: made(i.constant(-jnp.inf), N)),
    ("LayerScale", lambda i: made(i.constant(1e-6), N)),
    ("S5", lambda i: made(i.lecun_normal(), N, N, dtype=jnp.float32)),
    ("S4, Fourier operators", lambda i: made(i.normal(stddev=0.5), N, N, dtype=jnp.complex64)),
    ("NetKet, Python's complex", lambda i: i.normal(0.01, dtype=complex)(KEY, (N, N))),
    ("NetKet, Python's float", lambda i: i.uniform()(KEY, (N, N), float)),
    ("NumPy's dtype", lambda i: made(i.normal(), N, N, dtype=np.float32)),
    ("bfloat16 weights", lambda i: made(i.he_normal(dtype=jnp.bfloat16)).astype(jnp.float32)),
    ("standard deviation 1", lambda i: made(i.normal(1.0))),
    ("Brax", lambda i: kernel(i.lecun_uniform())),
    ("Equinox, weights by hand", lambda i: i.glorot_normal(in_axis=-1, out_axis=-2)(
        KEY, (40, 20), jnp.float32)),
    ("stax", lambda i: i.glorot_normal()(jax.random.key_data(KEY), (N, N))),
    ("raw keys in a loop", lambda i: jnp.stack([i.he_uniform()(k, (N, N)) for k in
                                                jax.random.split(jax.random.key_data(KEY), 3)])),
    ("layers in vmap", lambda i: jax.vmap(lambda k: i.xavier_normal()(k, (30, 30), jnp.float32))(
        jax.random.split(KEY, 4))),
    ("layers in scan", lambda i: nested(i.kaiming_normal())),
    ("under jit, scale traced", lambda i: jax.jit(lambda s: i.normal(s)(KEY, (N, N)))(0.5)),
    ("static argument", lambda i: jax.jit(lambda f, k: f(k, (N, N)), static_argnums=0)(
        i.kaiming_uniform(), KEY)),
    ("field of a dataclass", lambda i: by_default(i.xavier_uniform())),
    ("partial of a maker", lambda i: made(functools.partial(
        i.variance_scaling, mode="fan_in", distribution="normal")(2.0))),
    ("partial of an initializer", lambda i: functools.partial(i.glorot_normal(), dtype=jnp.float32)(
        KEY, (N, N))),
    ("jax.tree_util.Partial", lambda i: jax.tree_util.Partial(i.glorot_normal())(KEY, (N, N))),
    ("scaled by hand", lambda i: kernel(scaled_later(i.orthogonal(), 0.5))),
    ("registries", lambda i: chosen(i, "variance_scaling", 2.0, "fan_in", "truncated_normal")),
    ("registries, none", lambda i: chosen(i, "truncated_normal", stddev=0.02)),
    ("truncated at one", lambda i: made(i.truncated_normal(0.1, lower=-1.0, upper=1.0))),
    ("delta-orthogonal nets", lambda i: made(i.delta_orthogonal(), 3, 3, 16, 16)),
    ("rows orthogonal", lambda i: made(i.orthogonal(column_axis=0), 20, 30)),
]  # fmt: skip


def alike(theirs: Any, ours: Any, again: Any) -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if np.array_equal(theirs, again):  # nothing random
        assert np.array_equal(ours, theirs)
        return
    x, y = (np.asarray(w).astype(np.complex128).reshape(-1) for w in (theirs, ours))
    # 6 standard errors of the differences, of means and of root mean squares.
    assert abs(x.mean() - y.mean()) < 6 * x.std() * math.sqrt(2 / x.size)
    squares = abs(x) ** 2
    kurtosis = float((squares**2).mean() / squares.mean() ** 2)
    ratio = float((abs(y) ** 2).mean() / squares.mean()) ** 0.5
    assert abs(math.log(ratio)) < 6 * math.sqrt(max(kurtosis - 1, 0.1) / 2 / x.size)


@pytest.mark.parametrize("call", [c for _, c in FORMS], ids=[name for name, _ in FORMS])
def test_a_call_does_what_it_does_with_jaxs_import(
    call: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = call(THEIRS), call(initcore_jax)
    monkeypatch.setattr(f"{__name__}.KEY", jax.random.key(4))
    alike(theirs, ours, call(THEIRS))


def in_haiku(module: Callable[[], Any], key: Any = KEY, shape: Any = (1, N)) -> Any:
    return hk.transform(lambda x: module()(x)).init(key, jnp.ones(shape))


def parameter(init: Any, *shape: int) -> Any:
    def net() -> Any:
        return hk.get_parameter("w", shape or (N, N), jnp.float32, init=init)

    return hk.transform(net).init(KEY)["~"]["w"]


HAIKU: list[tuple[str, Callable[[Any], Any]]] = [
    ("Linear's default", lambda h: parameter(h.TruncatedNormal(1.0 / np.sqrt(N)))),
    ("AlphaFold, linear", lambda h: parameter(h.VarianceScaling(mode="fan_in", scale=1.0))),
    ("AlphaFold, relu", lambda h: parameter(h.VarianceScaling(mode="fan_in", scale=2.0))),
    ("AlphaFold, softplus", lambda h: parameter(h.Constant(np.log(np.exp(1.0) - 1.0)), N)),
    ("AlphaFold, zeros", lambda h: parameter(h.Constant(0.0))),
    ("positions", lambda h: parameter(h.TruncatedNormal(stddev=0.02))),
    ("GPT in Haiku", lambda h: parameter(h.VarianceScaling(0.02))),
    ("1 x 1 convolutions", lambda h: parameter(h.RandomNormal(stddev=0.1), 1, 1, 40, 40)),
    ("mean-field, array", lambda h: parameter(h.Constant(jnp.arange(4.0)), 4)),
    ("agents", lambda h: in_haiku(lambda: hk.nets.MLP([N], w_init=h.Orthogonal()))[
        "mlp/~/linear_0"]["w"]),
    ("flows", lambda h: in_haiku(lambda: hk.Linear(N, w_init=h.TruncatedNormal(0.01),
                                                   b_init=jnp.zeros))["linear"]["w"]),
    ("registries, Glorot", lambda h: parameter(
        h.VarianceScaling(scale=1.0, mode="fan_avg", distribution="uniform"))),
    ("uniform", lambda h: parameter(h.RandomUniform(-0.003, 0.003))),
    ("fans of named axes", lambda h: parameter(
        h.VarianceScaling(1.0, "fan_in", "normal", fan_in_axes=[0, 1]), 10, 6, 20)),
    ("identity", lambda h: parameter(h.Identity(2.0), 5, 3)),
    ("identity at every tap", lambda h: parameter(h.Identity(), 3, 3, 4, 4)),
]  # fmt: skip


@pytest.mark.parametrize("call", [c for _, c in HAIKU], ids=[name for name, _ in HAIKU])
def test_a_call_does_what_it_does_with_haikus(
    call: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = call(hk.initializers), call(haiku_names)
    monkeypatch.setattr(f"{__name__}.KEY", jax.random.key(4))
    monkeypatch.setattr(in_haiku, "__defaults__", (jax.random.key(4), (1, N)))
    alike(theirs, ours, call(hk.initializers))
