"""What `initcore_keras.initialize` makes exactly true, and that path and seed decide the values."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from initcore_keras import initialize


def numpy(x: Any) -> Any:
    return np.asarray(keras.ops.convert_to_numpy(x))


def chain(depth: int, width: int, activation: str, ends: int | None = None) -> Any:
    ends = ends or width
    made = [layers.Dense(width, activation, name=f"d{n}") for n in range(depth - 1)]
    return keras.Sequential([keras.Input((ends,)), *made, layers.Dense(ends, name="last")])


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
