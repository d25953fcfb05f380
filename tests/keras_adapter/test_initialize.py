"""`initcore_keras.initialize`: roles against tables, what is exactly true afterwards, errors."""

import inspect
from pathlib import Path
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


def resnet_roles(model: Any) -> dict[str, str]:
    """By hand: bottlenecks of three convolutions, a projection at the first of each stage."""
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif layer == "conv1_conv":
            role = "first"
        elif layer == "predictions":
            role = "output"
        else:
            role = {"0": "skip_projection", "3": "branch_last"}.get(layer.split("_")[2], "hidden")
        found[w.path] = role
    return found


def mobilenet_roles(model: Any) -> dict[str, str]:
    """By hand: expand, depthwise, project; a shortcut where stride and width allow."""
    # At width 0.35 blocks 1 and 2 have 8 channels, 3 to 5 16, 6 to 9 24, 10 to 12 32, 13 to 15 56.
    adds = (2, 4, 5, 7, 8, 9, 11, 12, 14, 15)
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif "depthwise" in layer:
            role = "depthwise"
        elif layer == "Conv1":
            role = "first"
        elif layer == "predictions":
            role = "output"
        else:
            last = layer in {f"block_{n}_project" for n in adds}
            role = "branch_last" if last else "hidden"
        found[w.path] = role
    return found


def convnext_roles(model: Any) -> dict[str, str]:
    """By hand: depthwise, two dense layers and a layer scale in each block."""
    found = {}
    for w in model.trainable_variables:
        layer, _, kind = w.path.rpartition("/")
        if layer.endswith("layer_scale"):
            role = "multiplier"
        elif kind in ("gamma", "beta"):
            role = "normalization"
        elif kind == "bias":
            role = "bias"
        elif "depthwise" in layer:
            role = "depthwise"
        elif layer.endswith("pointwise_conv_2"):
            role = "branch_last"
        elif "stem" in layer:
            role = "first"
        elif "head" in layer:
            role = "output"
        else:
            role = "hidden"
        found[w.path] = role
    return found


APPLICATIONS = {
    "ResNet50": resnet_roles,
    "MobileNetV2": mobilenet_roles,
    "ConvNeXtTiny": convnext_roles,
}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_roles_of_applications_are_those_of_the_tables(name: str) -> None:
    how = {"alpha": 0.35} if name == "MobileNetV2" else {}
    with np.errstate(all="ignore"):  # NumPy's backend infers shapes from arrays of any numbers
        model = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), **how)
    assert roles_of(model) == APPLICATIONS[name](model)


NAMES = [n for n in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, n))]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_every_application_is_initialized_and_stays_itself(name: str, tmp_path: Path) -> None:
    model = getattr(keras.applications, name)(weights=None)
    config, still = model.get_config(), values_of_frozen(model)
    report = initialize(model, "orthogonal", seed=1)
    assert report.network.graph.traced
    assert {a.weight.path for a in report.values()} >= {v.path for v in model.trainable_variables}
    assert not [a for a in report.values() if a.weight.role == "other"]
    shape = (1, *(n or 224 for n in model.input_shape[1:]))
    if BACKEND != "numpy":  # which convolves by loops
        assert np.isfinite(numpy(model(np.zeros(shape, "float32")))).all()
    assert model.get_config() == config
    for before, after in zip(still, values_of_frozen(model), strict=True):
        assert np.array_equal(before, after)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    model.load_weights(path)
    keras.backend.clear_session()


def values_of_frozen(model: Any) -> list[Any]:
    return [numpy(w).copy() for w in model.non_trainable_variables]


def test_mirrored_makes_a_relu_network_linear() -> None:
    model = chain(12, 16, "relu", ends=8)
    initialize(model, "mirrored", seed=3)
    x = np.random.default_rng(0).normal(size=(2, 9, 8)).astype("float32")
    both = numpy(model(x[0] + x[1]))
    np.testing.assert_allclose(both, numpy(model(x[0])) + numpy(model(x[1])), atol=2e-5)
    np.testing.assert_allclose((both**2).sum(1), ((x[0] + x[1]) ** 2).sum(1), rtol=1e-4)


def test_idinit_makes_residual_stages_the_identity() -> None:
    x = inputs = keras.Input((8,))
    for n in range(6):
        y = layers.Dense(24, "relu", name=f"in{n}")(x)
        x = layers.Add()([x, layers.Dense(8, name=f"out{n}")(y)])
    model = keras.Model(inputs, x)
    initialize(model, "idinit")
    given = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
    np.testing.assert_allclose(numpy(model(given)), given, atol=1e-4)


def test_lsuv_gives_every_layer_variance_one_on_the_data() -> None:
    model = keras.Sequential([
        keras.Input((8, 8, 1)), layers.Conv2D(6, 3, activation="relu", name="a"),
        layers.Flatten(), layers.Dense(20, "relu", name="b"), layers.Dense(4, name="c"),
    ])  # fmt: skip
    from sklearn.datasets import load_digits

    x = (load_digits().images[:64, :, :, None] / 16).astype("float32")
    report = initialize(model, "lsuv", sample_input=x)
    assert len(report.scales) == 3
    for name in "abc":
        layer = model.get_layer(name)
        activation, layer.activation = layer.activation, keras.activations.linear
        inner = keras.Model(model.inputs[0], layer(layer.input))
        assert numpy(inner(x)).var() == pytest.approx(1, abs=1e-4)
        layer.activation = activation
    with pytest.raises(ValueError, match="sample_input, a batch of real data"):
        initialize(model, "lsuv")


def test_the_path_and_the_seed_decide_and_pytorch_gives_the_same() -> None:
    torch = pytest.importorskip("torch")
    import initcore_torch

    one, two = chain(3, 8, "tanh"), chain(3, 8, "tanh")
    initialize(one, "orthogonal", seed=4)
    initialize(two, "orthogonal", seed=4)
    other = torch.nn.Sequential(
        torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 8), torch.nn.Tanh(),
        torch.nn.Linear(8, 8),
    )  # fmt: skip
    names = {f"{2 * n}.{theirs}": f"{layer}/{mine}"
             for n, layer in enumerate(("d0", "d1", "last"))
             for theirs, mine in (("weight", "kernel"), ("bias", "bias"))}  # fmt: skip
    initcore_torch.initialize(other, "orthogonal", seed=4, paths=names)
    same = [p.detach().numpy().T for p in other.parameters()]
    for a, b, c in zip(one.weights, two.weights, same, strict=True):
        assert np.array_equal(numpy(a), numpy(b))
        np.testing.assert_allclose(numpy(a), c, atol=2e-5)
    initialize(two, "orthogonal", seed=5)
    assert not np.array_equal(numpy(one.weights[0]), numpy(two.weights[0]))


def test_numbers_that_keras_counts_on_change_nothing() -> None:
    def made() -> Any:
        return keras.Sequential([
            keras.Input((4,)), layers.Dense(8, "relu"), layers.PReLU(), layers.Dense(8),
            layers.Dense(2),
        ])  # fmt: skip

    one, _, two = made(), layers.Dense(3), made()
    reports = [initialize(model, "orthogonal", seed=2) for model in (one, two)]
    assert list(reports[0]) != list(reports[1])
    keys = [[a.key for a in report.values()] for report in reports]
    assert keys[0] == keys[1]
    assert keys[0][0] == "dense/kernel"
    assert keys[0][-1] == "dense_2/bias"
    for a, b in zip(one.weights, two.weights, strict=True):
        assert np.array_equal(numpy(a), numpy(b))
    assert not np.array_equal(numpy(one.weights[0])[:4, :2], numpy(one.weights[-2])[:4])


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
