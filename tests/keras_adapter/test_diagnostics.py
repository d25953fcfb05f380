"""Diagnostics of real Keras networks on the running backend, against NumPy done by hand."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import initcore
from initcore import diagnostics
from initcore_keras import initialize, jacobian_spectrum, orthogonality, signal_report

DIFFERENTIATES = keras.backend.backend() != "numpy"
differentiating = pytest.mark.skipif(not DIFFERENTIATES, reason="NumPy's backend has no gradients")


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def chain(depth: int, width: int, activation: str = "tanh") -> Any:
    made = [layers.Dense(width, activation, name=f"d{n}") for n in range(depth)]
    return keras.Sequential([keras.Input((width,)), *made])


def inputs(count: int, width: int) -> Any:
    return initcore.Rng(7, dtype="float32").normal((count, width))


def by_hand(model: Any, x: Any) -> tuple[list[Any], Any]:
    """Pre-activations of a tanh chain, and the Jacobian at each input."""
    x = np.asarray(x, np.float64)
    jacobian = np.tile(np.eye(x.shape[1]), (len(x), 1, 1))
    signals = []
    for layer in model.layers:
        w, b = (np.asarray(numpy(v), np.float64) for v in layer.weights)
        h = x @ w + b
        signals.append(h)
        x = np.tanh(h)
        jacobian = (1 - x**2)[:, :, None] * (w.T @ jacobian)
    return signals, jacobian


def test_signals_are_the_pre_activations_and_gradients_flow_back() -> None:
    model, x = chain(4, 20), inputs(6, 20)
    initialize(model, "orthogonal", seed=1)
    before = [numpy(w).copy() for w in model.weights]
    activations = [layer.activation for layer in model.layers]
    report = signal_report(model, x)
    signals, _ = by_hand(model, x)
    for h, layer in zip(signals, report.values(), strict=True):
        assert layer.signal == pytest.approx((h**2).mean(), rel=1e-4)
        assert layer.rank == pytest.approx(diagnostics._signal._rank(h), rel=1e-3)
        assert layer.predicted is not None
    if DIFFERENTIATES:
        seeded = initcore.Rng(0, dtype="float32").normal((6, 20))
        last = seeded * (1 - np.tanh(signals[-1]) ** 2)
        found = [layer.gradient for layer in report.values()]
        assert found[-1] == pytest.approx((last**2).mean(), rel=1e-4)
        w = numpy(model.layers[-1].kernel)
        first = (last @ w.T) * (1 - np.tanh(signals[-2]) ** 2)
        assert found[-2] == pytest.approx((first**2).mean(), rel=1e-4)
    else:
        assert all(layer.gradient is None for layer in report.values())
    assert activations == [layer.activation for layer in model.layers]
    assert all(np.array_equal(a, numpy(b)) for a, b in zip(before, model.weights, strict=True))


@differentiating
def test_the_jacobian_is_the_one_by_hand_and_lanczos_near_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, x = chain(3, 24), inputs(3, 24)
    initialize(model, "he_normal")
    exact = jacobian_spectrum(model, x)
    _, jacobians = by_hand(model, x)
    wanted = np.linalg.svd(jacobians, compute_uv=False) ** 2
    np.testing.assert_allclose(
        np.sort(exact.nodes, axis=None), np.sort(wanted, axis=None), rtol=1e-3, atol=1e-5
    )
    monkeypatch.setattr(diagnostics._spectrum, "EXACT", 5)
    found = jacobian_spectrum(model, x, probes=6, steps=8)
    assert (exact.exact, found.exact) == (True, False)
    assert abs(found.mean - exact.mean) < 5 * found.error()


@differentiating
def test_tokens_are_looked_up_first_and_images_are_differentiated_by() -> None:
    tokens = keras.Input((4,), dtype="int32")
    x = layers.Embedding(20, 8, name="table")(tokens)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4, name="attention")(x, x)])
    model = keras.Model(tokens, layers.Dense(3, name="head")(x))
    given = np.arange(8).reshape(2, 4)
    found = jacobian_spectrum(model, given)
    assert found.size == 2 * 12
    report = signal_report(model, given)
    assert report["head/kernel"].signal == pytest.approx(
        (numpy(model(given)) ** 2).mean(), rel=1e-4
    )
    image = keras.Sequential([
        keras.Input((6, 6, 1)), layers.Conv2D(4, 3, activation="relu", name="one"),
        layers.DepthwiseConv2D(2, name="two"), layers.BatchNormalization(), layers.Flatten(),
        layers.Dense(2, name="three"),
    ])  # fmt: skip
    x = inputs(3, 36).reshape(3, 6, 6, 1)
    assert jacobian_spectrum(image, x).size == 6
    assert set(signal_report(image, x)) == {"one/kernel", "two/kernel", "three/kernel"}


def test_orthogonal_layers_have_spread_one_and_others_not() -> None:
    model = keras.Sequential([
        keras.Input((6, 6, 4)), layers.Conv2D(8, 3, name="one"), layers.Flatten(),
        layers.Dense(5, name="two"),
    ])  # fmt: skip
    initialize(model, "conv_orthogonal")
    assert [round(layer.spread, 3) for layer in orthogonality(model).values()] == [1.0, 1.0]
    initialize(model, "he_normal")
    assert all(layer.spread > 1.2 for layer in orthogonality(model).values())


def test_errors_say_who_needs_what() -> None:
    model = chain(2, 4)
    with pytest.raises(TypeError, match="orthogonality needs a Keras model"):
        orthogonality([])
    with pytest.raises(ValueError, match="signal_report could not call"):
        signal_report(model, np.zeros((2, 7), "float32"))
    if not DIFFERENTIATES:
        with pytest.raises(NotImplementedError, match="backend numpy has none"):
            jacobian_spectrum(model, inputs(2, 4))
    else:
        counts = keras.Sequential(
            [
                keras.Input((3,), dtype="int32"),
                layers.Lambda(lambda n: keras.ops.cast(n, "float32")),
            ]
        )
        with pytest.raises(ValueError, match="floating-point inputs"):
            jacobian_spectrum(counts, np.ones((2, 3), "int32"))


class Counting(layers.Layer):  # type: ignore[misc]
    """Counts its calls in a variable that enters the signal."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x: Any) -> Any:
        self.calls.assign_add(1.0)
        return x * keras.ops.cast(self.calls, x.dtype)


def test_looking_leaves_all_state_as_it_was() -> None:
    counting = Counting()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="one"), counting])
    counting.calls.assign(0.0)  # building calls it, too
    for scheme in ("orthogonal", "lsuv"):
        initialize(model, scheme, sample_input=inputs(3, 4))
    signal_report(model, inputs(3, 4))
    orthogonality(model)
    if DIFFERENTIATES:
        jacobian_spectrum(model, inputs(3, 4))
    assert float(numpy(counting.calls)) == 0


def test_arguments_are_refused_by_their_names() -> None:
    model, x = chain(2, 4), inputs(2, 4)
    with pytest.raises(ValueError, match="signal_report needs a seed with 0 <= seed"):
        signal_report(model, x, seed=-1)
    with pytest.raises(TypeError, match="jacobian_spectrum needs an integer seed"):
        jacobian_spectrum(model, x, seed="x")  # type: ignore[arg-type]
