"""The same architecture in Keras and in PyTorch: the same roles and the same weights."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers as L  # noqa: N812
from keras import ops

from initcore_keras import initialize
from tests.networks.architectures import common, found, same


def dense(n: int, name: str, activation: Any = None) -> Any:
    return L.Dense(n, activation, name=name)


def conv(n: int, name: str, size: int = 3, stride: int = 1, **more: Any) -> Any:
    return L.Conv2D(n, size, stride, "same", use_bias=False, name=name, **more)


def norm(name: str) -> Any:
    return L.LayerNormalization(epsilon=1e-5, name=name)


def batch(name: str) -> Any:
    return L.BatchNormalization(name=name)


def gelu(x: Any) -> Any:
    return ops.gelu(x, approximate=False)


def mlp(x: Any, activation: Any = gelu) -> Any:
    x = dense(16, "b", activation)(dense(16, "a", activation)(x))
    return dense(3, "head")(x)


def cnn(x: Any) -> Any:
    for n, name, by in ((8, "a", "n1"), (12, "b", "n2")):
        x = L.ReLU()(batch(by)(conv(n, name)(x)))
    return dense(4, "head")(L.GlobalAveragePooling2D()(x))


def resnet(x: Any) -> Any:
    x = L.ReLU()(batch("n0")(conv(8, "stem")(x)))
    h = L.ReLU()(batch("n1")(conv(8, "a")(x)))
    x = L.ReLU()(L.Add()([x, batch("n2")(conv(8, "b")(h))]))
    h = L.ReLU()(batch("n3")(conv(16, "c", 3, 2)(x)))
    short = batch("ns")(conv(16, "short", 1, 2)(x))
    x = L.ReLU()(L.Add()([short, batch("n4")(conv(16, "d")(h))]))
    return dense(4, "head")(L.GlobalAveragePooling2D()(x))


def heads(x: Any) -> Any:
    return ops.transpose(ops.reshape(x, (-1, 5, 2, 8)), (0, 2, 1, 3))


def attended(q: Any, k: Any, v: Any) -> Any:
    scores = ops.matmul(heads(q), ops.transpose(heads(k), (0, 1, 3, 2))) / 8**0.5
    h = ops.transpose(ops.matmul(ops.softmax(scores), heads(v)), (0, 2, 1, 3))
    return dense(16, "o")(ops.reshape(h, (-1, 5, 16)))


def transformer(t: Any) -> Any:
    x = L.Embedding(11, 16, name="table")(t)
    h = norm("n1")(x)
    x = x + attended(*(dense(16, name)(h) for name in "qkv"))
    x = x + dense(16, "down")(gelu(dense(32, "up")(norm("n2")(x))))
    return dense(11, "head")(norm("n3")(x))


def attention_layers(t: Any) -> Any:
    """Keras's own attention in the place of three kernels and an output."""
    x = L.Embedding(11, 16, name="table")(t)
    h = norm("n1")(x)
    x = x + L.MultiHeadAttention(2, 8, dropout=0.1, name="attention")(h, h)
    x = x + dense(16, "down")(gelu(dense(32, "up")(norm("n2")(x))))
    return dense(11, "head")(norm("n3")(x))


def fused(x: Any) -> Any:
    x = x + attended(*ops.split(dense(48, "qkv")(norm("n1")(x)), 3, -1))
    return dense(3, "head")(norm("n2")(x))


def gated(x: Any) -> Any:
    x = dense(16, "stem")(x)
    h = norm("n1")(x)
    x = x + dense(16, "down")(L.Multiply()([dense(24, "gate", "silu")(h), dense(24, "up")(h)]))
    return dense(3, "head")(norm("n2")(x))


def lstm(t: Any, kind: Any = L.LSTM) -> Any:
    return dense(3, "head")(kind(8, name="rnn")(L.Embedding(11, 16, name="table")(t)))


class Weights(L.Layer):  # type: ignore[misc]
    """A layer of weights alone."""

    def __init__(self, function: Any, **shapes: Any) -> None:
        super().__init__(name="own")
        self.function = function
        for name, shape in shapes.items():
            setattr(self, name, self.add_weight(shape=shape, name=name))

    def call(self, *args: Any) -> Any:
        return self.function(self, *args)

    def compute_output_spec(self, x: Any, *more: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


def tied(x: Any) -> Any:
    def run(m: Any, x: Any) -> Any:
        return ops.matmul(ops.tanh(ops.matmul(x, m.w)), ops.transpose(m.w)) + m.b

    return Weights(run, w=(20, 8), b=(20,))(x)


def experts(x: Any) -> Any:
    def run(m: Any, x: Any, p: Any) -> Any:
        h = ops.relu(ops.einsum("btd,edf->btef", x, m.up))
        return ops.einsum("bte,btef,efd->btd", p, h, m.down)

    p = dense(4, "router", "softmax")(x)
    h = Weights(run, up=(4, 16, 24), down=(4, 24, 16))(x, p)
    return dense(3, "head")(x + h)


def separable(x: Any) -> Any:
    x = conv(8, "a", activation="relu")(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="depth")(x)
    x = conv(12, "point", 1, activation="relu")(x)
    return dense(4, "head")(L.GlobalAveragePooling2D()(x))


def words(t: Any) -> Any:
    x = ops.mean(L.Embedding(11, 16, name="table")(t), 1)
    return dense(3, "head")(dense(16, "mid", "tanh")(x))


def unet(x: Any) -> Any:
    skip = conv(8, "a", activation="relu")(x)
    deep = conv(16, "b", 3, 2, activation="relu")(skip)
    up = L.Conv2DTranspose(8, 2, 2, use_bias=False, name="up")(deep)
    return conv(3, "c", 1)(L.Concatenate()([skip, up]))


IMAGES, TEXT = (8, 8, 3), (5, 16)
CASES: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "mlp": (mlp, (6,)), "tanh mlp": (lambda x: mlp(x, "tanh"), (6,)), "cnn": (cnn, IMAGES),
    "resnet": (resnet, IMAGES), "transformer": (transformer, (5,)),
    "fused attention": (fused, TEXT),
    "gated": (gated, TEXT), "lstm": (lstm, (5,)), "gru": (lambda t: lstm(t, L.GRU), (5,)),
    "tied autoencoder": (tied, (20,)), "experts": (experts, TEXT), "separable": (separable, IMAGES),
    "bag of words": (words, (5,)), "unet": (unet, IMAGES),
}  # fmt: skip
NAMES = {"query.w": "q.w", "key.w": "k.w", "value.w": "v.w", "attention_output.w": "o.w"}


def name_of(path: str) -> str:
    name = common(path)
    return NAMES.get(name, name.removeprefix("own."))


def in_keras(make: Any, shape: tuple[int, ...], scheme: Any) -> dict[str, tuple[str, Any]]:
    x = keras.Input(shape, dtype="int32" if shape == (5,) else None)
    model = keras.Model(x, make(x))
    report = initialize(model, scheme, seed=3, paths=name_of)
    assert report.network.graph.traced, report.headline
    values = {v.path: v for v in model.weights}
    made = found(report, lambda path: keras.ops.convert_to_numpy(values[path]))
    return {NAMES.get(name, name.removeprefix("own.")): one for name, one in made.items()}


@pytest.mark.parametrize("name", list(CASES))
def test_an_architecture_has_the_roles_and_the_weights_that_it_has_in_pytorch(name: str) -> None:
    # One on each backend: neighbours have the other one.
    backend = ["jax", "numpy", "tensorflow", "torch"].index(keras.backend.backend())
    scheme = ["orthogonal", "he_normal"][(len(name) + backend) % 2]
    keras.utils.clear_session()
    same(name, in_keras(*CASES[name], scheme), scheme)


def test_attention_of_keras_has_the_kernels_of_attention_by_hand() -> None:
    same("transformer", in_keras(attention_layers, (5,), "orthogonal"))


def test_a_kernel_that_is_turned_around_is_seen() -> None:
    ours = in_keras(*CASES["mlp"], "orthogonal")
    ours["b.w"] = ("hidden", np.flip(ours["b.w"][1]))
    with pytest.raises(AssertionError, match=r"mlp, b.w: kernels differ"):
        same("mlp", ours)
