"""Overrides, mappings and errors of `initcore_torch.initialize`: what is named or refused."""

from typing import Any

import pytest
import torch
from torch import nn

import initcore_torch
from initcore_torch import initialize
from tests.tools.torch_models import Residual


def test_overrides_go_by_role_and_by_path_and_the_last_one_wins() -> None:
    model = Residual()
    before = model.stem.weight.detach().clone()
    report = initialize(
        model,
        "fixup",
        overrides={
            "output": ("normal", {"std": 0.5}),
            "*.bias": {"name": "constant", "value": 0.25},
            "head.bias": "ones",
            "stem.*": None,
        },
    )
    assert torch.equal(model.stem.weight, before)
    assert set(report.untouched) == {"stem.weight", "stem.bias"}
    assert model.first[0].bias.detach().unique().tolist() == [0.25]
    assert model.head.bias.detach().unique().tolist() == [1.0]
    assert 0.3 < float(model.head.weight.detach().std()) < 0.7
    assert not model.last[0].weight.any()


def test_a_mapping_sets_what_it_names_and_nothing_else() -> None:
    model = Residual()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    report = initialize(model, {"branch_last": "zeros", "head.weight": "glorot_uniform"})
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {f"last.{n}.weight" for n in range(4)} | {"head.weight"}
    assert {path for path, a in report.items() if a.name} == changed


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"scheme": "ortogonal"}, ValueError, "did you mean orthogonal"),
        ({"scheme": "mirrored"}, ValueError, "needs a plain network"),
        ({"scheme": ("sparse_orthogonal", {"densty": 0.1})}, TypeError, "density, allocation"),
        ({"scheme": None}, TypeError, "needs a scheme's name"),
        ({"scheme": "lsuv"}, ValueError, "a batch of real data"),
        ({"seed": -1}, ValueError, "0 <= seed"),
        ({"overrides": {"*.wieght": "zeros"}}, ValueError, r"'\*.wieght'"),
        ({"overrides": {"head.weight": "delta_orthogonal"}}, ValueError, "head.weight"),
        ({"overrides": {"head.weight": ("normal", {"std": -1})}}, ValueError, "std"),
        ({"overrides": {"head.weight": 3}}, TypeError, "an initializer's name"),
        ({"sample_input": torch.zeros(2, 99)}, ValueError, "could not call Residual"),
    ],
)
def test_an_error_leaves_the_model_as_it_was(
    change: dict[str, Any], error: type[Exception], text: str
) -> None:
    model = Residual()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    arguments = {"scheme": "orthogonal", **change}
    with pytest.raises(error, match=text):
        initialize(model, **arguments)
    assert all(torch.equal(p, before[n]) for n, p in model.named_parameters())


def test_only_a_module_is_initialized() -> None:
    with pytest.raises(TypeError, match=r"needs a torch.nn.Module, got list"):
        initcore_torch.initialize([nn.Linear(2, 2)], "orthogonal")  # type: ignore[arg-type]


def test_frozen_weights_keep_their_values_unless_they_are_named() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    before = model[0].weight.clone()
    report = initialize(model, "orthogonal")
    assert report["0.weight"].name is None
    assert "frozen" in report["0.weight"].why
    assert torch.equal(before, model[0].weight)
    report = initialize(model, "orthogonal", overrides={"0.weight": "zeros"})
    assert not model[0].weight.any()
    initialize(model, {"0.bias": "ones"})
    assert (model[0].bias == 1).all()
    with pytest.raises(ValueError, match="is frozen"):
        initialize(model.requires_grad_(False), "orthogonal")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_models_are_refused_before_anything_is_changed() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2), nn.LayerNorm(2))
    quantized = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8)
    with torch.no_grad():
        quantized[3].weight.fill_(5.0)
    with pytest.raises(TypeError, match="quantized weights of 0"):
        initialize(quantized, "orthogonal")
    assert (quantized[3].weight == 5).all()
