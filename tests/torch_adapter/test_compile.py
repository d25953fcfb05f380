"""Under torch.compile: the same values, in one graph wherever the core needs no concrete key."""

from typing import Any

import pytest
import torch
from torch import nn

import initcore_torch as init

FILLS: dict[str, Any] = {
    "orthogonal_": lambda: init.orthogonal_(torch.empty(20, 12), gain=2.0, seed=7),
    "grouped": lambda: init.orthogonal_(torch.empty(6, 4, 3), seed=7, groups=2, transposed=True),
    "normal_": lambda: init.normal_(torch.empty(50)),
    "half": lambda: init.trunc_normal_(torch.empty(50, dtype=torch.bfloat16), a=-1.0, seed=1),
    "kaiming_uniform_": lambda: init.kaiming_uniform_(torch.empty(20, 12), 0.2, "fan_out"),
    "kaiming_normal_": lambda: init.kaiming_normal_(torch.empty(8, 6), nonlinearity="gelu"),
    "sparse_": lambda: init.sparse_(torch.empty(20, 12), 0.3, seed=1),
    "dirac_": lambda: init.dirac_(torch.empty(4, 4, 3)),
    "constant_": lambda: init.constant_(torch.empty(4), 0.5),
}


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch._dynamo.reset()


@pytest.mark.parametrize("name", FILLS)
def test_one_graph_gives_the_eager_values(name: str) -> None:
    torch.manual_seed(4)
    expected = FILLS[name]()
    torch.manual_seed(4)
    compiled = torch.compile(FILLS[name], backend="eager", fullgraph=True)()
    assert (compiled - expected).abs().max() <= 4e-6  # twice the reference's 2e-6: gain is 2


def test_layers_are_filled_inside_a_compiled_function() -> None:
    def filled(layer: nn.Linear) -> nn.Linear:
        init.orthogonal_(layer.weight)
        init.zeros_(layer.bias)
        return layer

    torch.manual_seed(1)
    compiled = torch.compile(filled, backend="eager", fullgraph=True)(nn.Linear(4, 4))
    torch.manual_seed(1)
    eager = filled(nn.Linear(4, 4))
    assert (compiled.weight - eager.weight).abs().max() < 2e-6
    assert not compiled.bias.any()
    assert compiled.weight.requires_grad


def test_products_stay_exact_where_the_process_allows_less() -> None:
    def filled() -> torch.Tensor:
        return init.orthogonal_(torch.empty(200, 200), seed=1)

    expected = filled()
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        compiled = torch.compile(filled, backend="eager")()
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(precision)
    assert (compiled - expected).abs().max() < 2e-6


def test_sparse_orthogonal_splits_the_graph_and_agrees() -> None:
    def filled() -> torch.Tensor:
        return init.sparse_orthogonal_(torch.empty(16, 16), 0.3, seed=2)

    assert torch.equal(torch.compile(filled, backend="eager")(), filled())
