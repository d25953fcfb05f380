"""Our functions as objects: compared, kept in tables, replaced, copied, handed to `apply`."""

import copy
import inspect
import math
import pickle
from typing import Any
from unittest import mock

import pytest
import torch
from torch import nn

import initcore_torch

THEIRS = torch.nn.init
MODULES = pytest.mark.parametrize("init", [THEIRS, initcore_torch], ids=["torch", "initcore"])


@MODULES
def test_functions_are_compared_by_identity_and_kept_in_tables(init: Any) -> None:
    # Of layers that take an initializer as an argument, and of registries.
    table = {init.zeros_: "zeros", init.normal_: "normal"}
    chosen = init.normal_
    assert chosen is init.normal_ == copy.deepcopy(init.normal_)
    assert table[chosen] == "normal"
    assert pickle.loads(pickle.dumps(chosen)) is chosen
    assert init.xavier_uniform_.__name__ == "xavier_uniform_"
    assert callable(init.kaiming_normal_)
    assert inspect.isfunction(init.kaiming_normal_)
    for name in ("normal_", "eye_", "dirac_", "constant_", "zeros_", "kaiming_uniform_"):
        ours = inspect.getfullargspec(getattr(init, name))
        theirs = inspect.getfullargspec(getattr(THEIRS, name))
        assert ours.args == theirs.args
        assert ours.defaults == theirs.defaults
        assert ours.varargs is None
        assert ours.varkw is None


@MODULES
def test_functions_can_be_replaced_in_the_module_and_put_back(init: Any) -> None:
    # As loaders do that skip initialization, and tests that count calls.
    w = nn.Parameter(torch.zeros(3, 3))
    with mock.patch.object(init, "normal_", return_value=None):
        assert init.normal_(w) is None
        assert not w.any()
    with mock.patch.object(init, "orthogonal_", side_effect=init.orthogonal_) as seen:
        init.orthogonal_(w, gain=2.0)
    seen.assert_called_once_with(w, gain=2.0)
    assert w.any()
    names = ("kaiming_uniform_", "uniform_", "normal_", "zeros_")
    kept = {n: getattr(init, n) for n in names}
    try:
        for n in names:
            setattr(init, n, lambda *args, **given: None)
        assert init.kaiming_uniform_(w, a=math.sqrt(5)) is None
    finally:
        for n, function in kept.items():
            setattr(init, n, function)
    assert init.zeros_(w) is w


@MODULES
def test_models_are_initialized_by_apply_and_by_names(init: Any) -> None:
    def weights(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            init.ones_(module.weight)

    model = nn.TransformerEncoderLayer(8, 2, 16)
    model.apply(weights)
    assert not model.linear1.bias.any()
    for name, parameter in model.named_parameters():
        if "weight" in name and parameter.dim() > 1:
            init.orthogonal_(parameter, 2.0)
        elif "bias" in name:
            init.constant_(parameter.data, 0.5)
    assert torch.linalg.svdvals(model.linear1.weight).tolist() == pytest.approx([2.0] * 8, rel=1e-5)
    assert (model.linear2.bias == 0.5).all()
    assert all(p.requires_grad and p.grad_fn is None for p in model.parameters())
