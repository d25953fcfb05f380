"""Weights that transformers has loaded keep their values, whatever a model's own code calls."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn
from transformers import initialization

import initcore_torch as init

FILLS = sorted(n for n in vars(init) if n.endswith("_") and not n.startswith("_"))
GIVEN: dict[str, dict[str, Any]] = {
    "constant_": {"val": 2.0}, "sparse_": {"sparsity": 0.5}, "sparse_orthogonal_": {"density": 0.5},
    "approximate_isometry_": {"mask": torch.ones(4, 4, dtype=torch.bool)},
}  # fmt: skip


def loaded(*shape: int, dtype: torch.dtype = torch.float32) -> nn.Parameter:
    weight = nn.Parameter(torch.full(shape, 7).to(dtype), requires_grad=False)
    weight._is_hf_initialized = True  # type: ignore[attr-defined]
    return weight


@pytest.mark.parametrize("name", FILLS)
def test_every_fill_leaves_a_loaded_weight_alone_and_draws_nothing(name: str) -> None:
    kernel = name in ("dirac_", "delta_orthogonal_", "conv_orthogonal_")
    weight = loaded(4, 4, 3) if kernel else loaded(4, 4)
    state = torch.get_rng_state()
    fill, given = getattr(init, name), GIVEN.get(name, {})
    assert fill(weight, **given) is weight
    fill(weight[:], **given)
    assert (weight == 7).all()
    assert torch.equal(state, torch.get_rng_state())
    del weight._is_hf_initialized  # type: ignore[attr-defined]
    fill(weight, **given)
    assert not (weight == 7).all()


def test_quantized_weights_that_are_loaded_are_no_error() -> None:
    packed = loaded(4, 4, dtype=torch.int8)
    assert init.orthogonal_(packed) is packed
    assert (packed == 7).all()


class Config(transformers.PretrainedConfig):
    model_type = "a_linear_layer"


class Model(transformers.PreTrainedModel):
    """Its own code fills the whole layer, as `_init_weights` does everywhere."""

    config_class = Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.layer = nn.Linear(4, 4)
        self.table = nn.Embedding(5, 4, padding_idx=1)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            init.orthogonal_(module.weight)
            init.constant_(module.bias, 3.0)
        elif isinstance(module, nn.Embedding):
            init.normal_(module.weight)
            init.zeros_(module.weight[module.padding_idx])


def test_from_pretrained_fills_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    model = Model(Config())
    with torch.no_grad():
        model.layer.weight.copy_(torch.arange(16.0).view(4, 4))
        model.table.weight.fill_(5.0)
    there = {n: t for n, t in model.state_dict().items() if n != "layer.bias"}
    model.save_pretrained(tmp_path, state_dict=there)
    again = Model.from_pretrained(tmp_path)
    assert torch.equal(again.layer.weight, model.layer.weight)
    assert (again.table.weight == 5).all()
    assert (again.layer.bias == 3).all()


def test_no_init_weights_switches_our_fills_off() -> None:
    weight = torch.full((4, 4), 7.0)
    with initialization.no_init_weights():
        assert init.orthogonal_(weight) is weight
        assert init.zeros_(weight) is weight
    assert (weight == 7).all()
    assert not init.zeros_(weight).any()


def test_guards_may_replace_pytorchs_functions_by_ours_and_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in initialization.TORCH_INIT_FUNCTIONS:
        monkeypatch.setattr(torch.nn.init, name, getattr(init, name))
    with initialization.guard_torch_init_functions():
        layer = nn.Linear(4, 4)
        assert not initialization.zeros_(loaded(4, 4)).eq(0).any()
    assert layer.weight.abs().max() <= 0.5
    assert torch.nn.init.normal_ is init.normal_


@pytest.mark.parametrize("normed", [False, True])
def test_initialize_keeps_loaded_weights_and_says_so(normed: bool) -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    if normed:
        nn.utils.parametrizations.weight_norm(net[0])
    for parameter in net[0].parameters():
        if parameter.ndim == 2:
            parameter._is_hf_initialized = True
    before = net[0].weight.detach().clone()
    other = net[2].weight.detach().clone()
    report = init.initialize(net, "orthogonal", seed=0)
    assert torch.equal(net[0].weight, before)
    assert not torch.equal(net[2].weight, other)
    assert "it was loaded, as transformers marks it" in str(report)
