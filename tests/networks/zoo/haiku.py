"""Networks of Haiku, as pairs of a function and its parameters."""

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

IMAGE = jnp.zeros((1, 32, 32, 3))
IDS = jnp.arange(12).reshape(2, 6)
SERIES = jnp.zeros((2, 6, 4))


def plain(function: Any, sample: Any) -> Any:
    """A network without state."""
    made = hk.without_apply_rng(hk.transform(function))
    return made.apply, made.init(jax.random.key(0), sample)


def transformer(tokens: Any) -> Any:
    """Two blocks with a causal mask."""
    x = hk.Embed(20, 16, name="words")(tokens)
    x = x + hk.get_parameter("places", (6, 16), init=jnp.zeros)
    mask = jnp.tril(jnp.ones((1, 1, 6, 6)))
    for n in range(2):
        y = hk.LayerNorm(-1, True, True, name=f"norm_a{n}")(x)
        attention = hk.MultiHeadAttention(4, 4, w_init=jnp.zeros, model_size=16, name=f"mha{n}")
        x = x + attention(y, y, y, mask)
        y = hk.LayerNorm(-1, True, True, name=f"norm_b{n}")(x)
        y = jax.nn.gelu(hk.Linear(64, name=f"wide{n}")(y))
        x = x + hk.Linear(16, name=f"narrow{n}")(y)
    return hk.Linear(20, name="head")(hk.LayerNorm(-1, True, True, name="norm")(x))


def lstm(x: Any) -> Any:
    core = hk.DeepRNN([hk.Linear(8, name="into"), jax.nn.relu, hk.LSTM(8), hk.GRU(8)])
    h, _ = hk.dynamic_unroll(core, jnp.moveaxis(x, 0, 1), core.initial_state(len(x)))
    return hk.Linear(2, name="head")(h[-1])


def separable(x: Any) -> Any:
    """Depthwise and pointwise convolutions."""
    x = jax.nn.relu6(hk.Conv2D(8, 3, 2, name="stem")(x))
    x = jax.nn.relu6(hk.DepthwiseConv2D(1, 3, name="depth")(x))
    x = jax.nn.relu6(hk.Conv2D(16, 1, name="point")(x))
    return hk.Linear(10, name="head")(x.mean((1, 2)))


def resnet() -> Any:
    """Haiku's own residual network, of one block a group."""

    def run(x: Any) -> Any:
        net = hk.nets.ResNet(
            (1, 1, 1, 1), 10, bottleneck=False, channels_per_group=(8, 16, 16, 16),
            use_projection=(False, True, True, True), initial_conv_config={"output_channels": 8},
            name="net",
        )  # fmt: skip
        return net(x, is_training=True)

    made = hk.without_apply_rng(hk.transform_with_state(run))
    weights, state = made.init(jax.random.key(0), IMAGE)
    return (lambda p, x: made.apply(p, state, x)[0]), weights


ZOO: dict[str, tuple[Any, Any, str]] = {
    "transformer": (lambda: plain(transformer, IDS), IDS, """
        *b                               bias
        *norm*                           normalization
        *words/embeddings                embedding
        *places                          position
        *query/w                         attention_query
        *key/w                           attention_key
        *value/w                         attention_value
        *mha?/linear/w                   attention_output
        *wide?/w                         feed_forward_in gelu_tanh
        *narrow?/w                       feed_forward_out
        head/w                           output
    """),
    "ResNet": (resnet, IMAGE, """
        *b                               bias
        *scale                           normalization
        *offset                          normalization
        *initial_conv/w                  first relu
        *conv_0/w                        hidden relu
        *conv_1/w                        branch_last
        *shortcut_conv/w                 skip_projection
        *logits/w                        output
    """),
    "LSTM and GRU": (lambda: plain(lstm, SERIES), SERIES, """
        *b                               bias
        into/w                           first relu
        lstm/linear/w  recurrent sigmoid + recurrent tanh + recurrent activation + recurrent sigmoid
        gru/w_?                          recurrent sigmoid + recurrent sigmoid + recurrent tanh
        head/w                           output
    """),
    "separable": (lambda: plain(separable, IMAGE), IMAGE, """
        *b                               bias
        stem/w                           first relu6
        depth/w                          depthwise relu6
        point/w                          hidden relu6
        head/w                           output
    """),
}  # fmt: skip
