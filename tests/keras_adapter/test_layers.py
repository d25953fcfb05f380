"""Real layers of Keras on the running backend, and the same weights on every one."""

import logging
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import initcore
import initcore_keras as init
from initcore import Rng, specs
from initcore_keras._backend import backend

NEEDED: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.25},
    "sparse": {"sparsity": 0.3},
    "sparse_orthogonal": {"density": 0.4},
}
X = Rng(1).normal((5, 8))


def numpy(x: Any) -> Any:
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def lengths(x: Any) -> Any:
    return (np.asarray(x, np.float64) ** 2).sum(-1)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", sorted(specs))
def test_the_same_seed_gives_the_reference(name: str, dtype: str) -> None:
    shape = (6, 8) if specs[name].shape.high == 2 or specs[name].shape.low < 3 else (6, 4, 3, 3)
    parameters = NEEDED.get(name, {})
    w = np.asarray(backend.sample(name, shape, seed=7, dtype=dtype, **parameters), np.float64)
    expected = specs[name].function(Rng(7, dtype=dtype), shape, **parameters).astype(np.float64)
    ulp = {"bfloat16": 2.0**-7, "float16": 2.0**-9}.get(dtype, 2e-5)
    assert abs(w - expected).max() <= ulp * max(1, abs(expected).max())


def test_dense_layers_keep_lengths_and_read_columns_as_outputs() -> None:
    layer = keras.layers.Dense(32, use_bias=False, kernel_initializer=init.Orthogonal(seed=0))
    y = numpy(layer(X))
    assert lengths(y) == pytest.approx(lengths(X), rel=1e-5)
    assert y == pytest.approx(X @ initcore.orthogonal(Rng(0), (32, 8)).T, abs=2e-5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_delta_orthogonal_keeps_every_pixel(dims: int, groups: int) -> None:
    cls = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)[dims - 1]
    kernel = init.DeltaOrthogonal(seed=0, groups=groups)
    try:
        layer = cls(8, 3, padding="same", groups=groups, use_bias=False,
                    kernel_initializer=kernel, data_format="channels_last")  # fmt: skip
        x = Rng(2).normal((2, *[5] * dims, 4))
        y = numpy(layer(x))
    except Exception as error:
        if groups > 1 and keras.backend.backend() == "tensorflow":
            pytest.skip(f"TensorFlow has no such grouped convolution on the CPU: {error}")
        raise
    for g in range(groups):
        out, into = 8 // groups, 4 // groups
        assert lengths(y[..., g * out : (g + 1) * out]) == pytest.approx(
            lengths(x[..., g * into : (g + 1) * into]), rel=1e-5
        )


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_convolutions_keep_outputs_first(dims: int) -> None:
    layers = keras.layers
    cls = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)[dims - 1]
    kernel = init.DeltaOrthogonal(seed=0, kind="transposed")
    layer = cls(8, 3, padding="same", use_bias=False, kernel_initializer=kernel,
                data_format="channels_last")  # fmt: skip
    x = Rng(2).normal((2, *[5] * dims, 4))
    y = numpy(layer(x))
    assert lengths(y) == pytest.approx(lengths(x), rel=1e-5)
    tap = initcore.delta_orthogonal(Rng(0), (8, 4, *[3] * dims))
    assert y == pytest.approx(x @ tap[(slice(None), slice(None), *[1] * dims)].T, abs=2e-5)


def test_depthwise_convolutions_are_one_kernel_a_channel() -> None:
    kernel = init.DeltaOrthogonal(seed=0, kind="depthwise")
    layer = keras.layers.DepthwiseConv2D(
        3, padding="same", depth_multiplier=2, use_bias=False, depthwise_initializer=kernel,
        data_format="channels_last",
    )  # fmt: skip
    x = Rng(2).normal((2, 5, 5, 4))
    y = numpy(layer(x)).reshape(2, 5, 5, 4, 2)
    assert lengths(y) == pytest.approx(x**2, rel=1e-5)
    separable = keras.layers.SeparableConv2D(
        8, 3, padding="same", use_bias=False, depthwise_initializer=kernel,
        pointwise_initializer=init.DeltaOrthogonal(seed=1), data_format="channels_last",
    )  # fmt: skip
    assert lengths(numpy(separable(x))) == pytest.approx(lengths(x), rel=1e-5)


def test_attention_and_einsum_kernels_with_their_axes_named() -> None:
    kernel = init.Orthogonal(seed=0, input_axes=(0,), output_axes=(1, 2))
    layer = keras.layers.EinsumDense("bd,dhk->bhk", (4, 2), kernel_initializer=kernel)
    y = numpy(layer(X))
    assert lengths(y.reshape(5, -1)) == pytest.approx(lengths(X), rel=1e-5)
    attention = keras.layers.MultiHeadAttention(2, 4, kernel_initializer=init.Orthogonal())
    sequence = X.reshape(1, 5, 8)
    assert numpy(attention(sequence, sequence)).shape == (1, 5, 8)
    query, key = (numpy(w) for w in attention.weights[:3:2])
    assert not (query == key).any()  # a seedless instance gives each layer its own weights
    grouped = keras.layers.GroupQueryAttention(4, 2, 1, kernel_initializer=init.HeNormal())
    assert numpy(grouped(sequence, sequence)).shape == (1, 5, 8)


def test_recurrent_kernels_one_frame_or_one_a_gate() -> None:
    for cls, gates in ((keras.layers.LSTM, 4), (keras.layers.GRU, 3)):
        layer = cls(6, recurrent_initializer=init.Orthogonal(seed=0, groups=gates))
        layer.build((None, 5, 8))
        for gate in np.split(numpy(layer.cell.recurrent_kernel), gates, axis=1):
            assert np.linalg.svd(gate)[1] == pytest.approx(1, abs=1e-5)
        plain = cls(6, recurrent_initializer=init.Orthogonal(seed=0))
        plain.build((None, 5, 8))
        assert np.linalg.svd(numpy(plain.cell.recurrent_kernel))[1] == pytest.approx(1, abs=1e-5)


def test_embeddings() -> None:
    layer = keras.layers.Embedding(50, 8, embeddings_initializer=init.RandomNormal(seed=0))
    layer.build((None, 3))
    expected = initcore.normal(Rng(0), (8, 50), std=0.05).T
    assert abs(numpy(layer.embeddings) - expected).max() < 2e-6


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_dtype_policies(policy: str) -> None:
    layer = keras.layers.Dense(8, dtype=policy, kernel_initializer=init.Orthogonal(seed=0))
    layer.build((None, 8))
    weights = numpy(layer.kernel)
    expected = initcore.orthogonal(Rng(0), (8, 8)).T
    assert abs(weights - expected).max() <= (2.0**-8 if policy == "bfloat16" else 2e-6)


def test_a_model_is_saved_loaded_and_trained(tmp_path: Path) -> None:
    model = keras.Sequential([
        keras.layers.Input((8,)),
        keras.layers.Dense(8, "tanh", kernel_initializer=init.Orthogonal(gain=1.5, seed=3)),
        keras.layers.Dense(2, kernel_initializer=init.ScaledOrthogonal(seed=4)),
    ])  # fmt: skip
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as file:
        config = file.read("config.json").decode()
    assert '"module": "initcore_keras"' in config
    assert "initcore_keras._" not in config
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert isinstance(loaded.layers[0].kernel_initializer, init.Orthogonal)
    assert loaded.layers[0].kernel_initializer.gain == 1.5
    assert abs(numpy(loaded(X)) - numpy(model(X))).max() < 1e-6
    if keras.backend.backend() != "numpy":  # Keras trains on the other three
        loaded.compile("sgd", "mse")
        loaded.fit(X, np.zeros((5, 2)), verbose=0)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="a trace of JAX")
def test_inside_a_trace_of_jax() -> None:
    import jax

    eager = numpy(init.Orthogonal(seed=3)((6, 4)))
    traced = jax.jit(lambda: init.Orthogonal(seed=3)((6, 4)))()
    assert abs(numpy(traced) - eager).max() < 2e-6


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a graph of TensorFlow")
def test_inside_a_graph_of_tensorflow() -> None:
    import tensorflow as tf

    traced = tf.function(lambda: init.Orthogonal(seed=3)((6, 4)))()
    assert (numpy(traced) == numpy(init.Orthogonal(seed=3)((6, 4)))).all()


@pytest.mark.parametrize("kind", backend.layers)
def test_the_backend_builds_real_layers_of_every_kind(kind: str) -> None:
    dims = 0 if kind == "dense" else int(kind[-2])
    shape, groups = (6, 4, *[3] * dims), 1
    if "depthwise" in kind:
        shape, groups = (8, 1, *[3] * dims), 4
    forward = backend.layer(kind, "orthogonal", shape, seed=3, groups=groups)
    assert forward(np.ones((2, 4, *[5] * dims))).shape == (2, shape[0], *[5] * dims)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="AutoGraph is TensorFlow's")
def test_a_tf_function_leaves_our_code_as_written() -> None:
    import tensorflow as tf

    warned: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    tf.get_logger().addHandler(handler)
    try:
        made = tf.function(lambda: init.Orthogonal(seed=3)((4, 4)))()
    finally:
        tf.get_logger().removeHandler(handler)
    assert np.array_equal(made, init.Orthogonal(seed=3)((4, 4)))
    assert warned == []
