"""The networks of tests/networks/architectures.py, written once for four libraries of JAX.

An architecture asks a `Layers` for its layers by name; each library has a class of them.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import flax.linen as linen
import haiku as hk
import jax
import jax.numpy as jnp
from flax import nnx
from jax import nn

__all__ = ["ARCHITECTURES", "LIBRARIES", "Architecture"]

KEY = jax.random.key(0)
Layers = Any
"""`dense(name, n)`, `conv(name, n, size, stride, groups)`, `up`, `norm`, `batch`, `table`,
`weight`: a layer, or the array; images are `(batch, height, width, channels)`."""
Architecture = Callable[[Layers, Any], Any]


def mlp(layers: Layers, x: Any, activation: Any = lambda x: nn.gelu(x, approximate=False)) -> Any:
    x = activation(layers.dense("b", 16)(activation(layers.dense("a", 16)(x))))
    return layers.dense("head", 3)(x)


def cnn(layers: Layers, x: Any) -> Any:
    for n, name, by in ((8, "a", "n1"), (12, "b", "n2")):
        x = nn.relu(layers.batch(by)(layers.conv(name, n)(x)))
    return layers.dense("head", 4)(x.mean((1, 2)))


def resnet(layers: Layers, x: Any) -> Any:
    x = nn.relu(layers.batch("n0")(layers.conv("stem", 8)(x)))
    h = nn.relu(layers.batch("n1")(layers.conv("a", 8)(x)))
    x = nn.relu(x + layers.batch("n2")(layers.conv("b", 8)(h)))
    h = nn.relu(layers.batch("n3")(layers.conv("c", 16, 3, 2)(x)))
    short = layers.batch("ns")(layers.conv("short", 16, 1, 2)(x))
    x = nn.relu(short + layers.batch("n4")(layers.conv("d", 16)(h)))
    return layers.dense("head", 4)(x.mean((1, 2)))


def attended(layers: Layers, q: Any, k: Any, v: Any) -> Any:
    q, k, v = (x.reshape(*x.shape[:-1], 2, 8) for x in (q, k, v))
    scores = nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / 8**0.5)
    return layers.dense("o", 16)(jnp.einsum("bhqk,bkhd->bqhd", scores, v).reshape(*q.shape[:2], 16))


def transformer(layers: Layers, t: Any) -> Any:
    x = layers.table("table", 11, 16)(t)
    h = layers.norm("n1")(x)
    x = x + attended(layers, *(layers.dense(name, 16)(h) for name in "qkv"))
    h = nn.gelu(layers.dense("up", 32)(layers.norm("n2")(x)), approximate=False)
    return layers.dense("head", 11)(layers.norm("n3")(x + layers.dense("down", 16)(h)))


def fused(layers: Layers, x: Any) -> Any:
    qkv = layers.dense("qkv", 48)(layers.norm("n1")(x))
    x = x + attended(layers, *jnp.split(qkv, 3, -1))
    return layers.dense("head", 3)(layers.norm("n2")(x))


def gated(layers: Layers, x: Any) -> Any:
    x = layers.dense("stem", 16)(x)
    h = layers.norm("n1")(x)
    h = nn.silu(layers.dense("gate", 24)(h)) * layers.dense("up", 24)(h)
    return layers.dense("head", 3)(layers.norm("n2")(x + layers.dense("down", 16)(h)))


def tied(layers: Layers, x: Any) -> Any:
    w = layers.weight("w", 20, 8)
    return jnp.tanh(x @ w) @ w.T + layers.weight("b", 20)


def experts(layers: Layers, x: Any) -> Any:
    p = nn.softmax(layers.dense("router", 4)(x))
    h = nn.relu(jnp.einsum("btd,edf->btef", x, layers.weight("up", 4, 16, 24)))
    h = jnp.einsum("bte,btef,efd->btd", p, h, layers.weight("down", 4, 24, 16))
    return layers.dense("head", 3)(x + h)


def separable(layers: Layers, x: Any) -> Any:
    x = nn.relu(layers.conv("a", 8)(x))
    x = layers.conv("point", 12, 1)(layers.conv("depth", 8, groups=8)(x))
    return layers.dense("head", 4)(nn.relu(x).mean((1, 2)))


def words(layers: Layers, t: Any) -> Any:
    x = layers.table("table", 11, 16)(t).mean(1)
    return layers.dense("head", 3)(jnp.tanh(layers.dense("mid", 16)(x)))


def unet(layers: Layers, x: Any) -> Any:
    skip = nn.relu(layers.conv("a", 8)(x))
    up = layers.up("up", 8)(nn.relu(layers.conv("b", 16, 3, 2)(skip)))
    return layers.conv("c", 3, 1)(jnp.concatenate([skip, up], -1))


IMAGES, TOKENS, TEXT = jnp.zeros((2, 8, 8, 3)), jnp.arange(10).reshape(2, 5), jnp.zeros((2, 5, 16))
ARCHITECTURES: dict[str, tuple[Architecture, Any]] = {
    "mlp": (mlp, jnp.zeros((2, 6))),
    "tanh mlp": (lambda layers, x: mlp(layers, x, jnp.tanh), jnp.zeros((2, 6))),
    "cnn": (cnn, IMAGES), "resnet": (resnet, IMAGES), "transformer": (transformer, TOKENS),
    "fused attention": (fused, TEXT), "gated": (gated, TEXT),
    "tied autoencoder": (tied, jnp.zeros((2, 20))), "experts": (experts, TEXT),
    "separable": (separable, IMAGES), "bag of words": (words, TOKENS), "unet": (unet, IMAGES),
}  # fmt: skip


class Linen:
    def dense(self, name: str, n: int) -> Any:
        return linen.Dense(n, name=name)

    def conv(self, name: str, n: int, size: int = 3, stride: int = 1, groups: int = 1) -> Any:
        return linen.Conv(n, (size, size), stride, use_bias=False, feature_group_count=groups,
                          name=name)  # fmt: skip

    def up(self, name: str, n: int) -> Any:
        return linen.ConvTranspose(n, (2, 2), (2, 2), use_bias=False, name=name)

    def norm(self, name: str) -> Any:
        return linen.LayerNorm(name=name)

    def batch(self, name: str) -> Any:
        return linen.BatchNorm(use_running_average=True, name=name)

    def table(self, name: str, n: int, m: int) -> Any:
        return linen.Embed(n, m, name=name)


def in_linen(function: Architecture, sample: Any) -> Any:
    class Net(linen.Module):
        @linen.compact
        def __call__(self, x: Any) -> Any:
            layers: Any = Linen()
            layers.weight = lambda name, *shape: self.param(name, linen.initializers.zeros, shape)
            return function(layers, x)

    return Net()


class Haiku:
    def dense(self, name: str, n: int) -> Any:
        return hk.Linear(n, name=name)

    def conv(self, name: str, n: int, size: int = 3, stride: int = 1, groups: int = 1) -> Any:
        return hk.Conv2D(n, size, stride, with_bias=False, feature_group_count=groups, name=name)

    def up(self, name: str, n: int) -> Any:
        return hk.Conv2DTranspose(n, 2, 2, with_bias=False, name=name)

    def norm(self, name: str) -> Any:
        return hk.LayerNorm(-1, True, True, name=name)

    def batch(self, name: str) -> Any:
        made = hk.BatchNorm(True, True, 0.9, name=name)
        return lambda x: made(x, is_training=hk.running_init())

    def table(self, name: str, n: int, m: int) -> Any:
        return hk.Embed(n, m, name=name)

    def weight(self, name: str, *shape: int) -> Any:
        return hk.get_parameter(name, shape, init=jnp.zeros)


def in_haiku(function: Architecture, sample: Any) -> Any:
    made = hk.without_apply_rng(hk.transform_with_state(lambda x: function(Haiku(), x)))
    # Its own initialization would be compiled, weight by weight, and is overwritten.
    parameters, state = jax.tree.map(
        lambda t: jnp.zeros(t.shape, t.dtype), jax.eval_shape(made.init, KEY, sample)
    )
    return (lambda parameters, x: made.apply(parameters, state, x)[0]), parameters


class Made:
    """Layers that are made when they are first asked for, and kept by name.

    Args:
        kept: The layers so far.
        new: Makes one, from its kind and the sizes of its inputs and outputs.
        called: What calls one, of a kind; by default the layer itself.
    """

    def __init__(self, kept: Any, new: Callable[..., Any], called: Any = lambda _, m: m) -> None:
        self.kept, self.new, self.called = kept, new, called

    def _layer(self, kind: str, name: str, *sizes: Any) -> Any:
        def call(x: Any) -> Any:
            if name not in self.kept:
                self.kept[name] = self.new(kind, x.shape[-1], *sizes)
            return self.called(kind, self.kept[name])(x)

        return call

    def dense(self, name: str, n: int) -> Any:
        return self._layer("dense", name, n)

    def conv(self, name: str, n: int, size: int = 3, stride: int = 1, groups: int = 1) -> Any:
        return self._layer("conv", name, n, size, stride, groups)

    def up(self, name: str, n: int) -> Any:
        return self._layer("up", name, n)

    def norm(self, name: str) -> Any:
        return self._layer("norm", name)

    def batch(self, name: str) -> Any:
        return self._layer("batch", name)

    def table(self, name: str, n: int, m: int) -> Any:
        return self._layer("table", name, n, m)

    def weight(self, name: str, *shape: int) -> Any:
        if name not in self.kept:
            self.kept[name] = self.new("weight", shape)
        return self.called("weight", self.kept[name])


RNGS = nnx.Rngs(0)
NNX: dict[str, Callable[..., Any]] = {
    "dense": lambda m, n: nnx.Linear(m, n, rngs=RNGS),
    "conv": lambda m, n, size, stride, groups: nnx.Conv(
        m, n, (size, size), stride, use_bias=False, feature_group_count=groups, rngs=RNGS),
    "up": lambda m, n: nnx.ConvTranspose(m, n, (2, 2), (2, 2), use_bias=False, rngs=RNGS),
    "norm": lambda m: nnx.LayerNorm(m, rngs=RNGS),
    "batch": lambda m: nnx.BatchNorm(m, use_running_average=True, rngs=RNGS),
    "table": lambda _, n, m: nnx.Embed(n, m, rngs=RNGS),
    "weight": lambda shape: nnx.Param(jnp.zeros(shape)),
}  # fmt: skip
EQUINOX: dict[str, Callable[..., Any]] = {
    "dense": lambda m, n: eqx.nn.Linear(m, n, key=KEY),
    "conv": lambda m, n, size, stride, groups: eqx.nn.Conv2d(
        m, n, size, stride, size // 2, groups=groups, use_bias=False, key=KEY),
    "up": lambda m, n: eqx.nn.ConvTranspose2d(m, n, 2, 2, use_bias=False, key=KEY),
    "norm": lambda m: eqx.nn.LayerNorm(m),
    "batch": lambda m: eqx.nn.LayerNorm(m),  # which needs no state; a normalization all the same
    "table": lambda _, n, m: eqx.nn.Embedding(n, m, key=KEY),
    "weight": jnp.zeros,
}  # fmt: skip


def in_nnx(function: Architecture, sample: Any) -> Any:
    class Net(nnx.Module):
        def __init__(self) -> None:
            self.kept = nnx.data({})
            self(sample)

        def __call__(self, x: Any) -> Any:
            def called(kind: str, m: Any) -> Any:
                return m[...] if kind == "weight" else m

            return function(Made(self.kept, lambda kind, *a: NNX[kind](*a), called), x)

    return Net()


def _each(kind: str, m: Any) -> Any:
    """A layer of Equinox, which takes one element, on a batch of them, channels last."""
    if kind == "weight":
        return m
    if kind in ("conv", "up"):
        return lambda x: jax.vmap(lambda a: m(a.transpose(2, 0, 1)).transpose(1, 2, 0))(x)

    def call(x: Any) -> Any:
        one = m
        for _ in range(x.ndim - (kind != "table")):
            one = jax.vmap(one)
        return one(x)

    return call


def in_equinox(function: Architecture, sample: Any) -> Any:
    class Net(eqx.Module):
        kept: dict[str, Any]

        def __call__(self, x: Any) -> Any:
            return function(Made(self.kept, lambda kind, *a: EQUINOX[kind](*a), _each), x)

    net = Net({})
    net(sample)
    return net


LIBRARIES = {"linen": in_linen, "haiku": in_haiku, "nnx": in_nnx, "equinox": in_equinox}
