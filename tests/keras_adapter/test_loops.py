"""Loops, branches and layers in a backend's own operations are seen through in Keras models."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from initcore.networks import describe_network
from initcore_keras import initialize, signal_report
from initcore_keras.networks import trace

BACKEND = keras.backend.backend()


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def roles_of(model: Any, sample: Any = None) -> dict[str, str]:
    graph = trace(model, sample)
    assert graph.traced, graph.note
    return {w.path: w.role for w in describe_network(graph).weights}


def built(layer: Any, *shape: int, dtype: str = "float32", head: int = 2) -> Any:
    """A model of a dense layer, `layer` and another dense layer."""
    x = keras.Input(shape, dtype=dtype)
    h = layers.Dense(8, name="before")(x) if dtype == "float32" else x
    return keras.Model(x, layers.Dense(head, name="after")(layer(h)))


class Stack(layers.Layer):  # type: ignore[misc]
    """Four layers in one weight, in a scan."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(4, 8, 8), name="w")

    def call(self, x: Any) -> Any:
        def step(x: Any, w: Any) -> Any:
            return ops.tanh(x @ w), None

        return ops.scan(step, x, ops.convert_to_tensor(self.w))[0]


class Recurrence(layers.Layer):  # type: ignore[misc]
    """A recurrence spelled out by a scan over the sequence."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(8, 8), name="w")

    def call(self, x: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = ops.tanh(h @ self.w + x)
            return h, h

        return ops.scan(step, ops.zeros_like(x[:, 0]), ops.swapaxes(x, 0, 1))[0]


class Repeated(layers.Layer):  # type: ignore[misc]
    """One function many times over."""

    def __init__(self, steps: int, name: str) -> None:
        super().__init__(name=name)
        self.steps = steps

    def call(self, x: Any) -> Any:
        return ops.fori_loop(0, self.steps, lambda i, x: ops.tanh(x), x)


class Either(layers.Layer):  # type: ignore[misc]
    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(8, 8), name="w")

    def call(self, x: Any) -> Any:
        return ops.cond(ops.sum(x) > 0, lambda: x @ self.w, lambda: x)


class Cell(layers.Layer):  # type: ignore[misc]
    state_size = output_size = 8

    def __init__(self) -> None:
        super().__init__(name="cell")
        self.inner, self.outer = layers.Dense(8, name="x"), layers.Dense(8, name="h")

    def build(self, shape: Any) -> None:
        self.inner.build(shape)
        self.outer.build((None, 8))

    def call(self, x: Any, states: Any) -> Any:
        h = ops.tanh(self.inner(x) + self.outer(states[0]))
        return h, [h]


def test_loops_are_seen_through_and_recurrences_stay_their_own() -> None:
    graph = trace(built(Stack(name="s"), 8))
    assert sum(n.label == "tanh" for n in graph.nodes) == 4
    (w,) = [w for w in describe_network(graph).weights if w.path == "s/w"]
    assert w.parameter.layout is not None
    assert (w.role, w.activation, w.parameter.layout.batch) == ("hidden", "tanh", (0,))
    for layer, path, shape in (
        (Recurrence(name="r"), "r/w", (5, 8)),
        (layers.RNN(Cell(), name="r"), "r/cell/h/kernel", (5, 8)),
    ):
        found = roles_of(built(layer, *shape))
        assert found[path] == "recurrent"
        assert (found["before/kernel"], found["after/kernel"]) == ("first", "output")
    assert roles_of(built(Either(name="e"), 8))["e/w"] == "hidden"
    # A short loop is unrolled, a long one in part.
    for steps, runs in ((5, 5), (400, 8)):
        nodes = trace(built(Repeated(steps, name="l"), 8)).nodes
        assert sum(n.label == "tanh" for n in nodes) == runs


def of_backend(name: str, *arrays: Any) -> Any:
    """A function of the running backend itself, which knows nothing of Keras."""
    if BACKEND == "jax":
        import jax.numpy as jnp

        return {"tanh": jnp.tanh, "matmul": jnp.matmul}[name](*arrays)
    if BACKEND == "torch":
        import torch

        return {"tanh": lambda x: torch.tanh(x.detach()), "matmul": torch.mm}[name](*arrays)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return {"tanh": tf.tanh, "matmul": tf.matmul}[name](*arrays)
    return {"tanh": np.tanh, "matmul": np.matmul}[name](*map(np.asarray, arrays))


class Native(layers.Layer):  # type: ignore[misc]
    def __init__(self, weighted: bool, name: str) -> None:
        super().__init__(name=name)
        self.weighted = weighted

    def build(self, shape: Any) -> None:
        if self.weighted:
            self.kernel = self.add_weight(shape=(shape[-1], 8), name="kernel")
            self.bias = self.add_weight(shape=(8,), initializer="ones", name="bias")

    def call(self, x: Any) -> Any:
        if self.weighted:
            return of_backend("matmul", x, self.kernel.value) + self.bias.value
        return of_backend("tanh", x)


def test_layers_of_the_backend_itself_are_tried_out() -> None:
    x = keras.Input((8,))
    h = Native(False, "n")(layers.Dense(8, name="one")(x))
    h = layers.Dense(8, lambda t: of_backend("tanh", t), name="two")(Native(True, "m")(h))
    graph = trace(keras.Model(x, layers.Dense(2, name="three")(h)))
    assert graph.traced, graph.note
    found = {w.path: (w.role, w.activation) for w in describe_network(graph).kernels}
    assert found == {
        "one/kernel": ("first", "tanh"), "m/kernel": ("hidden", "identity"),
        "two/kernel": ("hidden", "tanh"), "three/kernel": ("output", "identity"),
    }  # fmt: skip


def test_a_report_sees_every_step_of_recurrences() -> None:
    made = [
        layers.LSTM(8, return_sequences=True, name="a"),
        layers.GRU(8, return_sequences=True, name="b"),
        *(layers.SimpleRNN(8, activation="linear", return_sequences=True, name=n) for n in "cd"),
    ]
    model = keras.Sequential([keras.Input((12, 8)), *made,
                              layers.TimeDistributed(layers.Dense(2, name="e"))])  # fmt: skip
    initialize(model, "orthogonal")
    x = np.random.default_rng(0).normal(size=(3, 12, 8)).astype("float32")
    for n in "cd":
        cell = model.get_layer(n).cell
        cell.recurrent_kernel.assign(cell.recurrent_kernel * 3.0)
    report = signal_report(model, x)
    paths = [p.rpartition("/")[0] for p in report]
    assert paths == ["a/lstm_cell", "b/gru_cell", "c/simple_rnn_cell", "d/simple_rnn_cell",
                     f"{model.layers[-1].name}/e"]  # fmt: skip
    hidden = keras.Model(model.inputs[0], model.get_layer("a").output)(x)
    assert report["a/lstm_cell/kernel"].signal == pytest.approx(float((numpy(hidden) ** 2).mean()))
    assert any("the signal explodes" in v for v in report.verdict)
    assert not any(layer.unroll for layer in made)
