"""The callbacks for `model.fit`, in real fits on every backend that trains."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from initcore.training import NotFiniteError
from initcore_keras import initialize
from initcore_keras.callbacks import Initialize, Watch

pytestmark = [
    pytest.mark.skipif(keras.backend.backend() == "numpy", reason="Keras does not train on NumPy"),
    pytest.mark.filterwarnings("ignore"),  # TensorFlow's and JAX's, of compiled steps
]
X = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")


def net() -> Any:
    layers = [
        keras.Input((8,)),
        keras.layers.Dense(32, activation="relu", name="a"),
        keras.layers.Dense(32, activation="relu", name="b"),
        keras.layers.Dense(2, name="c"),
    ]
    return keras.Sequential(layers)


def fit(model: Any, *callbacks: Any, x: Any = X, optimizer: Any = "sgd", epochs: int = 2) -> Any:
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer, "mse")
    return model.fit(
        x, X[:, :2], batch_size=16, epochs=epochs, verbose=0, shuffle=False,
        callbacks=list(callbacks),
    )  # fmt: skip


def test_weights_are_set_when_the_fit_begins_and_once() -> None:
    model, begin = net(), Initialize("orthogonal", seed=2)
    still = keras.optimizers.SGD(0.0)
    fit(model, begin, optimizer=still, epochs=1)
    other = net()
    initialize(other, "orthogonal", seed=2)
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert begin.report is not None
    again = Initialize("he_normal")
    fit(model, again, optimizer=still, epochs=1)
    assert again.report is None


def test_a_model_that_builds_itself_at_the_first_batch_is_set() -> None:
    begin = Initialize("orthogonal", sample_input=X[:2])
    fit(keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(2)]), begin, epochs=1)
    assert begin.report is not None
    assert len(begin.report) == 4


def test_numbers_are_those_of_the_weights_and_reach_the_history(tmp_path: Path) -> None:
    model, logged = net(), []
    watch = Watch(X[:16], every=3, log=lambda numbers, step: logged.append((step, numbers)))
    table = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    past = fit(model, Initialize("orthogonal"), watch, table)
    assert [step for step, _ in logged] == [0, 3, 6]
    assert watch.report is not None
    assert "initcore_signal/a/kernel" in past.history
    assert len(past.history["initcore/signal_least"]) == 2
    assert "initcore/dead_largest" in (tmp_path / "log.csv").read_text()
    last = Watch(X[:16], every=1)
    fit(model, last, epochs=1)
    assert last.look is not None
    w, b = (np.asarray(v) for v in model.get_layer("a").weights)
    assert last.look.signal["a/kernel"] == pytest.approx(np.square(X[:16] @ w + b).mean(), rel=1e-4)
    largest = np.linalg.norm(w, 2)
    assert last.look.singular_value["a/kernel"] == pytest.approx(largest, rel=0.02)


def test_looking_does_not_change_the_training() -> None:
    watched, plain = net(), net()
    for model in (watched, plain):
        initialize(model, "orthogonal", seed=1)
    fit(watched, Watch(X[:8], every=1))
    fit(plain)
    for a, b in zip(watched.weights, plain.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_fit_that_breaks_down_stops_and_says_where() -> None:
    with pytest.raises(NotFiniteError, match="not finite") as caught:
        fit(net(), Watch(X[:8]), optimizer=keras.optimizers.SGD(1e30))
    assert caught.value.layer in ("a/kernel", "b/kernel", "c/kernel")
    assert caught.value.step < 4
    model = net()
    model.compile("sgd", lambda y, p: keras.ops.mean(p * float("nan")))
    with pytest.raises(NotFiniteError, match="step 0: the loss is not finite, and all weights"):
        fit(model, Watch(X[:8]))
    model = net()
    model.get_layer("b").kernel.assign(np.full((32, 32), 1e30, "float32"))
    model.get_layer("c").kernel.assign(np.full((32, 2), 1e30, "float32"))
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=1.0)
    with pytest.raises(NotFiniteError, match=r"the output at c/kernel is the first"):
        fit(model, Watch(X[:8]), optimizer=optimizer)


@pytest.mark.parametrize("every", [0, "10"])
def test_a_number_of_steps_is_needed(every: Any) -> None:
    with pytest.raises(ValueError, match="needs every to be an integer >= 1"):
        Watch(X, every=every)
