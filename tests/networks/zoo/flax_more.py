"""More networks of Flax: a diffusion transformer in linen, a Fourier operator in nnx."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx

from .composed import SIX

WIDTH = 16


class DitBlock(nn.Module):
    """A block whose normalizations and branches a condition scales; all scales start at 0."""

    @nn.compact
    def __call__(self, x: Any, c: Any) -> Any:
        condition = nn.Dense(6 * WIDTH, kernel_init=nn.initializers.zeros, name="condition")
        parts = jnp.split(condition(nn.silu(c))[:, None], 6, -1)
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = parts
        y = nn.LayerNorm(use_bias=False, use_scale=False)(x) * (1 + scale_a) + shift_a
        x = x + gate_a * nn.MultiHeadDotProductAttention(2, name="attention")(y)
        y = nn.LayerNorm(use_bias=False, use_scale=False)(x) * (1 + scale_m) + shift_m
        y = nn.Dense(WIDTH, name="narrow")(nn.gelu(nn.Dense(4 * WIDTH, name="wide")(y)))
        return x + gate_m * y


class Dit(nn.Module):
    """A diffusion transformer of two blocks."""

    @nn.compact
    def __call__(self, x: Any, t: Any, label: Any) -> Any:
        angles = t[:, None] * jnp.exp(-jnp.arange(4.0))
        waves = jnp.concatenate([jnp.cos(angles), jnp.sin(angles)], -1)
        c = nn.Dense(WIDTH, name="time2")(nn.silu(nn.Dense(WIDTH, name="time1")(waves)))
        c = c + nn.Embed(11, WIDTH, name="label")(label)
        h = nn.Conv(WIDTH, (2, 2), (2, 2), name="patch")(x).reshape(len(x), -1, WIDTH)
        h = h + jnp.sin(jnp.arange(h.shape[1])[:, None] / 100.0 ** jnp.linspace(0, 1, WIDTH))
        for n in range(2):
            h = DitBlock(name=f"block{n}")(h, c)
        shift, scale = jnp.split(nn.Dense(2 * WIDTH, name="shape")(nn.silu(c))[:, None], 2, -1)
        h = nn.LayerNorm(use_bias=False, use_scale=False)(h) * (1 + scale) + shift
        return nn.Dense(16, name="last")(h)


class Spectral(nnx.Module):
    """A matrix for each of the lowest frequencies, beside a pointwise layer."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.weight = nnx.Param(jnp.zeros((8, 8, 4), jnp.complex64))
        self.local = nnx.Linear(8, 8, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        seen = jnp.fft.rfft(x, axis=1)
        made = jnp.einsum("bki,iok->bko", seen[:, :4], self.weight[...])
        made = jnp.zeros_like(seen).at[:, :4].set(made)
        return jnp.fft.irfft(made, n=x.shape[1], axis=1) + self.local(x)


class Operator(nnx.Module):
    """A Fourier operator of two layers."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.lift, self.out = nnx.Linear(2, 8, rngs=rngs), nnx.Linear(8, 1, rngs=rngs)
        self.a, self.b = Spectral(rngs), Spectral(rngs)

    def __call__(self, x: Any) -> Any:
        return self.out(jax.nn.gelu(self.b(jax.nn.gelu(self.a(self.lift(x))))))


NOISE = (jnp.sin(jnp.linspace(-9, 9, 512)).reshape(2, 8, 8, 4), jnp.array([1.0, 9.0]),
         jnp.array([3, 7]))  # fmt: skip
WAVE = jnp.sin(jnp.linspace(-9, 9, 64)).reshape(2, 16, 2)

ZOO: dict[str, tuple[Any, Any, str]] = {
    "DiT": (Dit, NOISE, f"""
        *bias                            bias
        *patch/kernel                    first
        *time1/kernel                    first silu
        *time2/kernel                    hidden silu
        *label/embedding                 embedding
        *query/kernel                    attention_query
        *key/kernel                      attention_key
        *value/kernel                    attention_value
        *out/kernel                      attention_output
        *wide/kernel                     feed_forward_in gelu_tanh
        *narrow/kernel                   feed_forward_out
        *condition/kernel                {SIX}
        *shape/kernel                    modulation + modulation
        *last/kernel                     output
    """),
    "Fourier operator": (Operator, WAVE, """
        *.bias                           bias
        lift.kernel                      first
        *.local.kernel                   hidden gelu_tanh
        ?.weight                         4 x hidden gelu_tanh
        out.kernel                       output
    """),
}  # fmt: skip
