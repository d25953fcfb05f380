"""What must work with the lowest versions of the dependencies: run by `make oldest`."""

import os
import subprocess
import sys

import numpy as np
import pytest

import initcore

CODE = {
    "torch": """
import torch
from torch import nn
import initcore_torch as init
from initcore_torch.training import Watch
w = init.orthogonal_(torch.empty(8, 8), seed=0)
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 2))
x = torch.ones(2, 3, 8, 8)
report = init.initialize(net, "orthogonal", sample_input=x)
assert "keep their size" in report.headline, report.headline
assert init.jacobian_spectrum(net, x).exact and init.orthogonality(net)
watch = Watch(net)
watch.begin(0)
net(x).sum().backward()
assert watch.end().signal
""",
    "jax": """
import jax
import initcore_jax as init
w = init.orthogonal()(jax.random.key(0), (8, 8)).T
def net(p, x):
    return jax.nn.relu(x @ p["a"]) @ p["b"]
params = {"a": jax.numpy.zeros((8, 8)), "b": jax.numpy.zeros((8, 2))}
x = jax.numpy.ones((2, 8))
params, report = init.initialize((net, params), "orthogonal", sample_input=x)
assert report["a"].name == "orthogonal", report
assert init.signal_report((net, params), x)
""",
    "keras": """
import keras
import initcore_keras as init
w = keras.ops.convert_to_numpy(init.Orthogonal(seed=0)((8, 8))).T
net = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)])
assert "keep their size" in init.initialize(net, "orthogonal").headline
""",
}
END = "import numpy; print(numpy.asarray(w).tolist())"


@pytest.mark.parametrize("framework", CODE)
def test_a_framework_works_and_draws_the_reference(framework: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE[framework] + END], capture_output=True, text=True, check=False,
        env={**os.environ, "KERAS_BACKEND": "torch"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    expected = initcore.orthogonal(initcore.Rng(0), (8, 8))
    np.testing.assert_allclose(eval(done.stdout), expected, atol=1e-5)
