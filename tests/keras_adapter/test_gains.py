"""Plain Keras networks of every named activation keep their size, as PyTorch's do."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from initcore.activations import activation_of
from initcore_keras import initialize, plan

SPELLED: dict[str, Callable[[Any], Any]] = {
    "abs": ops.abs, "cos": ops.cos, "erf": lambda x: ops.erf(x * math.sqrt(math.pi) / 2),
    "gelu": lambda x: ops.gelu(x, approximate=False),
    "mish": lambda x: x * ops.tanh(ops.softplus(x)),
    "leaky_relu": lambda x: ops.leaky_relu(x, 0.01),
    "gelu_tanh": lambda x: keras.activations.gelu(x, approximate=True), "identity": lambda x: x,
    "prelu": lambda x: ops.leaky_relu(x, 0.25),
    "quick_gelu": lambda x: x * ops.sigmoid(1.702 * x), "sin": ops.sin,
    "log_sigmoid": ops.log_sigmoid, "squared_relu": lambda x: ops.relu(x) ** 2,
    "squareplus": lambda x: ops.squareplus(x, 4),
}  # fmt: skip
HELD = ["celu", "elu", "erf", "gelu", "gelu_tanh", "hard_sigmoid", "hard_silu", "hard_tanh",
        "identity", "leaky_relu", "mish", "prelu", "quick_gelu", "relu", "relu6", "selu", "sigmoid",
        "silu", "sin", "soft_sign", "tanh"]  # fmt: skip
"""Those that Keras has, and that some gain holds."""
WIDTH = 64


def function_of(name: str) -> Any:
    return SPELLED.get(name) or getattr(ops, name, None) or getattr(ops, name.replace("_", ""))


def test_every_activation_is_seen_as_itself() -> None:
    keras.utils.clear_session()
    probe = np.linspace(-5, 5, 101).astype(np.float32)
    x = inputs = keras.Input((8,))
    for name in HELD:
        bend = function_of(name)
        found = ops.convert_to_numpy(bend(ops.convert_to_tensor(probe)))
        np.testing.assert_allclose(found, activation_of(name).value(probe), rtol=1e-5, atol=1e-5)
        x = bend(layers.Dense(8, name=f"before_{name}")(x))
    model = keras.Model(inputs, layers.Dense(8, name="last")(x))
    seen = {w.path.split("/")[0]: w.activation for w in plan(model, "he_normal").network.kernels}
    wanted = {f"before_{name}": name for name in HELD}
    assert seen == {**wanted, "last": "identity"}


# A few: the gains are the core's, the activation is the adapter's.
@pytest.mark.parametrize("name", ["gelu", "hard_silu", "prelu", "relu", "sigmoid", "tanh"])
def test_signals_keep_their_size_over_ten_layers(name: str) -> None:
    keras.utils.clear_session()
    bend = function_of(name)
    x = inputs = keras.Input((WIDTH,))
    for _ in range(10):
        x = bend(layers.Dense(WIDTH)(x))
    model = keras.Model(inputs, layers.Dense(WIDTH)(x))
    sample = np.random.default_rng(0).normal(size=(8, WIDTH)).astype(np.float32)
    report = initialize(model, "orthogonal", sample_input=sample)
    out = ops.convert_to_numpy(model(sample))
    assert 1e-2 < float(np.mean(out**2)) < 1e2
    gradients = [s.gradient for s in report.signals.values() if s.gradient is not None][:-1]
    assert bool(gradients) == (keras.backend.backend() != "numpy")
    assert not gradients or 1e-2 < gradients[0] / gradients[-1] < 1e2
