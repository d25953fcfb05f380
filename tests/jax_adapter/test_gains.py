"""Plain JAX networks of every named activation keep their size, as PyTorch's do."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from initcore.activations import activation_of
from initcore_jax import initialize, plan
from tests.networks.test_gains import DISTINCT, WIDTH

SPELLED: dict[str, Callable[[Any], Any]] = {
    "cos": jnp.cos, "erf": lambda x: jax.lax.erf(x * math.sqrt(math.pi) / 2),
    "exponential": jnp.exp, "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": jax.nn.gelu, "identity": lambda x: x,
    "prelu": lambda x: jax.nn.leaky_relu(x, 0.25),
    "quick_gelu": lambda x: x * jax.nn.sigmoid(1.702 * x), "sin": jnp.sin,
    "hard_shrink": lambda x: jnp.where(jnp.abs(x) > 0.5, x, 0.0),
    "soft_shrink": lambda x: jnp.sign(x) * jnp.maximum(jnp.abs(x) - 0.5, 0),
    "squared_relu": lambda x: jax.nn.relu(x) ** 2, "tanh_shrink": lambda x: x - jnp.tanh(x),
}  # fmt: skip


def function_of(name: str) -> Callable[[Any], Any]:
    return SPELLED.get(name) or getattr(jax.nn, name, None) or getattr(jnp, name)


def ends(name: str, depth: int) -> tuple[float, float]:
    """Mean squares of the outputs and of the inputs' gradients, of inputs of variance 1."""
    bend = function_of(name)

    def net(params: Any, x: Any) -> Any:
        for n in range(depth):
            x = bend(x @ params[f"{n:02}"]["w"] + params[f"{n:02}"]["b"])
        return x @ params["head"]

    layer = {"w": jnp.zeros((WIDTH, WIDTH)), "b": jnp.zeros(WIDTH)}
    params = {f"{n:02}": layer for n in range(depth)} | {"head": jnp.zeros((WIDTH, WIDTH))}
    x, back = jax.random.normal(jax.random.key(0), (2, 8, WIDTH))
    params, _ = initialize((net, params), "orthogonal", sample_input=x)
    y, pull = jax.vjp(lambda x: net(params, x), x)
    (gradient,) = pull(back)
    return float(jnp.mean(y**2)), float(jnp.mean(gradient**2))


def test_every_activation_is_tried_as_itself() -> None:
    x = np.linspace(-5, 5, 101).astype(np.float32)
    for name in DISTINCT:
        written = function_of(name)(jnp.asarray(x))
        np.testing.assert_allclose(written, activation_of(name).value(x), rtol=2e-6, atol=2e-6)


def test_every_activation_is_seen_as_itself() -> None:
    def net(params: Any, x: Any) -> Any:
        for name, w in sorted(params.items()):
            x = function_of(name)(x @ w)
        return x @ jnp.ones((8, 2))

    params = {name: jnp.zeros((8, 8)) for name in DISTINCT}
    made = plan((net, params), "he_normal", sample_input=jnp.ones((2, 8)))
    seen = {w.path: w.activation for w in made.network.kernels}
    assert seen == {**{name: name for name in DISTINCT}, "elu": "celu"}


@pytest.mark.parametrize(
    ("name", "depth"),
    # A few: the gains are the core's, the activation is the adapter's.
    [*itertools.product(["hard_silu", "mish", "prelu", "selu", "tanh"], [10]),
     *itertools.product(["gelu", "relu"], [50])],
)  # fmt: skip
def test_signals_and_gradients_keep_their_size(name: str, depth: int) -> None:
    signal, gradient = ends(name, depth)
    assert 1e-2 < signal < 1e2
    assert 1e-2 < gradient < 1e2
