"""Plans of JAX's models: as text, into copies, abstract modules and shards, proved by a line."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import initcore_jax as init
from initcore.networks import Plan


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.a, self.b = nnx.Linear(8, 16, rngs=rngs), nnx.Linear(16, 3, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.b(jnp.tanh(self.a(x)))


X = jnp.ones((2, 8))


def test_a_plan_as_text_gives_what_initialize_gives() -> None:
    model, copy = Net(nnx.Rngs(0)), Net(nnx.Rngs(1))
    before = np.asarray(model.a.kernel[...])
    plan = init.plan(model, "orthogonal", seed=3, sample_input=X)
    assert np.array_equal(before, model.a.kernel[...])
    report = Plan.from_json(plan.to_json()).apply(copy)
    init.initialize(model, "orthogonal", seed=3, sample_input=X)
    assert len(report) == 4
    for path in ("a", "b"):
        kernels = (getattr(m, path).kernel[...] for m in (model, copy))
        assert np.array_equal(*map(np.asarray, kernels))
    assert plan.fingerprint(copy) == plan.fingerprint(model) == f"initcore plan {plan.hash}"


def test_an_abstract_module_is_planned_and_filled() -> None:
    plan = init.plan(Net(nnx.Rngs(0)), "orthogonal", seed=3, sample_input=X)
    abstract = nnx.eval_shape(lambda: Net(nnx.Rngs(0)))
    plan.apply(abstract)
    assert plan.fingerprint(abstract) == f"initcore plan {plan.hash}"


def test_other_libraries_get_new_models() -> None:
    mlp = eqx.nn.MLP(8, 3, 16, 1, activation=jnp.tanh, key=jax.random.key(0))
    plan = init.plan(mlp, "orthogonal", sample_input=X[0])
    new, report = plan.apply(mlp)
    assert plan.fingerprint(new) == f"initcore plan {plan.hash}"
    with pytest.raises(ValueError, match=r"layers.0.weight is not what the plan gives it"):
        plan.fingerprint(mlp)
    dense = linen.Dense(4)
    plan = init.plan(dense, "orthogonal", sample_input=X)
    variables, report = plan.apply(dense, sample_input=X)
    assert variables["params"]["kernel"].shape == (8, 4)
    assert len(report) == 2


def test_what_does_not_fit_is_refused() -> None:
    plan = init.plan(Net(nnx.Rngs(0)), "orthogonal", sample_input=X)

    class Wide(Net):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.a, self.b = nnx.Linear(8, 32, rngs=rngs), nnx.Linear(32, 3, rngs=rngs)

    with pytest.raises(ValueError, match="the plan is of another model"):
        plan.apply(Wide(nnx.Rngs(0)))
