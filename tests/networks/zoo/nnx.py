"""Networks of Flax nnx."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from ._moving import rotated


def rngs() -> nnx.Rngs:
    return nnx.Rngs(0)


class DecoderLayer(nnx.Module):
    """A block of grouped queries and a gated feed-forward network."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        how: dict[str, Any] = {"rngs": rngs, "use_bias": False}
        self.pre_attention, self.pre_mlp = (nnx.RMSNorm(32, rngs=rngs) for _ in range(2))
        self.query = nnx.LinearGeneral(32, (4, 8), **how)
        self.key, self.value = (nnx.LinearGeneral(32, (2, 8), **how) for _ in range(2))
        self.out = nnx.LinearGeneral((4, 8), 32, axis=(-2, -1), **how)
        self.wi_0, self.wi_1 = nnx.Linear(32, 48, **how), nnx.Linear(32, 48, **how)
        self.wo = nnx.Linear(48, 32, **how)

    def __call__(self, x: Any) -> Any:
        y = self.pre_attention(x)
        q, k, v = rotated(self.query(y)), rotated(self.key(y)), self.value(y)
        k, v = jnp.repeat(k, 2, 2), jnp.repeat(v, 2, 2)
        x = x + self.out(jax.nn.dot_product_attention(q, k, v, is_causal=True))
        y = self.pre_mlp(x)
        return x + self.wo(nnx.silu(self.wi_0(y)) * self.wi_1(y))


class Decoder(nnx.Module):
    """Three layers of one scan, as MaxText has them; the table is the head."""

    def __init__(self) -> None:
        made = nnx.split_rngs(splits=3)(
            nnx.vmap(lambda rngs: DecoderLayer(rngs), in_axes=0, out_axes=0)
        )
        self.table = nnx.Embed(20, 32, rngs=rngs())
        self.layers, self.norm = made(rngs()), nnx.RMSNorm(32, rngs=rngs())

    def __call__(self, tokens: Any) -> Any:
        @nnx.scan(in_axes=(0, nnx.Carry), out_axes=nnx.Carry)
        @nnx.remat
        def run(layer: DecoderLayer, x: Any) -> Any:
            return layer(x)

        return self.table.attend(self.norm(run(self.layers, self.table(tokens))))


class Adapted(nnx.Module):
    """A network with low-rank updates."""

    def __init__(self) -> None:
        self.one = nnx.LoRALinear(8, 16, lora_rank=2, rngs=rngs())
        self.two = nnx.LoRALinear(16, 16, lora_rank=2, rngs=rngs())
        self.head = nnx.Linear(16, 3, rngs=rngs())

    def __call__(self, x: Any) -> Any:
        return self.head(nnx.gelu(self.two(nnx.gelu(self.one(x)))))


class Vit(nnx.Module):
    def __init__(self) -> None:
        self.patch = nnx.Conv(3, 16, (4, 4), (4, 4), rngs=rngs())
        self.token, self.place = nnx.Param(jnp.zeros((1, 1, 16))), nnx.Param(jnp.zeros((1, 5, 16)))
        self.norms = nnx.List([nnx.LayerNorm(16, rngs=rngs()) for _ in range(3)])
        self.attention = nnx.MultiHeadAttention(2, 16, decode=False, rngs=rngs())
        self.wide, self.narrow = nnx.Linear(16, 32, rngs=rngs()), nnx.Linear(32, 16, rngs=rngs())
        self.head = nnx.Linear(16, 10, rngs=rngs())

    def __call__(self, x: Any) -> Any:
        x = self.patch(x).reshape(len(x), -1, 16)
        x = jnp.concatenate([jnp.broadcast_to(self.token[...], (len(x), 1, 16)), x], 1)
        x = x + self.place[...]
        x = x + self.attention(self.norms[0](x))
        x = x + self.narrow(nnx.gelu(self.wide(self.norms[1](x)), approximate=False))
        return self.head(self.norms[2](x)[:, 0])


class Recurrent(nnx.Module):
    def __init__(self) -> None:
        self.before = nnx.Linear(4, 16, rngs=rngs())
        self.gru = nnx.RNN(nnx.GRUCell(16, 8, rngs=rngs()))
        self.lstm = nnx.RNN(nnx.LSTMCell(8, 8, rngs=rngs()))
        self.after = nnx.Linear(8, 2, rngs=rngs())

    def __call__(self, x: Any) -> Any:
        return self.after(self.lstm(self.gru(nnx.tanh(self.before(x))))[:, -1])


class Policy(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.one, self.two = nnx.Linear(5, 32, rngs=rngs), nnx.Linear(32, 32, rngs=rngs)
        self.three = nnx.Linear(32, 2, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.three(nnx.tanh(self.two(nnx.tanh(self.one(x)))))


class Ensemble(nnx.Module):
    """Four policies of one array each, which see the same states."""

    def __init__(self) -> None:
        made = nnx.split_rngs(splits=4)(nnx.vmap(lambda rngs: Policy(rngs), in_axes=0, out_axes=0))
        self.members = made(rngs())

    def __call__(self, x: Any) -> Any:
        return nnx.vmap(lambda one, x: one(x), in_axes=(0, None), out_axes=0)(self.members, x)


class Experts(nnx.Module):
    """Two of four experts for each token, all computed."""

    def __init__(self) -> None:
        self.table, self.router = (nnx.Embed(20, 16, rngs=rngs()),
                                   nnx.Linear(16, 4, use_bias=False, rngs=rngs()))  # fmt: skip
        shapes = {"gate": (4, 16, 24), "up": (4, 16, 24), "down": (4, 24, 16)}
        self.gate, self.up, self.down = (nnx.Param(jnp.zeros(s)) for s in shapes.values())
        self.norm, self.head = nnx.RMSNorm(16, rngs=rngs()), nnx.Linear(16, 20, rngs=rngs())

    def __call__(self, tokens: Any) -> Any:
        x = self.table(tokens)
        y = self.norm(x)
        best, which = jax.lax.top_k(self.router(y), 2)
        chosen = (jax.nn.softmax(best)[..., None] * jax.nn.one_hot(which, 4)).sum(-2)
        h = jax.nn.silu(jnp.einsum("btd,edf->btef", y, self.gate[...]))
        h = h * jnp.einsum("btd,edf->btef", y, self.up[...])
        h = jnp.einsum("btef,efd->bted", h, self.down[...])
        return self.head(x + jnp.einsum("bted,bte->btd", h, chosen))


IDS = jnp.arange(12).reshape(2, 6)
BIAS = """
    *bias                    bias
"""
HEADS = """
    *query*kernel            attention_query
    *key*kernel              attention_key
    *value*kernel            attention_value
    *out*kernel              attention_output
"""

ZOO: dict[str, tuple[Any, Any, str]] = {
    "scanned decoder, tied": (Decoder, IDS, """
        table*embedding          tied
        *norm*scale              normalization
        *pre_attention*scale     normalization
        *pre_mlp*scale           normalization
    """ + HEADS.replace("attention_", "3 x attention_") + """
        *wi_0*kernel             3 x feed_forward_in silu
        *wi_1*kernel             3 x feed_forward_in
        *wo*kernel               3 x feed_forward_out
    """),
    "LoRA": (Adapted, jnp.zeros((2, 8)), BIAS + """
        one*kernel               first gelu_tanh
        two*kernel               hidden gelu_tanh
        *lora_a                  adapter_in
        *lora_b                  adapter_out gelu_tanh
        head*kernel              output
    """),
    "ViT": (Vit, jnp.zeros((1, 8, 8, 3)), BIAS + HEADS + """
        norms*                   normalization
        patch*kernel             first
        token                    latent
        place                    position
        wide*kernel              feed_forward_in gelu
        narrow*kernel            feed_forward_out
        head*kernel              output
    """),
    "recurrences": (Recurrent, jnp.zeros((2, 6, 4)), """
        *kernel                  recurrent
        gru*kernel               recurrent + recurrent + recurrent
        *bias                    bias
        before*kernel            first tanh
        after*kernel             output
    """),
    "ensemble": (Ensemble, jnp.zeros((3, 5)), BIAS + """
        *one*kernel              4 x first tanh
        *two*kernel              4 x hidden tanh
        *three*kernel            4 x output
    """),
    "experts": (Experts, IDS, BIAS + """
        table*embedding          embedding
        norm*scale               normalization
        router*kernel            router
        gate                     4 x hidden silu
        up                       4 x hidden
        down                     4 x branch_last
        head*kernel              output
    """),
}  # fmt: skip
