"""Networks of Flax, Equinox and plain JAX that the tests of whole models share."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from flax import linen, nnx


class Chain(nnx.Module):
    """Linear layers of one width with one function between them."""

    def __init__(self, depth: int, width: int, function: Any, dtype: Any = jnp.float32) -> None:
        rngs = nnx.Rngs(0)
        self.layers = nnx.List(
            [nnx.Linear(width, width, rngs=rngs, param_dtype=dtype) for _ in range(depth)]
        )
        self.function = function

    def __call__(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.function(layer(x))
        return self.layers[-1](x)


class Residual(nnx.Module):
    """A stem, residual blocks of two layers, a head."""

    def __init__(self, width: int = 16, blocks: int = 4, convolutions: bool = False) -> None:
        rngs = nnx.Rngs(0)

        def layer(n: int, m: int) -> Any:
            return (
                nnx.Conv(n, m, (3, 3), rngs=rngs) if convolutions else nnx.Linear(n, m, rngs=rngs)
            )

        self.stem, self.head = layer(width, width), layer(width, 4)
        self.first = nnx.List([layer(width, 2 * width) for _ in range(blocks)])
        self.last = nnx.List([layer(2 * width, width) for _ in range(blocks)])

    def __call__(self, x: Any) -> Any:
        return self.head(self.stages(self.stem(x)))

    def stages(self, x: Any) -> Any:
        for first, last in zip(self.first, self.last, strict=True):
            x = x + last(jax.nn.relu(first(x)))
        return x


class Images(nnx.Module):
    """Convolutions of every kind, normalizations of every kind."""

    def __init__(self) -> None:
        how = {"rngs": nnx.Rngs(0)}
        self.plain = nnx.Conv(3, 8, (3, 3), **how)
        self.batch, self.group = nnx.BatchNorm(8, **how), nnx.GroupNorm(8, 2, **how)
        self.grouped = nnx.Conv(8, 8, (3, 3), feature_group_count=2, **how)
        self.depthwise = nnx.Conv(8, 16, (3, 3), feature_group_count=8, **how)
        self.up = nnx.ConvTranspose(16, 6, (2, 2), (2, 2), **how)
        self.back = nnx.ConvTranspose(6, 5, (2, 2), (2, 2), transpose_kernel=True, **how)
        self.rms, self.dropout = nnx.RMSNorm(5, **how), nnx.Dropout(0.5, **how)
        self.head = nnx.LinearGeneral((5,), (2, 3), **how)

    def __call__(self, x: Any) -> Any:
        x = nnx.silu(self.batch(self.plain(x)))
        x = nnx.leaky_relu(self.group(self.grouped(x)))
        x = nnx.max_pool(nnx.selu(self.depthwise(x)), (2, 2), (2, 2))
        x = self.dropout(nnx.hard_tanh(self.up(x)))
        return self.head(self.rms(jax.nn.mish(self.back(x))).mean((1, 2)))


class NnxTransformer(nnx.Module):
    """One block of attention and a gated feed-forward network, before and after it the rest."""

    def __init__(self) -> None:
        how = {"rngs": nnx.Rngs(0)}
        self.table = nnx.Embed(11, 16, **how)
        self.place = nnx.Param(jnp.zeros((6, 16)))
        self.attention = nnx.MultiHeadAttention(4, 16, decode=False, **how)
        self.norms = nnx.List([nnx.LayerNorm(16, **how), nnx.RMSNorm(16, **how)])
        self.gate, self.up = nnx.Linear(16, 32, **how), nnx.Linear(16, 32, **how)
        self.down, self.head = nnx.Linear(32, 16, **how), nnx.Linear(16, 11, **how)

    def __call__(self, t: Any) -> Any:
        x = self.table(t) + self.place[...]
        x = x + self.attention(self.norms[0](x), mask=nnx.make_causal_mask(t))
        y = self.norms[1](x)
        x = x + self.down(nnx.silu(self.gate(y)) * self.up(y))
        return self.head(x)


class LinenBlock(linen.Module):
    """A block of ResNet."""

    width: int
    stride: int = 1

    @linen.compact
    def __call__(self, x: Any) -> Any:
        def norm(y: Any) -> Any:
            return linen.BatchNorm(use_running_average=True)(y)

        y = linen.Conv(self.width, (3, 3), self.stride, use_bias=False)(x)
        y = linen.Conv(self.width, (3, 3), use_bias=False)(linen.relu(norm(y)))
        y = norm(y)
        if x.shape != y.shape:
            x = norm(linen.Conv(self.width, (1, 1), self.stride, use_bias=False)(x))
        return linen.relu(x + y)


class LinenResNet(linen.Module):
    """A stem, two blocks, the second with a projection, a head."""

    @linen.compact
    def __call__(self, x: Any) -> Any:
        x = linen.Conv(8, (3, 3), use_bias=False)(x)
        x = linen.relu(linen.BatchNorm(use_running_average=True)(x))
        x = LinenBlock(8)(x)
        x = LinenBlock(16, 2)(x)
        return linen.Dense(10)(x.mean((1, 2)))


class LinenLayer(linen.Module):
    """One residual layer, as `linen.scan` wants it."""

    @linen.compact
    def __call__(self, x: Any, _: Any) -> Any:
        y = linen.relu(linen.Dense(32)(x))
        return x + linen.Dense(x.shape[-1])(y), None


class LinenScanned(linen.Module):
    """Five residual layers whose weights are stacked, and a head."""

    @linen.compact
    def __call__(self, x: Any) -> Any:
        scanned = linen.scan(
            linen.remat(LinenLayer), variable_axes={"params": 0}, split_rngs={"params": True},
            length=5,
        )  # fmt: skip
        x, _ = scanned(name="layers")(x, None)
        return linen.Dense(3, name="head")(x)


class LinenTransformer(linen.Module):
    """Two blocks of attention and feed-forward layers."""

    @linen.compact
    def __call__(self, t: Any) -> Any:
        x = linen.Embed(11, 16, name="table")(t)
        x = x + self.param("place", linen.initializers.zeros, (1, t.shape[1], 16))
        for n in range(2):
            y = linen.LayerNorm(name=f"norm{n}")(x)
            x = x + linen.MultiHeadDotProductAttention(4, name=f"attention{n}")(y)
            y = linen.gelu(linen.Dense(64, name=f"up{n}")(x), approximate=False)
            x = x + linen.Dense(16, name=f"down{n}")(y)
        return linen.Dense(11, name="head")(x)


class EquinoxImages(eqx.Module):
    """Convolutions, a transposed one, a normalization."""

    layers: list[Any]

    def __init__(self) -> None:
        a, b, c, d, e = jax.random.split(jax.random.key(0), 5)
        self.layers = [
            eqx.nn.Conv2d(3, 8, 3, key=a), eqx.nn.GroupNorm(2, 8), eqx.nn.Lambda(jnp.tanh),
            eqx.nn.Conv2d(8, 8, 3, groups=2, key=b), eqx.nn.Lambda(jax.nn.softplus),
            eqx.nn.ConvTranspose2d(8, 6, 2, 2, key=c), eqx.nn.Lambda(jax.nn.relu),
            eqx.nn.Conv2d(6, 6, 3, groups=6, key=d), eqx.nn.AdaptiveAvgPool2d(1),
            eqx.nn.Lambda(jnp.ravel), eqx.nn.Linear(6, 4, key=e),
        ]  # fmt: skip

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


class EquinoxTransformer(eqx.Module):
    """A block of attention and an MLP."""

    table: Any
    attention: Any
    norm: Any
    mlp: Any

    def __init__(self) -> None:
        a, b, c = jax.random.split(jax.random.key(0), 3)
        self.table = eqx.nn.Embedding(11, 16, key=a)
        self.attention = eqx.nn.MultiheadAttention(4, 16, key=b)
        self.norm = eqx.nn.LayerNorm(16)
        self.mlp = eqx.nn.MLP(16, 16, 32, 1, jax.nn.gelu, key=c)

    def __call__(self, t: Any) -> Any:
        x = jax.vmap(self.table)(t)
        y = jax.vmap(self.norm)(x)
        x = x + self.attention(y, y, y)
        return x + jax.vmap(self.mlp)(x)
