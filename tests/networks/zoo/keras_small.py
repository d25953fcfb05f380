"""Networks of a page, in plain Keras, of kinds that libraries do not have."""

from typing import Any

import keras
from keras import layers, ops


def sequence_to_sequence() -> Any:
    """Two LSTMs, the second from the first one's last state, with Luong's attention."""
    source, target = keras.Input((6,), dtype="int32"), keras.Input((5,), dtype="int32")
    words = layers.Embedding(20, 8, mask_zero=True, name="source_words")(source)
    read, *state = layers.LSTM(8, return_sequences=True, return_state=True, name="encoder")(words)
    words = layers.Embedding(20, 8, name="target_words")(target)
    h = layers.LSTM(8, return_sequences=True, name="decoder")(words, initial_state=state)
    h = layers.Concatenate()([h, layers.Attention(name="attention")([h, read])])
    h = layers.Dense(8, "tanh", name="combine")(h)
    return keras.Model([source, target], layers.Dense(20, name="head")(h))


def recurrences() -> Any:
    x = keras.Input((6, 4))
    h = layers.Dense(8, "relu", name="before")(x)
    h = layers.Bidirectional(layers.GRU(6, return_sequences=True), name="both")(h)
    h = layers.SimpleRNN(6, name="plain")(h)
    return keras.Model(x, layers.Dense(2, name="after")(h))


def attention(causal: bool) -> Any:
    """A block whose attention has dropout, and so is no one operation."""
    x, mask = keras.Input((6, 16)), keras.Input((6, 6), dtype="bool")
    inner = layers.MultiHeadAttention(2, 8, dropout=0.1, name="attention")
    h = layers.LayerNormalization(name="norm_1")(x)
    h = inner(h, h, use_causal_mask=True) if causal else inner(h, h, attention_mask=mask)
    x1 = layers.Add()([x, h])
    h = layers.Dense(32, "gelu", name="wide")(layers.LayerNormalization(name="norm_2")(x1))
    x2 = layers.Add()([x1, layers.Dense(16, name="narrow")(h)])
    return keras.Model(x if causal else [x, mask], layers.Dense(3, name="head")(x2))


class Sample(layers.Layer):  # type: ignore[misc]
    """Normal numbers of a mean and a log-variance."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, both: Any) -> Any:
        mean, log_variance = ops.split(both, 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        return mean + noise * ops.exp(0.5 * log_variance)


def vae() -> Any:
    x = keras.Input((12,))
    both = layers.Dense(8, name="both")(layers.Dense(16, "tanh", name="encode")(x))
    h = layers.Dense(16, "tanh", name="decode")(Sample()(both))
    return keras.Model(x, layers.Dense(12, "sigmoid", name="out")(h))


def unet() -> Any:
    x = keras.Input((8, 8, 3))
    skip = layers.Conv2D(8, 3, padding="same", activation="relu", name="a")(x)
    deep = layers.Conv2D(16, 3, 2, padding="same", activation="relu", name="b")(skip)
    up = layers.Conv2DTranspose(8, 2, 2, name="up")(deep)
    return keras.Model(x, layers.Conv2D(3, 1, name="c")(layers.Concatenate()([skip, up])))


def experts() -> Any:
    """A soft mixture: every expert sees every token, a router weighs them."""
    x = keras.Input((6, 16))
    h = layers.EinsumDense("btd,edf->btef", (6, 4, 32), activation="silu", name="in")(x)
    h = layers.EinsumDense("btef,efd->bted", (6, 4, 16), name="out")(h)
    weights = layers.Dense(4, "softmax", name="weigh")(x)
    return keras.Model(x, ops.einsum("bte,bted->btd", weights, h))


class Tied(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.table = layers.Embedding(20, 8, name="table")
        self.dense = layers.Dense(8, "relu", name="dense")

    def call(self, tokens: Any) -> Any:
        return self.dense(self.table(tokens)) @ ops.transpose(self.table.embeddings)


GATES = " + ".join(["recurrent"] * 4)
ATTENTION = """
    *bias                        bias
    norm_*                       normalization
    attention/query/kernel       attention_query
    attention/key/kernel         attention_key
    attention/value/kernel       attention_value
    *attention_output/kernel     attention_output
    wide/kernel                  feed_forward_in gelu
    narrow/kernel                feed_forward_out
    head/kernel                  output
"""

ZOO: dict[str, tuple[Any, Any, str]] = {
    "sequence to sequence": (sequence_to_sequence, None, f"""
        *bias                    bias
        *_words/embeddings       embedding
        encoder/*kernel          {GATES}
        decoder/*kernel          {GATES}
        combine/kernel           attention_output tanh
        head/kernel              output
    """),
    "recurrences": (recurrences, None, """
        *bias                    bias
        before/kernel            first relu
        both/*kernel             recurrent + recurrent + recurrent
        plain/*kernel            recurrent
        after/kernel             output
    """),
    "attention, masked": (lambda: attention(False), None, ATTENTION),
    "attention, causal": (lambda: attention(True), None, ATTENTION),
    "VAE": (vae, None, """
        *bias                    bias
        encode/kernel            first tanh
        both/kernel              hidden + hidden activation
        decode/kernel            hidden tanh
        out/kernel               output sigmoid
    """),
    "U-Net": (unet, None, """
        *bias                    bias
        a/kernel                 first relu
        b/kernel                 hidden relu
        up/kernel                transposed
        c/kernel                 output
    """),
    "experts": (experts, None, """
        *bias                    bias
        in/kernel                4 x first silu
        out/kernel               4 x output
        weigh/kernel             router
    """),
    "tied table": (Tied, keras.KerasTensor((2, 5), "int32"), """
        dense/bias               bias
        table/embeddings         tied
        dense/kernel             hidden relu
    """),
}  # fmt: skip
