"""Every activation module of PyTorch is seen as the function that it computes in evaluation."""

import numpy as np
import pytest
import torch
from torch import nn

import initcore_torch as init
from initcore.activations import activation_of

MODULES = [
    nn.CELU(2.0), nn.ELU(), nn.ELU(3.0), nn.GELU(), nn.GELU("tanh"), nn.Hardshrink(),
    nn.Hardsigmoid(), nn.Hardswish(), nn.Hardtanh(-2.0, 0.5), nn.LeakyReLU(0.3), nn.LogSigmoid(),
    nn.Mish(), nn.PReLU(), nn.RReLU(), nn.ReLU(), nn.ReLU6(), nn.SELU(), nn.SiLU(), nn.Sigmoid(),
    nn.Softplus(2.0), nn.Softshrink(), nn.Softsign(), nn.Tanh(), nn.Tanhshrink(),
    nn.Threshold(0.1, 2.0),
]  # fmt: skip
X = np.linspace(-5.0, 5.0, 101)


@pytest.mark.parametrize("module", MODULES, ids=repr)
def test_an_activation_module_is_what_it_computes(module: nn.Module) -> None:
    net = nn.Sequential(nn.Linear(8, 8), module, nn.Linear(8, 3))
    report = init.initialize(net, "orthogonal", sample_input=torch.zeros(2, 8))
    seen = activation_of(report.network.kernels[0].activation).value(X)
    with torch.no_grad():
        expected = module.double().eval()(torch.tensor(X)).numpy()
    assert seen == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("module", "name"), [
    (nn.Hardshrink(), "hardshrink"), (nn.Threshold(0.1, 2.0), "threshold"),
    (nn.Tanhshrink(), "tanh_shrink"),
])  # fmt: skip
def test_an_activation_without_a_common_name_is_called_by_its_operation(
    module: nn.Module, name: str
) -> None:
    report = init.initialize(nn.Sequential(nn.Linear(8, 8), module, nn.Linear(8, 3)),
                             "glorot_normal", sample_input=torch.zeros(2, 8))  # fmt: skip
    assert report.network.kernels[0].activation_name == name
