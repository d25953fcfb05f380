"""Diagnostics of real JAX networks: against JAX's own Jacobians, and against PyTorch's."""

from typing import Any

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx

import initcore
import initcore_torch
from initcore import diagnostics
from initcore_jax import initialize, jacobian_spectrum, orthogonality, signal_report

KEY = jax.random.key(0)


class Chain(nnx.Module):  # type: ignore[misc]
    def __init__(self, depth: int, width: int) -> None:
        rngs = nnx.Rngs(0)
        self.layers = nnx.List([nnx.Linear(width, width, rngs=rngs) for _ in range(depth)])

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x


class Language(nnx.Module):  # type: ignore[misc]
    """Tokens in, attention, a convolution over them, logits out."""

    def __init__(self) -> None:
        rngs = nnx.Rngs(0)
        self.table = nnx.Embed(20, 16, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(2, 16, decode=False, rngs=rngs)
        self.mix = nnx.Conv(16, 16, (3,), rngs=rngs)
        self.head = nnx.Linear(16, 5, rngs=rngs)

    def __call__(self, tokens: Any) -> Any:
        x = self.table(tokens)
        x = x + self.attention(x)
        return self.head(nnx.gelu(self.mix(x)))


def inputs(count: int, width: int) -> Any:
    return initcore.Rng(7, dtype="float32").normal((count, width))


def test_the_same_network_is_measured_alike_in_pytorch() -> None:
    depth, width = 5, 24
    mine = Chain(depth, width)
    initialize(mine, "orthogonal", seed=3)
    layers: list[Any] = []
    for _ in range(depth):
        layers += [torch.nn.Linear(width, width), torch.nn.Tanh()]
    other = torch.nn.Sequential(*layers)
    for n in range(depth):
        other[2 * n].weight.data = torch.tensor(np.asarray(mine.layers[n].kernel[...]).T.copy())
        other[2 * n].bias.data = torch.tensor(np.asarray(mine.layers[n].bias[...]).copy())
    x = inputs(6, width)
    here, there = signal_report(mine, x), initcore_torch.signal_report(other, torch.tensor(x))
    assert len(here) == len(there) == depth
    for a, b in zip(here.values(), there.values(), strict=True):
        for name in ("signal", "predicted", "gradient", "correlation", "rank"):
            assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-4), name
    one, two = jacobian_spectrum(mine, x), initcore_torch.jacobian_spectrum(other, torch.tensor(x))
    np.testing.assert_allclose(np.sort(one.nodes), np.sort(two.nodes), rtol=1e-4, atol=1e-5)
    one, two = orthogonality(mine), initcore_torch.orthogonality(other)
    for a, b in zip(one.values(), two.values(), strict=True):
        np.testing.assert_allclose(a.values, b.values, atol=1e-5)


def test_the_jacobian_is_jaxs_by_what_tokens_are_looked_up_as() -> None:
    model = Language()
    tokens = jnp.arange(8).reshape(2, 4)
    found = jacobian_spectrum(model, tokens)

    def from_looked_up(x: Any) -> Any:
        x = x + model.attention(x)
        return model.head(nnx.gelu(model.mix(x)))

    x = model.table(tokens)
    wanted = []
    for row in x:
        j = jax.jacobian(lambda r: from_looked_up(r[None])[0])(row)
        wanted.append(np.linalg.svd(np.asarray(j).reshape(20, 64), compute_uv=False) ** 2)
    np.testing.assert_allclose(
        np.sort(found.nodes, axis=None), np.sort(np.concatenate(wanted)), rtol=1e-3, atol=1e-5
    )
    report = signal_report(model, tokens)
    kernels = ("query", "key", "value", "out")
    assert set(report) == {
        "mix.kernel", "head.kernel", *(f"attention.{name}.kernel" for name in kernels)
    }  # fmt: skip
    logits = np.asarray(model(tokens))
    assert report["head.kernel"].signal == pytest.approx((logits**2).mean(), rel=1e-5)


def test_lanczos_is_within_its_error_bars_of_all_singular_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Chain(4, 60)
    initialize(model, "he_normal")
    x = inputs(3, 60)
    exact = jacobian_spectrum(model, x)
    monkeypatch.setattr(diagnostics._spectrum, "EXACT", 10)
    found = jacobian_spectrum(model, x, probes=12, steps=20)
    assert (exact.exact, found.exact) == (True, False)
    assert abs(found.mean - exact.mean) < 5 * found.error()
    assert found.moment(3) == pytest.approx(exact.moment(3), rel=0.3)


def test_models_of_every_library_are_measured() -> None:
    x = inputs(5, 8)
    mlp = eqx.nn.MLP(8, 3, 16, 2, key=KEY)
    pair = (lambda m, v: jax.vmap(m)(v), mlp)
    report = signal_report(pair, x)
    assert len(report) == 3
    hidden = np.asarray(jax.vmap(mlp.layers[0])(x))
    assert report["layers.0.weight"].signal == pytest.approx((hidden**2).mean(), rel=1e-5)
    assert report["layers.0.weight"].rank == pytest.approx(diagnostics._signal._rank(hidden))
    assert jacobian_spectrum(pair, x).size == 15

    class Net(nn.Module):  # type: ignore[misc]
        @nn.compact
        def __call__(self, v: Any) -> Any:
            return nn.Dense(4)(nn.relu(nn.Dense(16)(v)))

    net = Net()
    variables, _ = initialize(net, "he_normal", sample_input=x)
    report = signal_report((net.apply, variables), x)
    assert [one.role for one in report.values()] == ["first", "output"]
    assert report["params/Dense_0/kernel"].predicted == pytest.approx(
        report["params/Dense_0/kernel"].signal, rel=0.7
    )
    assert len(orthogonality((net.apply, variables), x)) == 2
    with pytest.raises(TypeError, match=r"signal_report needs a model with values.*apply"):
        signal_report(net, x)


def test_what_explodes_is_said_and_what_does_not_fit_refused() -> None:
    model = Chain(3, 8)
    with pytest.raises(TypeError, match="orthogonality needs a Flax module"):
        orthogonality(3)
    with pytest.raises(ValueError, match="signal_report could not call Chain"):
        signal_report(model, jnp.zeros((2, 5)))
    with pytest.raises(ValueError, match="floating-point inputs"):
        jacobian_spectrum((lambda p, n: p["w"] * n, {"w": jnp.ones(3)}), jnp.arange(3))

    def linear(p: Any, x: Any) -> Any:
        for w in p:
            x = x @ w
        return x

    large = [10 * jnp.eye(8)] * 5
    assert "explodes" in str(signal_report((linear, large), inputs(2, 8)))


class Counting(nnx.Module):  # type: ignore[misc]
    """Counts its calls in a variable that enters the signal."""

    def __init__(self) -> None:
        self.linear, self.calls = nnx.Linear(4, 4, rngs=nnx.Rngs(0)), nnx.BatchStat(jnp.zeros(()))

    def __call__(self, x: Any) -> Any:
        self.calls[...] += 1
        return self.linear(x) * self.calls[...]


def test_looking_leaves_all_state_as_it_was() -> None:
    model, x = Counting(), inputs(3, 4)
    for scheme in ("orthogonal", "lsuv"):
        initialize(model, scheme, sample_input=x)
    signal_report(model, x)
    jacobian_spectrum(model, x)
    assert float(model.calls[...]) == 0


def test_errors_are_in_the_caller_s_words_and_quote_the_model_s_own() -> None:
    def stubborn(p: Any, x: Any) -> Any:
        raise RuntimeError("please initialize me first")

    with pytest.raises(ValueError, match=r"^signal_report could .*: please initialize me first$"):
        signal_report((stubborn, {"w": jnp.ones(3)}), jnp.ones(3))
    with pytest.raises(TypeError, match=r"^orthogonality needs a Flax module"):
        orthogonality(3)
    with pytest.raises(ValueError, match=r"^jacobian_spectrum needs sample_input"):
        jacobian_spectrum(nn.Dense(3), None)
    pair = (lambda p, x: x @ p, jnp.eye(4))
    with pytest.raises(ValueError, match="signal_report needs a seed with 0 <= seed"):
        signal_report(pair, inputs(2, 4), seed=-1)
    with pytest.raises(TypeError, match="jacobian_spectrum needs an integer seed"):
        jacobian_spectrum(pair, inputs(2, 4), seed="x")  # type: ignore[arg-type]


def test_layers_inside_of_a_loop_are_not_judged_unseen() -> None:
    def net(p: Any, x: Any) -> Any:
        x, _ = jax.lax.scan(lambda x, w: (8 * jnp.tanh(x @ w), None), x, p["stack"])
        return x @ p["head"]

    params = {"stack": jnp.ones((12, 4, 4)), "head": jnp.eye(4)}
    report = signal_report((net, params), jnp.ones((2, 4)))
    assert report.unseen == ("stack",)
    assert "signals and gradients keep their size" not in report.headline
    assert "not seen, for they run inside of loops or other layers: stack" in report.headline
