"""What each scheme makes exactly true of networks in PyTorch."""

import pytest
import torch
from torch import nn

import initcore
from initcore_torch import initialize
from tests.tools.torch_models import Residual


def chain(depth: int, width: int, activation: type[nn.Module]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), activation()]
    return nn.Sequential(*layers[:-1]).double()


@pytest.mark.parametrize("convolutions", [False, True])
def test_idinit_makes_every_residual_stage_the_identity(convolutions: bool) -> None:
    model = Residual(convolutions=convolutions).double()
    sizes = (2, 16, 5, 5) if convolutions else (2, 16)
    x = torch.rand(sizes, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    initialize(model, "idinit", sample_input=x)
    change = (model.stages(x) - x).norm() / x.norm()
    # Four blocks, each adding at most 2 eps |W x| with eps = 1e-6 and |W| at most sqrt(2) a pixel
    # of nine.
    assert 0 < change < 4 * 2e-6 * 2**0.5 * (9 if convolutions else 1)
    initialize(model, "he_normal", sample_input=x)
    assert (model.stages(x) - x).norm() / x.norm() > 0.1


def test_mirrored_makes_a_plain_relu_network_exactly_linear() -> None:
    model = chain(30, 32, nn.ReLU)
    initialize(model, "mirrored")
    g = torch.Generator().manual_seed(0)
    x, y = (torch.randn(3, 32, dtype=torch.float64, generator=g) for _ in range(2))
    with torch.no_grad():
        torch.testing.assert_close(model(2 * x - 3 * y), 2 * model(x) - 3 * model(y))
        initialize(model, "orthogonal")
        assert (model(2 * x - 3 * y) - 2 * model(x) + 3 * model(y)).abs().max() > 0.1


def test_orthogonal_on_a_deep_linear_network_keeps_every_length_forward_and_backward() -> None:
    model = chain(100, 24, nn.Identity)
    initialize(model, "orthogonal")
    jacobian = torch.func.jacrev(model)(torch.zeros(24, dtype=torch.float64))
    values = torch.linalg.svdvals(jacobian)
    torch.testing.assert_close(values, torch.ones_like(values), atol=1e-12, rtol=0)


def test_orthogonal_on_a_deep_tanh_network_keeps_the_jacobian_as_predicted() -> None:
    model = chain(60, 200, nn.Tanh)
    report = initialize(model, "orthogonal")
    wanted = initcore.theory.isometric("tanh", 60)
    assert report["2.weight"].parameters["gain"] == wanted.gain
    assert report["0.bias"].parameters["std"] == wanted.sigma_b
    assert "brings inputs of root mean square 1 to the mean square q" in report["0.weight"].why
    g = torch.Generator().manual_seed(0)
    x = torch.randn(200, dtype=torch.float64, generator=g)
    squares = torch.linalg.svdvals(torch.func.jacrev(model)(x).detach()) ** 2
    # The variance asked for is 1/4; a sample of 200 values at one length of the signal is near it.
    assert abs(float(squares.mean()) - 1) < 0.1
    assert 0.1 < float(squares.var()) < 0.5


def test_lsuv_takes_every_layer_to_unit_variance_on_the_data() -> None:
    from sklearn.datasets import load_digits

    x = torch.tensor(load_digits().images[:200, None] / 16, dtype=torch.float32)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10),
    )  # fmt: skip
    report = initialize(model, "lsuv", sample_input=x)
    assert set(report.scales) == {"0.weight", "2.weight", "5.weight", "7.weight"}
    with torch.no_grad():
        for module in model:
            x = module(x)
            if hasattr(module, "weight"):
                assert float(x.var()) == pytest.approx(1, rel=1e-3)


def test_lsuv_says_which_layer_data_of_one_value_cannot_scale() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    with pytest.raises(ValueError, match=r"the output of 0.weight has variance 0"):
        initialize(model, "lsuv", sample_input=torch.zeros(3, 4))
