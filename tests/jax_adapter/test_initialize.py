"""`initcore_jax.initialize`: what is exactly true afterwards, and errors that change nothing."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import initcore_jax
from initcore_jax import initialize
from tests.tools.jax_models import (
    LinenResNet,
    LinenScanned,
    Residual,
)

KEY = jax.random.key(0)


def state(model: Any) -> dict[str, Any]:
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return {".".join(map(str, path)): np.asarray(v[...], np.float64) for path, v in flat}


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"scheme": "ortogonal"}, ValueError, "did you mean orthogonal"),
        ({"scheme": "mirrored"}, ValueError, "needs a plain network"),
        ({"scheme": "lsuv"}, ValueError, "a batch of real data"),
        ({"seed": -1}, ValueError, "0 <= seed"),
        ({"overrides": {"*.kernle": "zeros"}}, ValueError, r"'\*.kernle'"),
        ({"overrides": {"head.kernel": "delta_orthogonal"}}, ValueError, "head.kernel"),
        ({"sample_input": jnp.zeros((2, 99))}, ValueError, "could not call Residual"),
        ({"scheme": "lsuv", "sample_input": jnp.zeros((2, 16))}, ValueError, "variance 0"),
    ],
)
def test_an_error_leaves_the_model_as_it_was(
    change: dict[str, Any], error: type[Exception], text: str
) -> None:
    model = Residual()
    before = state(model)
    with pytest.raises(error, match=text):
        initialize(model, **{"scheme": "orthogonal", **change})
    assert all((w == before[path]).all() for path, w in state(model).items())


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(TypeError, match=r"a pair \(function, parameters\), got dict"):
        initialize({"w": jnp.zeros(3)}, "orthogonal")
    with pytest.raises(ValueError, match=r"needs sample_input, what LinenResNet is called with"):
        initialize(LinenResNet(), "orthogonal")
    pair = (lambda p, x: x @ p, jnp.zeros((2, 2)))
    with pytest.raises(ValueError, match="needs sample_input"):
        initialize(pair, "orthogonal")
    narrow = {"w": jnp.zeros((2, 2), jnp.float8_e4m3fn)}
    with pytest.raises(TypeError, match=r"w: initialize|initialize: w needs a real floating dtype"):
        initialize((lambda p, x: x @ p["w"].astype(x.dtype), narrow), "orthogonal",
                   sample_input=jnp.zeros((1, 2)))  # fmt: skip
    with pytest.raises(ValueError, match="a stack that a loop runs over"):
        initialize(LinenScanned(), "lsuv", sample_input=jnp.ones((2, 8)))


def test_nothing_is_computed_to_find_the_roles() -> None:
    """A model that would fill 4 TiB, planned from shapes."""
    big = jax.ShapeDtypeStruct((2**20, 2**20), jnp.float32)
    params = {"a": big, "b": big, "c": big, "d": jnp.zeros(2**20)}

    def net(p: Any, x: Any) -> Any:
        return jnp.tanh(jnp.tanh(x @ p["a"]) @ p["b"]) @ p["c"] + p["d"]

    sample = jax.ShapeDtypeStruct((2**20, 2**20), jnp.float32)
    new, report = initialize((net, params), {"bias": "ones"}, sample_input=sample)
    assert report["b"].weight.role == "hidden"
    assert new["a"] is big
    assert (new["d"] == 1).all()


def test_models_are_called_as_in_evaluation_and_stay_in_the_mode_they_were_in() -> None:
    class Net(nnx.Module):
        def __init__(self) -> None:
            rngs = nnx.Rngs(0)
            self.a, self.norm = nnx.Linear(4, 4, rngs=rngs), nnx.BatchNorm(4, rngs=rngs)
            self.drop = nnx.Dropout(0.5, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return self.drop(self.norm(self.a(x)))

    model = Net()
    report = initialize(model, "orthogonal")
    assert report["norm.scale"].weight.role == "normalization"
    assert not model.drop.deterministic
    assert not model.norm.use_running_average
    assert int(model.drop.rngs.count[...]) == 0
    inside = initcore_jax.initialize(eqx.nn.Sequential([
        eqx.nn.Linear(4, 4, key=KEY), eqx.nn.Dropout(0.5)
    ]), "orthogonal")[0]  # fmt: skip
    assert not inside.layers[1].inference


def test_a_learned_slope_is_no_activation_and_shared_ends_are_refused_by_mirrored() -> None:
    def net(p: Any, x: Any) -> Any:
        y = x @ p["a"]
        return jnp.where(y >= 0, y, p["slope"] * y) @ p["a"]

    params = {"a": jnp.eye(4), "slope": jnp.ones(())}
    _, report = initialize((net, params), "orthogonal", sample_input=jnp.zeros((1, 4)))
    assert report["a"].weight.activation == "identity"
    with pytest.raises(ValueError, match="a is used 2 times"):
        initialize((net, params), "mirrored", sample_input=jnp.zeros((1, 4)))
