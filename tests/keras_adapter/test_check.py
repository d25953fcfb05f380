"""A Keras model runs once after `initialize`, and the report says whether signals keep size."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import initcore
from initcore_keras import initialize, signal_report

DIFFERENTIATES = keras.backend.backend() != "numpy"
KEPT = "signals and gradients keep their size" if DIFFERENTIATES else "signals keep their size"


def deep(activation: str, depth: int = 20, *, normalized: bool = False) -> Any:
    made: list[Any] = []
    for n in range(depth):
        made.append(layers.Dense(16, name=f"d{n}"))
        made += [layers.BatchNormalization()] * normalized
        made.append(layers.Activation(activation))
    return keras.Sequential([keras.Input((16,)), *made])


def numpy(x: Any) -> Any:
    return np.array(keras.ops.convert_to_numpy(x))


def test_the_headline_says_where_signals_vanish_and_what_was_not_measured() -> None:
    bad = initialize(deep("tanh"), {"*kernel": ("orthogonal", {"gain": 0.5})})
    assert "the signal vanishes" in bad.headline
    good = initialize(deep("tanh"), "orthogonal")
    assert KEPT in good.headline
    blind = "gradients not checked (there are no derivatives here)"
    assert (blind in good.headline) == (not DIFFERENTIATES)
    zeros = initialize(deep("tanh"), "orthogonal", sample_input=np.zeros((4, 16), "float32"))
    assert zeros.signals.inputs == 4  # numbers in place of the zeros
    assert zeros.signals["d0/kernel"].signal > 0.01


def test_fresh_batch_normalizations_are_run_with_the_statistics_of_the_batch() -> None:
    x = np.asarray(initcore.Rng(1, dtype="float32").normal((64, 16)))
    model = deep("relu", normalized=True)
    before = [numpy(v) for v in model.non_trainable_variables]
    report = initialize(model, "glorot_uniform", sample_input=x)
    assert all(0.1 < one.signal < 10 for one in report.signals.values())
    after = [numpy(v) for v in model.non_trainable_variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert all("call" not in vars(layer) for layer in model.layers)
    training = x
    for layer in model.layers[:-3]:
        normal = isinstance(layer, layers.BatchNormalization)
        training = layer(training, training=True) if normal else layer(training)
    last = numpy(model.layers[-3](training))
    assert report.signals["d19/kernel"].signal == pytest.approx((last**2).mean(), rel=2e-2)
    # They have statistics now, and these are what counts.
    found = signal_report(model, x)
    assert found["d19/kernel"].signal != pytest.approx((last**2).mean(), rel=2e-2)


def test_few_inputs_are_no_alarm_of_a_batch_normalization() -> None:
    assert KEPT in initialize(deep("relu", 6, normalized=True), "orthogonal").headline


def test_branches_that_start_at_zero_and_tokens_are_no_alarm() -> None:
    tokens = keras.Input((6,), dtype="int32")
    x = layers.Embedding(11, 16)(tokens)
    for _ in range(2):
        h = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 8, dropout=0.1)(h, h)])
        h = layers.Dense(32, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(16)(h)])
    model = keras.Model(tokens, layers.Dense(11)(x))
    for scheme in ("idinit", "fixup", "orthogonal"):
        report = initialize(model, scheme)
        assert KEPT in report.headline
        assert report.signals.inputs == 2


def test_what_is_not_run_is_named() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="d"), layers.Softmax()])
    picked = keras.Model(model.inputs, keras.ops.argmax(model.outputs[0], -1))
    report = initialize(picked, "orthogonal")
    assert "signals not checked" in report.headline
    kernel = numpy(picked.get_layer("d").kernel)
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(4), atol=1e-5)


def test_a_batch_normalization_is_found_inside_of_another_model() -> None:
    made = [layers.Conv2D(8, 3, name="c"), layers.BatchNormalization()]
    inner = keras.Sequential([keras.Input((8, 8, 3)), *made], name="inner")
    x = keras.Input((8, 8, 3))
    outer = keras.Model(x, layers.Dense(2, name="h")(layers.Flatten()(inner(x))))
    images = 50 * np.asarray(initcore.Rng(1, dtype="float32").normal((4, 8, 8, 3)))
    report = initialize(outer, "lecun_normal", sample_input=images)
    assert report.signals["inner/c/kernel"].signal > 50
    assert report.signals["h/kernel"].signal < 10
