"""After `initialize` a JAX model runs once, and the report says whether signals keep their size."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

from initcore_jax import initialize, signal_report

KEPT = "signals and gradients keep their size"


class Deep(nnx.Module):
    """40 layers, with batch normalizations or without."""

    def __init__(self, normalized: bool) -> None:
        rngs = nnx.Rngs(0)
        self.layers = nnx.List(nnx.Linear(16, 16, rngs=rngs) for _ in range(40))
        self.norms = nnx.List(nnx.BatchNorm(16, rngs=rngs) for _ in range(40 * normalized))
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        for n, layer in enumerate(self.layers):
            x = layer(x)
            x = nnx.relu(self.norms[n](x)) if self.norms else jnp.tanh(x)
        return self.dropout(x)


class Residual(linen.Module):
    """Branches with a scale of its own; the sample's shape is all that is given."""

    @linen.compact
    def __call__(self, x: Any) -> Any:
        for _ in range(3):
            h = linen.Dense(16)(linen.relu(linen.Dense(32)(linen.LayerNorm()(x))))
            x = x + h * self.param(f"scale{_}", linen.initializers.constant(0.5), (16,))
        return linen.Dense(3)(x)


def test_the_headline_says_where_signals_vanish() -> None:
    sample = jnp.zeros((4, 16))  # a shape, to a scheme; the check draws numbers
    bad = initialize(Deep(False), "glorot_uniform", sample_input=sample)
    assert "the signal vanishes" in bad.headline
    assert "layers.39" in bad.headline
    good = initialize(Deep(False), "orthogonal", sample_input=sample)
    assert KEPT in good.headline
    assert good.signals["layers.0.kernel"].signal > 0.01


def test_fresh_batch_normalizations_are_run_with_the_statistics_of_the_batch() -> None:
    x = jax.random.normal(jax.random.key(1), (32, 16))
    model = Deep(True)
    statistics = [np.asarray(norm.mean[...]) for norm in model.norms]
    report = initialize(model, "glorot_uniform", sample_input=x)
    assert all(0.1 < one.signal < 10 for one in report.signals.values())
    assert all((norm.mean[...] == m).all() for norm, m in zip(model.norms, statistics, strict=True))
    model.norms.pop()  # of the model in training mode without its last normalization
    training = x
    for layer, norm in zip(model.layers, model.norms, strict=False):
        norm.train()
        training = nnx.relu(norm(layer(training)))
    expected = float((np.asarray(model.layers[39](training)) ** 2).mean())
    assert report.signals["layers.39.kernel"].signal == pytest.approx(expected, rel=2e-2)


class Normalized(linen.Module):
    @linen.compact
    def __call__(self, x: Any, train: bool = False) -> Any:
        for _ in range(20):
            x = linen.Conv(8, (3, 3), use_bias=False)(x)
            x = linen.relu(linen.BatchNorm(use_running_average=not train)(x))
        return linen.Dense(2)(x.mean((1, 2)))


def test_statistics_of_linen_and_equinox_are_found_in_images_too() -> None:
    images = jax.random.normal(jax.random.key(0), (4, 8, 8, 3))
    variables, report = initialize(Normalized(), "lecun_normal", sample_input=images)
    assert 0.05 < report.signals["params/Conv_19/kernel"].signal < 5
    assert float(variables["batch_stats"]["BatchNorm_0"]["mean"].max()) == 0
    found = signal_report((Normalized().apply, variables), images)
    assert found["params/Conv_19/kernel"].signal == pytest.approx(
        report.signals["params/Conv_19/kernel"].signal, rel=1e-4
    )

    conv = eqx.nn.Conv2d(8, 8, 3, padding=1, use_bias=False, key=jax.random.key(0))
    norm, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(8, "batch", mode="batch")
    blocks = [(jax.tree.map(jnp.copy, conv), norm) for _ in range(2)]

    def run(parts: Any, xs: Any, state: Any) -> Any:
        def one(x: Any) -> Any:
            for layer, normalize in parts:
                x = jax.nn.relu(normalize(layer(x), state)[0])
            return x

        return jax.vmap(one, axis_name="batch")(xs)

    x = 100 * jax.random.normal(jax.random.key(0), (4, 8, 6, 6))
    _, report = initialize((run, blocks), "lecun_normal", sample_input=(x, state))
    second = [one for path, one in report.signals.items() if path.startswith("1/")]
    assert second[0].signal < 5


def test_branches_that_start_at_zero_are_no_alarm_and_weights_left_alone_are_run_with() -> None:
    shape = jax.ShapeDtypeStruct((4, 16), jnp.float32)
    for scheme in ("idinit", "fixup", "orthogonal"):
        variables, report = initialize(Residual(), scheme, sample_input=shape)
        assert KEPT in report.headline
        assert set(report.untouched) == {f"params/scale{n}" for n in range(3)}
        assert float(variables["params"]["scale1"][0]) == 0.5


def test_what_has_no_values_is_not_run_and_the_headline_says_so() -> None:
    def abstract() -> Any:
        return nnx.eval_shape(lambda: nnx.Linear(16, 16, rngs=nnx.Rngs(0)))

    x = jnp.zeros((2, 16))
    report = initialize(abstract(), "orthogonal", sample_input=x)
    assert KEPT in report.headline  # its weights have values now
    report = initialize(abstract(), {"bias": "zeros"}, sample_input=x)
    assert "signals not checked (not all of its arrays have values)" in report.headline

    @jax.jit
    def build() -> Any:
        weights = {"w": jnp.zeros((16, 16))}
        new, report = initialize((lambda p, x: x @ p["w"], weights), "orthogonal", sample_input=x)
        headlines.append(report.headline)
        return new

    headlines: list[str] = []
    np.testing.assert_allclose(build()["w"] @ build()["w"].T, np.eye(16), atol=1e-5)
    assert "signals not checked (it is initialized inside of a transformation)" in headlines[0]


def test_a_fault_of_the_run_does_not_undo_the_work() -> None:
    def net(params: Any, x: Any) -> Any:
        return jnp.argmax(x @ params["w"], -1)

    new, report = initialize((net, {"w": jnp.zeros((4, 4))}), "orthogonal",
                             sample_input=jnp.ones((2, 4)))  # fmt: skip
    assert "signals not checked" in report.headline
    np.testing.assert_allclose(new["w"] @ new["w"].T, np.eye(4), atol=1e-6)
