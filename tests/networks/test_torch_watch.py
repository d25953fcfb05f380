"""Signals are measured where a weight is multiplied, and only what is wrong is called so."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import initcore_torch as init


class Experts(nn.Module):
    """Two kernels of three experts in one module, as models of transformers have them."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.empty(3, 32, 8))
        self.down = nn.Parameter(torch.empty(3, 8, 32))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(torch.einsum("nd,efd->enf", x, self.up))
        return torch.einsum("enf,edf->nd", h, self.down)


def test_every_kernel_of_a_module_has_a_signal_of_its_own() -> None:
    net = nn.Sequential(nn.Linear(8, 8), Experts(), nn.Linear(8, 2))
    x = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    init.initialize(net, "orthogonal", sample_input=x)
    report = init.signal_report(net, x)
    with torch.no_grad():
        h = torch.einsum("nd,efd->enf", net[0](x), net[1].up)
        y = net[1](net[0](x))
    assert report["1.up"].signal == pytest.approx(float(h.square().mean()), rel=1e-5)
    assert report["1.down"].signal == pytest.approx(float(y.square().mean()), rel=1e-5)
    assert not report.unseen


def test_the_inside_of_attention_is_seen() -> None:
    net = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(16, 2, 32, norm_first=True, dropout=0.0, batch_first=True), 2,
        enable_nested_tensor=False,
    )  # fmt: skip
    x = torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(0))
    report = init.signal_report(net, x)
    attention = net.layers[0].self_attn
    with torch.no_grad():
        z = net.layers[0].norm1(x)
        inside = functional.linear(z, attention.in_proj_weight, attention.in_proj_bias)
        end = attention.eval()(z, z, z)[0]
    path = "layers.0.self_attn"
    assert report[f"{path}.in_proj_weight"].signal == pytest.approx(
        float(inside.square().mean()), rel=1e-5
    )
    assert report[f"{path}.out_proj.weight"].signal == pytest.approx(
        float(end.square().mean()), rel=1e-5
    )
    assert report.unseen == ()


class Tokens(nn.Module):
    """A pre-norm language model, of which token 0 is padding."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(20, 16, padding_idx=0)
        self.norms = nn.ModuleList(nn.RMSNorm(16) for _ in range(4))
        self.ups = nn.ModuleList(nn.Linear(16, 16) for _ in range(4))
        self.ends = nn.ModuleList(nn.Linear(16, 16) for _ in range(4))
        self.head = nn.Linear(16, 20)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids)
        for norm, up, end in zip(self.norms, self.ups, self.ends, strict=True):
            x = x + end(torch.relu(up(norm(x))))
        return self.head(functional.rms_norm(x, (16,)))


def test_padding_in_the_sample_is_no_exploding_gradient() -> None:
    report = init.initialize(
        Tokens(), "orthogonal", sample_input=torch.tensor([[0, 1, 2, 3], [4, 5, 6, 0]])
    )
    assert report.signals.verdict == []
    assert 0.2 < report.signals.worst.ratio < 5


def test_inputs_that_are_the_same_do_not_become_the_same() -> None:
    net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
    init.initialize(net, "orthogonal")
    same = torch.ones(1, 8).expand(4, 8)
    assert not any("the same" in text for text in init.signal_report(net, same).verdict)
    with torch.no_grad():
        net[2].weight.zero_()
        net[2].bias.fill_(1.0)
    different = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    verdict = init.signal_report(net, different).verdict
    assert any("become the same at 2.weight" in text for text in verdict)


@pytest.mark.parametrize(("inputs", "bias", "dead"), [(1, 0.0, False), (8, 0.0, False),
                                                      (8, -9.0, True)])  # fmt: skip
def test_units_that_are_off_by_chance_are_not_dead(inputs: int, bias: float, dead: bool) -> None:
    net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
    init.initialize(net, "orthogonal")
    with torch.no_grad():
        net[0].bias.fill_(bias)
    x = torch.randn(inputs, 4, generator=torch.Generator().manual_seed(3))
    verdict = init.signal_report(net, x).verdict
    assert any("dead" in text for text in verdict) == dead


def test_one_normalization_at_the_end_hides_no_explosion() -> None:
    widths = [8 + n for n in range(24)]  # no two layers of one size
    layers = [m for a, b in pairwise(widths) for m in (nn.Linear(a, b), nn.Tanh())]
    net = nn.Sequential(*layers, nn.LayerNorm(widths[-1]))
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Linear):
                layer.weight.mul_(20)
        for n in range(1, len(net) - 1, 2):
            net[n] = nn.Identity()
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    assert any("explodes" in text for text in init.signal_report(net, x).verdict)


class Block(nn.Module):
    """A residual block that ends in a batch normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Conv2d(8, 8, 3, padding=1, bias=False) for _ in range(2))
        self.one, self.two = nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.two(self.b(torch.relu(self.one(self.a(x))))))


def test_normalizations_that_end_branches_share_their_sum() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), *(Block() for _ in range(16))
    )
    x = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    report = init.initialize(net, "orthogonal", sample_input=x)
    assert report["2.two.weight"].parameters == {"value": 0.25}
    assert report["2.one.weight"].name == "ones"
    ends = [report.signals[f"{n}.b.weight"].gradient for n in range(2, 18)]
    assert max(ends) / min(ends) < 10  # 6e2 where all of them start at 1
    init.initialize(net, ("orthogonal"), overrides={"*.two.weight": "ones"}, sample_input=x)
    ends = [one.gradient for one in init.signal_report(net, x).values()]
    assert max(ends) / min(ends) > 50
