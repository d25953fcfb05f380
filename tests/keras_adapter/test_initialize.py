"""`initcore_keras.initialize`: roles against tables, arguments, and errors that change nothing."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import initcore_keras
from initcore.networks import describe_network
from initcore_keras import initialize
from initcore_keras.networks import trace

BACKEND = keras.backend.backend()


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def roles_of(model: Any, sample: Any = None) -> dict[str, str]:
    return {w.path: w.role for w in describe_network(trace(model, sample)).weights}


def values_of(model: Any) -> list[Any]:
    return [numpy(w).copy() for w in model.weights]


def transformer(dim: int = 16, heads: int = 4) -> Any:
    tokens = keras.Input((10,), dtype="int32")
    x = layers.Embedding(50, dim, name="table")(tokens)
    a = layers.LayerNormalization(name="norm")(x)
    a = layers.MultiHeadAttention(heads, dim // heads, name="attention")(a, a)
    x = layers.Add()([x, a])
    f = layers.Dense(4 * dim, "gelu", name="up")(layers.RMSNormalization(name="rms")(x))
    x = x + layers.Dropout(0.1)(layers.Dense(dim, name="down")(f))
    x = layers.Dense(5, "softmax", name="head")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(tokens, x)


def chain(depth: int, width: int, activation: str, ends: int | None = None) -> Any:
    ends = ends or width
    made = [layers.Dense(width, activation, name=f"d{n}") for n in range(depth - 1)]
    return keras.Sequential([keras.Input((ends,)), *made, layers.Dense(ends, name="last")])


class Custom(keras.Model):  # type: ignore[misc]
    """Weights of its own, operations spelled out, a residual branch."""

    def __init__(self) -> None:
        super().__init__()
        self.query = layers.Dense(8, name="query")
        self.head = layers.Dense(8, use_bias=False, name="head")
        self.shortcut = layers.Dense(3, name="shortcut")

    def build(self, shape: Any) -> None:
        self.positions = self.add_weight(shape=(5, 8), name="positions")
        self.matrix = self.add_weight(shape=(8, 8), name="matrix")
        self.size = self.add_weight(shape=(8,), name="size")
        super().build(shape)

    def call(self, x: Any) -> Any:
        x = self.query(x) + self.positions
        x = x + self.size * self.head(x * keras.ops.sigmoid(x))
        x = keras.ops.einsum("bti,io->bto", x, self.matrix)
        return self.shortcut(keras.ops.tanh(x))


def test_a_transformer_is_seen_through() -> None:
    assert roles_of(transformer()) == {
        "table/embeddings": "embedding",
        "norm/gamma": "normalization", "norm/beta": "normalization",
        "attention/query/kernel": "attention_query", "attention/query/bias": "bias",
        "attention/key/kernel": "attention_key", "attention/key/bias": "bias",
        "attention/value/kernel": "attention_value", "attention/value/bias": "bias",
        "attention/attention_output/kernel": "attention_output",
        "attention/attention_output/bias": "bias",
        "rms/scale": "normalization",
        "up/kernel": "feed_forward_in", "up/bias": "bias",
        "down/kernel": "feed_forward_out", "down/bias": "bias",
        "head/kernel": "output", "head/bias": "bias",
    }  # fmt: skip
    report = initialize(transformer(), "orthogonal")
    assert report["up/kernel"].weight.activation == "gelu"
    query = report["attention/query/kernel"]
    assert query.shape == (16, 16)


def test_convolutions_and_recurrences_are_told_apart() -> None:
    model = keras.Sequential([
        keras.Input((16, 16, 4)),
        layers.Conv2D(8, 3, activation="tanh", name="one"),
        layers.Conv2D(8, 3, groups=2, padding="same", name="two"),
        layers.SeparableConv2D(8, 3, name="three"),
        layers.DepthwiseConv2D(3, name="four"),
        layers.PReLU(shared_axes=(1, 2), name="slope"),
        layers.Conv2DTranspose(4, 3, name="five"),
        layers.Reshape((-1, 4)),
        layers.Bidirectional(layers.LSTM(5, return_sequences=True), name="six"),
        layers.TimeDistributed(layers.Dense(3, name="step"), name="seven"),
        layers.GRU(4, name="eight"),
        layers.Dense(2, name="nine"),
    ], name="net")  # fmt: skip
    network = describe_network(trace(model))
    found = {w.path: (w.role, w.parts) for w in network.kernels}
    assert found == {
        "one/kernel": ("first", 1), "two/kernel": ("grouped", 1),
        "three/depthwise_kernel": ("depthwise", 1), "three/pointwise_kernel": ("hidden", 1),
        "four/kernel": ("depthwise", 1), "five/kernel": ("transposed", 1),
        "six/forward_lstm/lstm_cell/kernel": ("recurrent", 4),
        "six/forward_lstm/lstm_cell/recurrent_kernel": ("recurrent", 4),
        "six/backward_lstm/lstm_cell/kernel": ("recurrent", 4),
        "six/backward_lstm/lstm_cell/recurrent_kernel": ("recurrent", 4),
        "seven/step/kernel": ("hidden", 1),
        "eight/gru_cell/kernel": ("recurrent", 3),
        "eight/gru_cell/recurrent_kernel": ("recurrent", 3),
        "nine/kernel": ("output", 1),
    }  # fmt: skip
    roles = roles_of(model)
    assert roles["slope/alpha"] == "multiplier"
    assert set(roles.values()) <= {r for r, _ in found.values()} | {"bias", "multiplier"}
    report = initialize(model, "orthogonal")
    hidden = numpy(model.get_layer("eight").cell.recurrent_kernel)
    for gate in np.split(hidden, 3, axis=1):
        np.testing.assert_allclose(gate.T @ gate, np.eye(4), atol=1e-5)
    two = numpy(model.get_layer("two").kernel).reshape(-1, 8)
    for group in np.split(two, 2, axis=1):
        np.testing.assert_allclose(group.T @ group, np.eye(4), atol=1e-5)
    assert report["four/kernel"].weight.activation == "relu"  # the slopes start at 0
    assert np.isfinite(numpy(model(np.ones((2, 16, 16, 4), "float32")))).all()


def test_names_mean_nothing_to_a_traced_model() -> None:
    sample = np.ones((2, 5, 4), "float32")
    network = describe_network(trace(Custom(), sample))
    found = {w.path: (w.role, w.activation) for w in network.weights}
    assert found == {
        "positions": ("position", "identity"),
        "matrix": ("hidden", "tanh"),
        "size": ("multiplier", "identity"),
        "query/kernel": ("first", "silu"),
        "query/bias": ("bias", "identity"),
        "head/kernel": ("branch_last", "identity"),
        "shortcut/kernel": ("output", "identity"),
        "shortcut/bias": ("bias", "identity"),
    }


def test_overrides_and_mappings_choose_single_weights() -> None:
    model = chain(3, 8, "relu")
    before = values_of(model)
    report = initialize(model, {"output": "zeros"})
    assert [a.weight.path for a in report.values() if a.name] == ["last/kernel"]
    assert all(
        np.array_equal(a, numpy(b)) for a, b in zip(before[:-2], model.weights, strict=False)
    )
    assert not numpy(model.weights[-2]).any()
    report = initialize(model, "orthogonal", overrides={"d0/*nel": ("normal", {"std": 0.5})})
    assert report["d0/kernel"].name == "normal"
    assert report["d1/kernel"].name == "orthogonal"


def test_mixed_precision_changes_nothing_about_roles() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = chain(3, 8, "gelu")
    finally:
        keras.config.set_dtype_policy("float32")
    report = initialize(model, "orthogonal")
    found = {r.weight.activation for r in report.values() if r.weight.role in ("first", "hidden")}
    assert found == {"gelu"}
    kernel = numpy(model.get_layer("d1").kernel)
    gain = report["d1/kernel"].parameters["gain"]
    np.testing.assert_allclose(kernel.T @ kernel, gain**2 * np.eye(8), atol=1e-4)


def test_frozen_weights_keep_their_values_unless_they_are_named() -> None:
    model = chain(3, 8, "relu")
    model.get_layer("d1").trainable = False
    before = numpy(model.get_layer("d1").kernel).copy()
    report = initialize(model, "orthogonal")
    assert report["d1/kernel"].name is None
    assert "frozen" in report["d1/kernel"].why
    assert np.array_equal(before, numpy(model.get_layer("d1").kernel))
    report = initialize(model, "orthogonal", overrides={"d1/kernel": "orthogonal"})
    assert report["d1/kernel"].name == "orthogonal"
    model.trainable = False
    with pytest.raises(ValueError, match="is frozen"):
        initialize(model, "orthogonal")


@pytest.mark.filterwarnings("ignore:Layer InputLayer")
def test_quantized_models_are_refused() -> None:
    model = chain(3, 8, "relu")
    model.quantize("int8")
    with pytest.raises(TypeError, match="quantized weights of"):
        initialize(model, "orthogonal")


def test_a_model_that_cannot_be_traced_is_judged_by_names_and_says_so() -> None:
    class Stubborn(keras.layers.Layer):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

        def call(self, x: Any) -> Any:
            return keras.ops.convert_to_tensor(np.asarray(x)) @ self.kernel

    layer = Stubborn()
    layer.build((None, 4))
    report = initialize(layer, "orthogonal")
    assert report["kernel"].weight.by == "name"
    assert "could not be traced" in str(report)


def test_errors_come_before_anything_is_changed() -> None:
    model = chain(3, 8, "relu")
    before = values_of(model)
    odd = keras.Sequential([keras.Input((8,)), layers.Dense(7, "relu"), layers.Dense(2)])
    for error, text, call in (
        (TypeError, "Keras model or layer", lambda: initialize(3, "orthogonal")),
        (ValueError, "orthogonal", lambda: initialize(model, "ortogonal")),
        (
            ValueError,
            "did you mean",
            lambda: initialize(model, "orthogonal", overrides={"d9/kernel": None}),
        ),
        (ValueError, "seed", lambda: initialize(model, "orthogonal", seed=-1)),
        (ValueError, "mirrored", lambda: initialize(odd, "mirrored")),
        (ValueError, "model that is built", lambda: initialize(Custom(), "orthogonal")),
        (
            ValueError,
            "could not call",
            lambda: initialize(Custom(), "orthogonal", sample_input="x"),
        ),
    ):
        with pytest.raises(error, match=text):
            call()
    assert all(np.array_equal(a, numpy(b)) for a, b in zip(before, model.weights, strict=True))


def test_keras_is_left_as_it_was() -> None:
    mine = (keras.Operation.symbolic_call, keras.Layer.__call__, keras.Variable.__mul__)
    _ = keras.Variable.__annotations__  # Python makes it when it is first looked at
    own = set(vars(keras.Variable))
    model = transformer()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    initialize(model, "orthogonal")
    initcore_keras.initialize(model, "lsuv", sample_input=np.arange(20).reshape(2, 10))
    assert mine == (keras.Operation.symbolic_call, keras.Layer.__call__, keras.Variable.__mul__)
    assert own == set(vars(keras.Variable))
    assert nodes == [len(layer._inbound_nodes) for layer in model.layers]
    model.compile("sgd", "sparse_categorical_crossentropy")
    if BACKEND != "numpy":
        model.fit(np.arange(20).reshape(2, 10), np.zeros(2), verbose=0)
