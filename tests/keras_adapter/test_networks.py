"""Whole models with tables, experts and gates: roles, starting values, and nothing touched."""

import sys
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from initcore.networks import describe_network
from initcore_keras import initialize
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


class Tables(layers.Layer):  # type: ignore[misc]
    """Weights that are read through operations on weights alone."""

    def build(self, shape: Any) -> None:
        for name in ("sliced", "cut", "rows", "added", "picked"):
            setattr(self, name, self.add_weight(shape=(10, 8), name=name))
        self.token = self.add_weight(shape=(1, 1, 8), name="token")
        self.lookup = layers.Embedding(10, 8, name="lookup")
        self.lookup.build((None,))

    def call(self, x: Any) -> Any:
        batch, n, _ = ops.shape(x)
        x = x + self.sliced[None, :n]
        x = x + ops.slice(ops.convert_to_tensor(self.cut), (0, 0), (n, 8))
        x = x + ops.take(self.rows, ops.arange(n), axis=0)
        x = x + self.lookup(ops.arange(0, n, 1))
        x = x + self.added.value[:n]
        rows = ops.arange(n)  # which TensorFlow's variables do not take as an index
        x = x + (ops.take(self.picked, rows, 0) if BACKEND == "tensorflow" else self.picked[rows])
        return ops.concatenate([ops.broadcast_to(self.token, (batch, 1, 8)), x], axis=1)


def test_tables_and_tokens_are_read_through_operations() -> None:
    found = roles_of(built(Tables(name="t"), 6, 8))
    assert found["t/sliced"] == found["t/cut"] == found["t/added"] == "position"
    assert found["t/rows"] == found["t/picked"] == found["t/lookup/embeddings"] == "embedding"
    assert found["t/token"] == "latent"
    assert (found["before/kernel"], found["after/kernel"]) == ("first", "output")


class Tied(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.table = layers.Embedding(20, 8, name="table")
        self.dense = layers.Dense(8, "relu", name="dense")

    def call(self, tokens: Any) -> Any:
        return self.dense(self.table(tokens)) @ ops.transpose(self.table.embeddings)


def test_a_table_that_is_the_output_layer_too_is_tied() -> None:
    model = Tied()
    model(np.zeros((2, 5), "int32"))
    assert roles_of(model, keras.KerasTensor((2, 5), "int32")) == {
        "table/embeddings": "tied", "dense/kernel": "hidden", "dense/bias": "bias",
    }  # fmt: skip


def test_an_open_axis_is_no_obstacle() -> None:
    x = keras.Input((None, 16))
    a = layers.EinsumDense("bqm,mh->bqh", (None, 16), name="a")(x)
    gate = layers.Dense(16, "sigmoid", name="gate")(x)
    y = layers.Add()([x, layers.Multiply()([a, gate])])
    found = roles_of(keras.Model(x, layers.Dense(2, name="o")(y)))
    assert (found["a/kernel"], found["gate/kernel"]) == ("branch_last", "gate")


def test_a_constant_tensor_is_a_number() -> None:
    x = keras.Input((8,))
    h = ops.multiply(layers.Dense(8, name="one")(x), ops.convert_to_tensor(0.5))
    graph = trace(keras.Model(x, layers.Dense(8, name="two")(ops.relu(h))))
    assert [n.kind for n in graph.nodes if n.label == "multiply"] == ["map"]


def test_experts_are_kernels_of_their_own() -> None:
    x = keras.Input((6, 16))
    h = layers.EinsumDense("btd,edf->btef", (6, 4, 32), activation="relu", name="in")(x)
    h = layers.EinsumDense("btef,efd->bted", (6, 4, 16), name="out")(h)
    model = keras.Model(x, ops.mean(h, axis=2))
    initialize(model, "orthogonal")
    for name in ("in", "out"):
        for kernel in numpy(model.get_layer(name).kernel):
            s = np.linalg.svd(kernel, compute_uv=False)
            np.testing.assert_allclose(s, s[0], rtol=1e-5)
    # ReLU's gain and the norm-keeping factor aside, no expert is smaller than alone.
    assert np.linalg.svd(numpy(model.get_layer("in").kernel)[0], compute_uv=False)[0] > 1.4


@pytest.mark.parametrize("shape", [(5, 4), (3, 6, 6, 2)], ids=["LSTM", "ConvLSTM2D"])
def test_the_gate_that_forgets_starts_where_its_layer_says(shape: Any) -> None:
    made = layers.LSTM if len(shape) == 2 else layers.ConvLSTM2D
    size = (4,) if made is layers.LSTM else (4, 3)
    for unit in (True, False):
        one = made(*size, unit_forget_bias=unit, name="r")
        model = keras.Sequential([keras.Input(shape), one, layers.Flatten(), layers.Dense(2)])
        initialize(model, "orthogonal")
        expected = np.zeros(16)
        expected[4:8] = unit
        assert np.array_equal(numpy(one.cell.bias), expected)
    report = initialize(model, ("orthogonal", {"forget_bias": 2.0}))
    assert numpy(one.cell.bias)[4:8].tolist() == [2.0] * 4
    assert {a.weight.role for p, a in report.items() if "recurrent_kernel" in p} == {"recurrent"}


def test_a_low_rank_update_starts_at_nothing() -> None:
    x = keras.Input((8,))
    dense = layers.Dense(8, "relu", name="d")
    model = keras.Model(x, layers.Dense(4, name="o")(dense(x)))
    dense.enable_lora(2)
    kernel = numpy(dense._kernel).copy()
    report = initialize(model, "orthogonal")
    assert report["d/lora_kernel_a"].weight.role == "adapter_in"
    assert report["d/lora_kernel_b"].weight.role == "adapter_out"
    assert not numpy(dense.lora_kernel_b).any()
    assert np.array_equal(kernel, numpy(dense._kernel))  # frozen
    assert "reach" not in str(report)


class Unfinished(keras.Model):  # type: ignore[misc]
    """Says that it is built; its layers are not."""

    def __init__(self) -> None:
        super().__init__()
        self.d = layers.Dense(3, name="d")
        self.built = True

    def call(self, x: Any) -> Any:
        return self.d(x)


def test_a_model_without_its_weights_asks_for_a_sample() -> None:
    model = Unfinished()
    with pytest.raises(ValueError, match=r"all its weights; call .* or pass sample_input"):
        initialize(model, "orthogonal")
    assert not model.d.built
    report = initialize(model, "orthogonal", sample_input=np.ones((2, 4), "float32"))
    assert report["d/kernel"].name == "orthogonal"


def test_a_model_of_which_a_layer_has_no_weights_yet_is_not_guessed_at() -> None:
    model = Unfinished()
    model.first = layers.Dense(4, name="first")
    model.first.build((None, 4))
    before = np.array(ops.convert_to_numpy(model.first.kernel))
    with pytest.raises(ValueError, match=r"and d has none yet; call .* or pass sample_input"):
        initialize(model, "orthogonal")
    assert np.array_equal(ops.convert_to_numpy(model.first.kernel), before)


class Failing(keras.Model):  # type: ignore[misc]
    """Changes itself, draws random numbers, and fails."""

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.d, self.late = layers.Dense(4, name="d"), layers.Dense(4, name="late")
        self.norm = layers.BatchNormalization()
        self.d.build((None, 4))
        self.norm.build((None, 4))
        self.fails, self.seen, self.built = fails, [], True
        self.steps = self.add_weight(shape=(), name="steps", trainable=False, initializer="zeros")

    def call(self, x: Any) -> Any:
        self.seen.append(x)
        self.count = len(self.seen)
        self.steps.assign_add(1.0)
        self.add_loss(ops.sum(x))
        np.random.random()
        x = layers.Add()([x, x])
        x = self.norm(self.d(x), training=True) + keras.random.normal((4,))
        if self.fails:
            return self.late(float(x))
        return x


def state_of(model: Any) -> list[Any]:
    found = []
    for layer in model._flatten_layers():
        found += [(layer.name, k, id(v), len(v) if hasattr(v, "__len__") else None)
                  for k, v in vars(layer).items() if k != "_loss_ids"]  # fmt: skip
        found += [numpy(v).tolist() for v in layer.variables]
    modules = [m for n, m in sys.modules.items() if n.startswith("keras.src.backend")]
    found += [(m.__name__, k, id(v)) for m in modules for k, v in vars(m).items() if callable(v)]
    return [*found, id(keras.Layer.__call__), np.random.get_state()[2]]


@pytest.mark.parametrize("fails", [False, True])
def test_tracing_leaves_everything_as_it_was(fails: bool) -> None:
    model = Failing(fails)
    names = [layers.Add().name for _ in range(2)]
    before = state_of(model)
    graph = trace(model, keras.KerasTensor((2, 4)))
    assert state_of(model) == before
    assert graph.traced is not fails
    # Names are counted as if nothing had been made in between.
    assert int(layers.Add().name[4:]) == int(names[1][4:]) + 1
