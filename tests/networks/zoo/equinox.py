"""Networks of Equinox."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

KEY = jax.random.key(0)


class Tagger(eqx.Module):
    """A table, a GRU over the words, a head."""

    table: Any
    cell: Any
    head: Any

    def __init__(self) -> None:
        self.table = eqx.nn.Embedding(20, 8, key=KEY)
        self.cell = eqx.nn.GRUCell(8, 8, key=KEY)
        self.head = eqx.nn.Linear(8, 3, key=KEY)

    def __call__(self, tokens: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = self.cell(x, h)
            return h, h

        _, states = jax.lax.scan(step, jnp.zeros(8), jax.vmap(self.table)(tokens))
        return jax.vmap(self.head)(states)


class Encoder(eqx.Module):
    """One block of a transformer, on one sequence."""

    first: Any
    norms: Any
    attention: Any
    wide: Any
    narrow: Any
    head: Any

    def __init__(self) -> None:
        self.first, self.head = eqx.nn.Linear(6, 16, key=KEY), eqx.nn.Linear(16, 3, key=KEY)
        self.norms = [eqx.nn.LayerNorm(16), eqx.nn.LayerNorm(16)]
        self.attention = eqx.nn.MultiheadAttention(4, 16, key=KEY)
        self.wide, self.narrow = (eqx.nn.Linear(16, 32, key=KEY),
                                  eqx.nn.Linear(32, 16, key=KEY))  # fmt: skip

    def __call__(self, x: Any) -> Any:
        x = jax.vmap(self.first)(x)
        y = jax.vmap(self.norms[0])(x)
        x = x + self.attention(y, y, y)
        y = jax.nn.gelu(jax.vmap(self.wide)(jax.vmap(self.norms[1])(x)))
        return jax.vmap(self.head)(x + jax.vmap(self.narrow)(y))


class Ensemble(eqx.Module):
    """Four perceptrons made by `filter_vmap`."""

    members: Any

    def __init__(self) -> None:
        make = eqx.filter_vmap(lambda key: eqx.nn.MLP(5, 2, 16, 2, jax.nn.silu, key=key))
        self.members = make(jax.random.split(KEY, 4))

    def __call__(self, x: Any) -> Any:
        run = eqx.filter_vmap(lambda one, x: one(x), in_axes=(eqx.if_array(0), None))
        return run(self.members, x)


class Unet(eqx.Module):
    a: Any
    norm: Any
    b: Any
    up: Any
    c: Any

    def __init__(self) -> None:
        self.a = eqx.nn.Conv2d(3, 8, 3, padding=1, key=KEY)
        self.norm = eqx.nn.GroupNorm(4, 8)
        self.b = eqx.nn.Conv2d(8, 16, 3, 2, 1, key=KEY)
        self.up = eqx.nn.ConvTranspose2d(16, 8, 2, 2, key=KEY)
        self.c = eqx.nn.Conv2d(16, 3, 1, key=KEY)

    def __call__(self, x: Any) -> Any:
        skip = jax.nn.relu(self.norm(self.a(x)))
        return self.c(jnp.concatenate([skip, self.up(jax.nn.relu(self.b(skip)))]))


class Flow(eqx.Module):
    """A neural differential equation, by ten of Euler's steps, with the time beside the state."""

    field: Any
    head: Any

    def __init__(self) -> None:
        self.field = eqx.nn.MLP(5, 4, 16, 1, jax.nn.softplus, key=KEY)
        self.head = eqx.nn.Linear(4, 1, key=KEY)

    def __call__(self, y: Any) -> Any:
        def step(y: Any, t: Any) -> Any:
            return y + 0.1 * self.field(jnp.concatenate([y, t[None]])), None

        y, _ = jax.lax.scan(step, y, jnp.linspace(0.0, 1.0, 10))
        return self.head(y)


BIAS = """
    *bias*                   bias
"""

ZOO: dict[str, tuple[Any, Any, str]] = {
    "MLP": (lambda: eqx.nn.MLP(4, 2, 16, 3, jax.nn.gelu, key=KEY), jnp.zeros(4), BIAS + """
        *layers*weight           hidden gelu_tanh
        *layers*0*weight         first gelu_tanh
        *layers*3*weight         output
    """),
    "GRU tagger": (Tagger, jnp.arange(6), BIAS + """
        *table*weight            embedding
        *cell*weight_?h          recurrent + recurrent + recurrent
        *head*weight             output
    """),
    "transformer": (Encoder, jnp.zeros((6, 6)), BIAS + """
        *norms*                  normalization
        *first*weight            first
        *query_proj*weight       attention_query
        *key_proj*weight         attention_key
        *value_proj*weight       attention_value
        *output_proj*weight      attention_output
        *wide*weight             feed_forward_in gelu_tanh
        *narrow*weight           feed_forward_out
        *head*weight             output
    """),
    "ensemble": (Ensemble, jnp.zeros(5), BIAS + """
        *layers*0*weight         4 x first silu
        *layers*1*weight         4 x hidden silu
        *layers*2*weight         4 x output
    """),
    "U-Net": (Unet, jnp.zeros((3, 8, 8)), BIAS + """
        *norm*                   normalization
        *a*weight                first relu
        *b*weight                hidden relu
        *up*weight               transposed
        *c*weight                output
    """),
    "neural ODE": (Flow, jnp.zeros(4), BIAS + """
        *field*layers*0*weight   hidden softplus
        *field*layers*1*weight   branch_last
        *head*weight             output
    """),
}  # fmt: skip
