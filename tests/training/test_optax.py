"""`initcore_jax.training` in real loops of optax: Flax linen and nnx, Equinox, plain functions."""

from typing import Any

import equinox as eqx
import jax
import numpy as np
import optax
import pytest
from flax import linen, nnx
from jax import numpy as jnp

import initcore_jax
from initcore.training import NotFiniteError
from initcore_jax import training
from initcore_jax.training import check, look, watch
from tests.tools.mutants import Mutant

X = jax.random.normal(jax.random.key(0), (64, 8))


def network(params: Any, x: Any) -> Any:
    x = jax.nn.relu(x @ params["a"]["kernel"] + params["a"]["bias"])
    return x @ params["b"]["kernel"]


def start() -> dict[str, Any]:
    key = jax.random.key(1)
    return {
        "a": {"kernel": 3.0 * initcore_jax.orthogonal()(key, (8, 32)), "bias": jnp.zeros(32)},
        "b": {"kernel": initcore_jax.he_normal()(key, (32, 2))},
    }


def train(params: Any, optimizer: Any, steps: int, scale: float = 1.0) -> tuple[Any, Any]:
    state = optimizer.init(params)

    @jax.jit
    def step(params: Any, state: Any, by: Any) -> Any:
        g = jax.grad(lambda p: (network(p, X * by) ** 2).mean())(params)
        updates, state = optimizer.update(g, state, params)
        return optax.apply_updates(params, updates), state

    for number in range(steps):
        params, state = step(params, state, scale if number in (6, 7) else 1.0)
    return params, state


def test_numbers_are_those_of_the_last_step() -> None:
    params = start()
    params["a"]["bias"] = params["a"]["bias"].at[:8].set(-1e6)
    _, state = train(params, optax.chain(watch(), optax.sgd(1e-3)), 1)
    found = look(state, params, initcore_jax.signal_report((network, params), X))
    assert found is not None
    g = jax.grad(lambda p: (network(p, X) ** 2).mean())(params)
    expected = float((g["b"]["kernel"] ** 2).mean())
    assert found.gradient["b/kernel"] == pytest.approx(expected, rel=1e-5)
    assert found.dead["a/kernel"] == pytest.approx(0.25)
    assert found.signal["b/kernel"] == pytest.approx(float((network(params, X) ** 2).mean()))
    assert found.singular_value["a/kernel"] == pytest.approx(3.0, rel=1e-5)
    assert found.spread["a/kernel"] == pytest.approx(1.0, rel=1e-5)


def test_it_leaves_the_updates() -> None:
    watched, state = train(start(), optax.chain(watch(), optax.sgd(1e-3)), 25)
    plain, _ = train(start(), optax.sgd(1e-3), 25)
    found = look(state, watched)
    assert found is not None
    assert found.step == 24
    assert not look(state).singular_value  # type: ignore[union-attr]
    for a, b in zip(jax.tree.leaves(watched), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)  # XLA fuses other operations
    check(state)
    largest = np.linalg.norm(np.asarray(watched["b"]["kernel"]), 2)
    assert found.singular_value["b/kernel"] == pytest.approx(largest, rel=0.02)


def test_weights_stay_and_the_first_layer_is_named() -> None:
    optimizer = optax.chain(watch(), optax.sgd(1e-3))
    before, _ = train(start(), optimizer, 6)
    params, state = train(start(), optimizer, 9, scale=1e38)  # one more follows
    for a, b in zip(jax.tree.leaves(params), jax.tree.leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(
        NotFiniteError, match="step 6: a gradient, or its mean square, is not finite"
    ):
        check(state)
    report = initcore_jax.signal_report
    with pytest.raises(NotFiniteError, match="step 6: the output at a/kernel is the first"):
        check(state, lambda: report((network, params), X * 1e38))


@pytest.mark.parametrize("path", ["a", "b"])
def test_one_gradient_that_is_not_finite_is_enough(path: str) -> None:
    params = {"a": jnp.ones((2, 2)), "b": jnp.ones(3)}
    broken = {**params, path: params[path].at[0].set(jnp.nan)}
    passed, state = watch().update(broken, watch().init(params), params)
    assert not any(bool(x.any()) for x in jax.tree.leaves(passed))
    with pytest.raises(NotFiniteError, match="step 0"):
        check(state)


def test_kernels_of_convolutions_are_matrices_of_outputs_and_inputs() -> None:
    w = np.random.default_rng(0).normal(size=(3, 3, 4, 6)).astype("float32")
    params = {"flax": {"kernel": w}, "equinox": {"weight": w.transpose(3, 2, 0, 1)}}
    _, state = watch().update(params, watch().init(params), params)
    found = look(state, params)
    assert found is not None
    largest = np.linalg.norm(w.reshape(-1, 6), 2)
    for path in ("flax/kernel", "equinox/weight"):
        assert found.singular_value[path] == pytest.approx(largest, rel=1e-3)


def test_flax_nnx_and_linen_and_equinox_have_the_paths_of_the_reports() -> None:
    class Net(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.a, self.b = nnx.Linear(8, 16, rngs=rngs), nnx.Linear(16, 2, rngs=rngs)

        def __call__(self, x: Any) -> Any:
            return self.b(jax.nn.relu(self.a(x)))

    model = Net(nnx.Rngs(0))
    report = initcore_jax.initialize(model, "orthogonal")
    optimizer = nnx.Optimizer(model, optax.chain(watch(), optax.sgd(1e-3)), wrt=nnx.Param)

    @nnx.jit
    def step(model: Any, optimizer: Any) -> None:
        optimizer.update(model, nnx.grad(lambda m: (m(X) ** 2).mean())(model))

    step(model, optimizer)
    found = look(optimizer.opt_state, nnx.state(model, nnx.Param))
    assert found is not None
    assert set(found.singular_value) == {p for p in report if p.endswith("kernel")}
    assert found.spread["a.kernel"] == pytest.approx(1.0, rel=1e-3)

    dense = linen.Dense(4)
    params = dense.init(jax.random.key(0), X)["params"]
    state = watch().init(params)
    assert set(state.gradient) == {"kernel", "bias"}

    mlp = eqx.nn.MLP(8, 2, 16, 1, key=jax.random.key(0))
    state = watch().init(eqx.filter(mlp, eqx.is_array))
    report = initcore_jax.initialize(mlp, "orthogonal")[1]
    assert set(state.gradient) == set(report)


def test_a_state_without_a_watch_is_told_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"one of optax\.chain\(watch\(\), \.\.\.\)"):
        look(optax.adam(1e-3).init(start()))
    assert look(watch().init(start())) is None


OF = "initcore_jax.training:"
MUTANTS = [
    Mutant(f"{OF}watch", "{**state.gradient, **gradient}", "state.gradient",
           test_numbers_are_those_of_the_last_step),
    Mutant(f"{OF}watch", "state.step + 1", "state.step + 2", test_it_leaves_the_updates),
    Mutant(f"{OF}watch", "(state.broken < 0) & ~finite", "~finite",
           test_weights_stay_and_the_first_layer_is_named),
    Mutant(f"{OF}watch", "broken < 0, g, jnp.zeros_like(g)", "finite, g, jnp.zeros_like(g)",
           test_weights_stay_and_the_first_layer_is_named),
    Mutant(f"{OF}watch", ".all()", ".any()", test_one_gradient_that_is_not_finite_is_enough,
           given=(("path", "b"),)),
    Mutant(f"{OF}watch", "broken < 0, g, jnp.zeros_like(g)", "broken < 0, 2 * g, g",
           test_it_leaves_the_updates),
    Mutant(f"{OF}check", "broken[0]", '"b/kernel"', test_weights_stay_and_the_first_layer_is_named),
    Mutant(f"{OF}look", "- 1", "", test_it_leaves_the_updates),
    Mutant(f"{OF}look", "one.dead for", "one.dead + 0.1 for",
           test_numbers_are_those_of_the_last_step),
    Mutant(f"{OF}look", "path: one.signal", "path: one.gradient",
           test_numbers_are_those_of_the_last_step),
    Mutant(f"{OF}_singular_values", "typical_singular_value(w)", "typical_singular_value(w.T @ w)",
           test_numbers_are_those_of_the_last_step),
    Mutant(f"{OF}typical_singular_value", "min(w.shape)", "max(w.shape)",
           test_numbers_are_those_of_the_last_step),
    Mutant(f"{OF}_matrix", 'rpartition(".")[2] == "weight"', 'rpartition(".")[2] == "kernel"',
           test_kernels_of_convolutions_are_matrices_of_outputs_and_inputs),
    Mutant(f"{OF}_by_path", "type(tree)", "type(path_of)",
           test_flax_nnx_and_linen_and_equinox_have_the_paths_of_the_reports),
]  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_wrong_watch_is_found(
    mutant: Mutant, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests know the functions by the names that they have imported, and JAX what it compiled.
    for name in ("check", "look", "watch"):
        monkeypatch.setitem(globals(), name, lambda *a, of=name: getattr(training, of)(*a))
    monkeypatch.setattr(training, "_singular_values", training._singular_values.__wrapped__)
    mutant.must_be_found(request, monkeypatch)
