"""The callbacks for `model.fit`, in real fits on every backend that trains."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from initcore.training import NotFiniteError
from initcore_keras import initialize
from initcore_keras.callbacks import Initialize, Watch
from tests.tools.mutants import Mutant, each_is_found

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
    w, b = (keras.ops.convert_to_numpy(v) for v in model.get_layer("a").weights)
    assert last.look.signal["a/kernel"] == pytest.approx(np.square(X[:16] @ w + b).mean(), rel=1e-4)
    for name in "abc":
        w = keras.ops.convert_to_numpy(model.get_layer(name).kernel)
        singular = np.linalg.svd(w, compute_uv=False)
        assert last.look.singular_value[f"{name}/kernel"] == pytest.approx(singular[0], rel=0.02)
        typical = np.sqrt(np.mean(singular**2))
        assert last.look.spread[f"{name}/kernel"] == pytest.approx(singular[0] / typical, rel=0.02)


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
    with pytest.raises(
        NotFiniteError, match="step 0: the loss is not finite, and all weights, from a/kernel"
    ):
        fit(model, Watch(X[:8]))
    model = net()
    model.get_layer("b").kernel.assign(np.full((32, 32), 1e30, "float32"))
    model.get_layer("c").kernel.assign(np.full((32, 2), 1e30, "float32"))
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=1.0)
    with pytest.raises(NotFiniteError, match=r"the output at c/kernel is the first"):
        fit(model, Watch(X[:8]), optimizer=optimizer)


def test_a_loss_between_looks_and_a_signal_beside_a_sound_loss_stop() -> None:
    watch = Watch(X[:8])
    fit(net(), watch)
    with pytest.raises(NotFiniteError, match="step 8: the loss is not finite, while the outputs"):
        watch.on_train_batch_end(0, {"loss": float("nan")})
    with pytest.raises(NotFiniteError, match="step 0: the output at a/kernel is the first"):
        fit(net(), Watch(X[:8] * np.inf))


@pytest.mark.parametrize("every", [0, "10"])
def test_a_number_of_steps_is_needed(every: Any) -> None:
    with pytest.raises(ValueError, match="needs every to be an integer >= 1"):
        Watch(X, every=every)


OF = "initcore_keras.callbacks:"
MUTANTS = [
    Mutant(f"{OF}Initialize.on_train_begin", "int(optimizer.iterations) == 0", "True",
           test_weights_are_set_when_the_fit_begins_and_once),
    Mutant(f"{OF}Watch.on_train_batch_end", "step % self._every == 0", "True",
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}Watch.on_train_batch_end", "self._step + 1", "batch + 1",
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}Watch.on_train_batch_end", "self.look.not_finite is not None", "False",
           test_a_loss_between_looks_and_a_signal_beside_a_sound_loss_stop),
    Mutant(f"{OF}Watch.on_train_batch_end", "not math.isfinite(float(loss))", "False",
           test_a_loss_between_looks_and_a_signal_beside_a_sound_loss_stop),
    Mutant(f"{OF}Watch.on_epoch_end", "logs.update", "id",
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}Watch._see", "self._known.values(path)", 'self._known.values("a/kernel")',
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}Watch._see", "getattr(one, what)", "getattr(one, 'gradient')",
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}typical_singular_value", "min(w.shape)", "max(w.shape)",
           test_numbers_are_those_of_the_weights_and_reach_the_history),
    Mutant(f"{OF}Watch._see", "signal_report(self._known", "initialize(self.model, 'he_normal'); "
           "self.report = signal_report(self._known", test_looking_does_not_change_the_training),
    Mutant(f"{OF}Watch._stop", "broken[0]", "list(weights)[-1]",
           test_a_fit_that_breaks_down_stops_and_says_where),
    Mutant(f"{OF}Watch._stop", "len(broken) == len(weights)", "False",
           test_a_fit_that_breaks_down_stops_and_says_where),
    Mutant(f"{OF}Watch._stop", '"layer", found[0]', '"layer", "b/kernel"',
           test_a_fit_that_breaks_down_stops_and_says_where),
]  # fmt: skip

test_a_wrong_callback_is_found = each_is_found(MUTANTS)
