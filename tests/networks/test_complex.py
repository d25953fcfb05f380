"""Complex weights inside of networks get the complex forms of the initializers."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx
from torch import Tensor, nn

import initcore_jax
import initcore_torch as init
from initcore.networks import Plan
from tests.networks.zoo.spectral import SIGNAL, Operator


class Phases(nn.Module):
    """Two complex layers around an activation of real parts, and a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (
            nn.Linear(8, 8, bias=bias, dtype=torch.complex64) for bias in (True, False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(torch.view_as_complex(torch.view_as_real(self.a(x)).tanh())).real


X = torch.linspace(-3, 3, 24).sin().view(3, 8).to(torch.complex64)


def singular(w: Any) -> Any:
    return np.linalg.svd(np.asarray(w), compute_uv=False)


def test_the_kernel_of_every_frequency_is_unitary() -> None:
    model = Operator()
    report = init.initialize(model, "orthogonal", sample_input=SIGNAL)
    gain = report["spectral.0.weight"].parameters["gain"]
    w = model.spectral[0].weight.detach().movedim(2, 0).numpy()
    assert w.dtype == np.complex64
    # 8 x 8 in float32
    np.testing.assert_allclose(singular(w), gain, rtol=64 * np.finfo(np.float32).eps)
    assert np.abs(w.imag).max() > 0.1
    assert "keep their size" in str(report)


@pytest.mark.parametrize("scheme", ["orthogonal", "he_normal", "fixup", "lsuv"])
def test_schemes_set_complex_kernels(scheme: str) -> None:
    report = init.initialize(Operator(), scheme, sample_input=SIGNAL)
    assert all(report[f"spectral.{n}.weight"].name for n in range(3))


@pytest.mark.parametrize("scheme", ["idinit", "zero", "sparse_orthogonal"])
def test_schemes_of_real_kernels_leave_complex_ones_alone_and_say_so(scheme: str) -> None:
    model = Operator()
    before = model.spectral[0].weight.detach().clone()
    report = init.initialize(model, scheme, sample_input=SIGNAL)
    assert report["local.0.weight"].name is not None
    assert report["spectral.0.weight"].name is None
    assert "complex" in report["spectral.0.weight"].why
    assert torch.equal(model.spectral[0].weight, before)


@pytest.mark.parametrize("asked", ["overrides", "mapping", "name"])
def test_a_real_initializer_that_is_named_for_a_complex_kernel_is_refused(asked: str) -> None:
    model = Operator()
    before = [p.detach().clone() for p in model.parameters()]
    ask: dict[str, dict[str, Any]] = {
        "overrides": {"scheme": "orthogonal", "overrides": {"spectral.*": "hadamard"}},
        "mapping": {"scheme": {"spectral.*": "hadamard"}},
        "name": {"scheme": "hadamard"},
    }
    with pytest.raises(TypeError, match="is complex, and hadamard makes real kernels only"):
        init.initialize(model, **ask[asked], sample_input=SIGNAL)
    assert all(map(torch.equal, before, model.parameters()))


def test_complex_numbers_that_are_stored_as_parts_are_left_alone() -> None:
    report = init.initialize(Operator(True), "orthogonal", sample_input=SIGNAL)
    assert report["spectral.0.weight"].name is None
    assert report["spectral.0.weight"].why == "the weight is used through view_as_complex"
    assert report["local.0.weight"].weight.activation_name == "gelu"


def test_complex_layers_have_roles_as_real_ones() -> None:
    model = Phases()
    report = init.initialize(model, "orthogonal", sample_input=X)
    assert report["a.weight"].weight.role == "first"
    assert model.a.weight.dtype == torch.complex64
    assert torch.equal(model.a.bias, torch.zeros(8, dtype=torch.complex64))


def test_a_plan_of_complex_kernels_is_text_and_tells_another_value() -> None:
    plan = init.plan(Operator(), "orthogonal", sample_input=SIGNAL)
    model = Operator()
    Plan.from_json(plan.to_json()).apply(model)
    assert json.loads(plan.to_json())
    assert plan.hash in plan.fingerprint(model)
    assert plan.hash in Plan.from_json(plan.to_json()).fingerprint(model)
    with torch.no_grad():
        model.spectral[1].weight.imag.mul_(-1)
    with pytest.raises(ValueError, match=r"spectral.1.weight is not what the plan gives it"):
        plan.fingerprint(model)


def test_values_that_are_not_finite_are_reported() -> None:
    model = Operator()
    with torch.no_grad():
        model.spectral[0].weight[0, 0, 0] = complex(0, float("nan"))
    report = init.initialize(model, "idinit", sample_input=SIGNAL)
    assert report.not_finite == ("spectral.0.weight",)


def test_signals_and_singular_values_of_complex_layers_are_those_of_their_numbers() -> None:
    model = Phases()
    init.initialize(model, {"*.weight": ("orthogonal", {"gain": 2.0})}, sample_input=X)
    with torch.no_grad():
        model.a.bias.zero_()
    signals = init.signal_report(model, X)
    expected = float(model.a(X).detach().abs().square().mean())
    assert signals["a.weight"].signal == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(init.orthogonality(model)["a.weight"].values, 2.0, rtol=1e-5)


class Spectral(nnx.Module):
    """A Fourier layer in Flax, as the one in PyTorch, with its axes in another order."""

    def __init__(self) -> None:
        self.weight = nnx.Param(jnp.zeros((8, 8, 4), jnp.complex64))
        self.head = nnx.Linear(8, 2, rngs=nnx.Rngs(0))

    def __call__(self, x: Any) -> Any:
        seen = jnp.fft.rfft(x, axis=1)
        made = jnp.einsum("bki,iok->bko", seen[:, :4], self.weight[...])
        made = jnp.zeros_like(seen).at[:, :4].set(made)
        return self.head(jax.nn.silu(jnp.fft.irfft(made, n=x.shape[1], axis=1)))


class SpectralTorch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 8, 4, dtype=torch.complex64))
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.fft.rfft(x, dim=1)
        made = torch.zeros_like(seen)
        made[:, :4] = torch.einsum("bki,iok->bko", seen[:, :4], self.weight)
        return self.head(nn.functional.silu(torch.fft.irfft(made, n=x.shape[1], dim=1)))


def test_pytorch_and_jax_give_a_complex_kernel_the_same_values() -> None:
    x = np.sin(np.linspace(-9, 9, 128, dtype=np.float32)).reshape(1, 16, 8)
    one, other = SpectralTorch(), Spectral()
    init.initialize(one, "orthogonal", sample_input=torch.from_numpy(x))
    report = initcore_jax.initialize(other, "orthogonal", sample_input=jnp.asarray(x))
    assert report["weight"].weight.activation_name == "silu"
    np.testing.assert_allclose(one.weight.detach().numpy(), other.weight[...], atol=1e-5)
