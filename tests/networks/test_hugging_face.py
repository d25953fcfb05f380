"""`initcore_torch.initialize` on models nobody here wrote."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
import torch

import initcore_torch
from initcore.networks import describe_network
from initcore_torch.networks import trace
from tests.tools.hugging_face_models import ACTIVATIONS, MODELS

SCHEMES = [
    "orthogonal", "delta_orthogonal", "conv_orthogonal", ("sparse_orthogonal", {"density": 0.3}),
    "idinit", "fixup", "zero", "he_normal", "lecun_uniform",
]  # fmt: skip


def expected(table: dict[str, str], path: str, default: str | None = None) -> str | None:
    found = [role for pattern, role in table.items() if fnmatchcase(path, pattern)]
    return found[-1] if found else default


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_has_the_role_it_was_made_for(name: str) -> None:
    make, inputs, branches, table = MODELS[name]
    model = make()
    network = describe_network(trace(model, (), inputs))
    roles = {w.path: w.role for w in network.weights}
    assert roles == {path: expected(table, path) for path, _ in model.named_parameters()}
    assert len(network.branches) == branches
    for w in network.kernels:
        assert w.activation_name == expected(ACTIVATIONS[name], w.path, "identity"), w.path


@pytest.mark.parametrize("name", MODELS)
def test_all_schemes_leave_a_model_that_works(name: str) -> None:
    make, inputs, _, _ = MODELS[name]
    model = make()
    kept = {path: tuple(t.shape) for path, t in model.state_dict().items()}
    text, training = str(model), [m.training for m in model.modules()]
    for scheme in SCHEMES:
        report = initcore_torch.initialize(model, scheme, seed=3, sample_input=inputs)
        assert set(report) == {path for path, _ in model.named_parameters()}
        assert str(model) == text
        assert [m.training for m in model.modules()] == training
        assert {path: tuple(t.shape) for path, t in model.state_dict().items()} == kept
        make().load_state_dict(model.state_dict())
        with torch.no_grad():
            logits = model.eval()(**inputs).logits
        model.train(training[0])
        assert torch.isfinite(logits).all(), (name, scheme)


@pytest.mark.parametrize("name", ["GPT-2", "ResNet"])
def test_a_call_is_guessed_for_models_that_say_what_they_take(name: str) -> None:
    report = initcore_torch.initialize(MODELS[name][0](), "orthogonal")
    assert report.network.graph.traced
    assert not report.by_name


def test_a_fused_kernel_gets_three_orthogonal_ones() -> None:
    model: Any = MODELS["GPT-2"][0]()
    initcore_torch.initialize(model, "orthogonal", sample_input=MODELS["GPT-2"][1])
    w = model.transformer.h[0].attn.c_attn.weight.detach()
    for part in w.split(32, dim=1):
        torch.testing.assert_close(part.T @ part, torch.eye(32), atol=1e-5, rtol=0)


def test_values_depend_on_the_path_and_the_seed_alone() -> None:
    first, second = MODELS["Llama"][0](), MODELS["Llama"][0]()
    torch.manual_seed(123)
    initcore_torch.initialize(first, "orthogonal", seed=5)
    torch.manual_seed(321)
    initcore_torch.initialize(second, "orthogonal", seed=5, sample_input=MODELS["Llama"][1])
    pairs = list(zip(first.parameters(), second.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    initcore_torch.initialize(second, "orthogonal", seed=6)
    kernels = [(a, b) for a, b in pairs if a.ndim > 1]
    assert not any(torch.equal(a, b) for a, b in kernels)
