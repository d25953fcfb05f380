"""Networks of Flax linen."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from ._moving import rotated

IDS = jnp.arange(12).reshape(2, 6)


class Project(nn.Module):
    """A product with a kernel of any number of output axes, over the last axes of its input."""

    out: tuple[int, ...]
    over: int = 1

    @nn.compact
    def __call__(self, x: Any) -> Any:
        shape = x.shape[-self.over :] + self.out
        kernel = self.param("kernel", nn.initializers.zeros, shape)
        axes = tuple(range(x.ndim - self.over, x.ndim)), tuple(range(self.over))
        return jax.lax.dot_general(x, kernel, (axes, ((), ())))


class DecoderLayer(nn.Module):
    """A block as MaxText has it: grouped queries, rotated, and a gated feed-forward network."""

    @nn.compact
    def __call__(self, x: Any, _: Any = None) -> Any:
        y = nn.RMSNorm(name="pre_attention")(x)
        q, k, v = (Project((n, 8), name=name)(y) for name, n in
                   (("query", 4), ("key", 2), ("value", 2)))  # fmt: skip
        q, k = rotated(q).reshape(*q.shape[:2], 2, 2, 8), rotated(k)
        scores = jnp.einsum("btkgd,bskd->bkgts", q, k) / jnp.sqrt(8.0)
        scores = jnp.where(jnp.tril(jnp.ones((x.shape[1],) * 2, bool)), scores, -1e9)
        h = jnp.einsum("bkgts,bskd->btkgd", jax.nn.softmax(scores), v)
        x = x + Project((x.shape[-1],), over=2, name="out")(h.reshape(*h.shape[:2], 4, 8))
        y = nn.RMSNorm(name="pre_mlp")(x)
        gate, up = Project((48,), name="wi_0")(y), Project((48,), name="wi_1")(y)
        return x + Project((x.shape[-1],), name="wo")(jax.nn.silu(gate) * up), None


class Decoder(nn.Module):
    """Three layers of one scan, stacked along the second axis as MaxText does."""

    @nn.compact
    def __call__(self, tokens: Any) -> Any:
        table = nn.Embed(20, 32, name="token_embedder")
        scanned = nn.scan(nn.remat(DecoderLayer), variable_axes={"params": 1}, length=3,
                          split_rngs={"params": True})  # fmt: skip
        x, _ = scanned(name="layers")(table(tokens), None)
        return nn.Dense(20, use_bias=False, name="logits_dense")(nn.RMSNorm(name="norm")(x))


class Block(nn.Module):
    """A block of ResNet."""

    width: int
    stride: int = 1

    @nn.compact
    def __call__(self, x: Any) -> Any:
        def norm(name: str) -> Any:
            return nn.BatchNorm(use_running_average=True, name=name)

        y = nn.Conv(self.width, (3, 3), self.stride, use_bias=False, name="one")(x)
        y = nn.relu(norm("norm_one")(y))
        y = norm("norm_two")(nn.Conv(self.width, (3, 3), use_bias=False, name="two")(y))
        if x.shape != y.shape:
            short = nn.Conv(self.width, (1, 1), self.stride, use_bias=False, name="short")
            x = norm("norm_short")(short(x))
        return nn.relu(x + y)


class ResNet(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        x = nn.Conv(8, (3, 3), use_bias=False, name="stem")(x)
        x = nn.relu(nn.BatchNorm(use_running_average=True, name="norm")(x))
        x = Block(16, 2, name="b")(Block(8, name="a")(x))
        return nn.Dense(10, name="head")(x.mean((1, 2)))


class Unet(nn.Module):
    @nn.compact
    def __call__(self, x: Any) -> Any:
        skip = nn.silu(nn.GroupNorm(4, name="norm")(nn.Conv(8, (3, 3), name="a")(x)))
        deep = nn.silu(nn.Conv(16, (3, 3), 2, name="b")(skip))
        up = nn.ConvTranspose(8, (2, 2), (2, 2), name="up")(deep)
        return nn.Conv(3, (1, 1), name="c")(jnp.concatenate([skip, up], -1))


class Recurrent(nn.Module):
    """Layers before and after two recurrences."""

    @nn.compact
    def __call__(self, x: Any) -> Any:
        x = nn.relu(nn.Dense(16, name="encoder")(x))
        x = nn.RNN(nn.OptimizedLSTMCell(8), name="lstm")(x)
        x = nn.RNN(nn.GRUCell(8), name="gru")(x)[:, -1]
        return nn.Dense(2, name="head")(nn.relu(nn.Dense(16, name="mid")(x)))


class Graph(nn.Module):
    """A graph convolutional network."""

    @nn.compact
    def __call__(self, x: Any, edges: Any) -> Any:
        scale = jnp.sqrt(edges.sum(-1))
        edges = edges / scale[:, None] / scale[None]
        x = nn.relu(edges @ nn.Dense(16, name="one")(x))
        x = nn.relu(edges @ nn.Dense(16, name="two")(x))
        return edges @ nn.Dense(3, name="three")(x)


class Critic(nn.Module):
    @nn.compact
    def __call__(self, x: Any, a: Any) -> Any:
        h = nn.relu(nn.Dense(32, name="one")(jnp.concatenate([x, a], -1)))
        return nn.Dense(1, name="three")(nn.relu(nn.Dense(32, name="two")(h)))


def critics() -> Any:
    return nn.vmap(Critic, variable_axes={"params": 0}, split_rngs={"params": True},
                   in_axes=None, out_axes=0, axis_size=4)()  # fmt: skip


NORMALIZED = """
    *bias                    bias
    *norm*/*                 normalization
"""
GRU, LSTM = (" + ".join(["recurrent"] * n) for n in (3, 4))

ZOO: dict[str, tuple[Any, Any, str]] = {
    "scanned decoder": (Decoder, IDS, """
        *token_embedder/embedding  embedding
        *norm/scale              normalization
        *pre_attention/scale     normalization
        *pre_mlp/scale           normalization
        *query/kernel            3 x attention_query
        *key/kernel              3 x attention_key
        *value/kernel            3 x attention_value
        *out/kernel              3 x attention_output
        *wi_0/kernel             3 x feed_forward_in silu
        *wi_1/kernel             3 x feed_forward_in
        *wo/kernel               3 x feed_forward_out
        *logits_dense/kernel     output
    """),
    "ResNet": (ResNet, jnp.zeros((1, 8, 8, 3)), NORMALIZED + """
        *stem/kernel             first relu
        *one/kernel              hidden relu
        *two/kernel              branch_last
        *short/kernel            skip_projection
        *head/kernel             output
    """),
    "U-Net": (Unet, jnp.zeros((1, 8, 8, 3)), NORMALIZED + """
        *a/kernel                first silu
        *b/kernel                hidden silu
        *up/kernel               transposed
        *c/kernel                output
    """),
    "recurrences": (Recurrent, jnp.zeros((2, 6, 4)), """
        *bias                    bias
        *encoder/kernel          first relu
        *kernel                  recurrent
        *encoder/kernel          first relu
        *mid/kernel              hidden relu
        *head/kernel             output
    """),
    "GCN": (Graph, (jnp.zeros((5, 4)), jnp.ones((5, 5))), """
        *bias                    bias
        *one/kernel              first relu
        *two/kernel              hidden relu
        *three/kernel            output
    """),
    "ensemble": (critics, (jnp.zeros((2, 5)), jnp.zeros((2, 3))), """
        *bias                    bias
        *one/kernel              4 x first relu
        *two/kernel              4 x hidden relu
        *three/kernel            4 x output
    """),
}  # fmt: skip
