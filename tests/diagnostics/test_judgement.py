"""What is judged of measurements along a network, and what chance or design explains."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import initcore_torch as init
from initcore.diagnostics import LayerSignal
from initcore.diagnostics._judgement import changes, judged


def layer(path: str, signal: float, *, role: str = "attention_output", size: int = 64,
          ends: bool = False, correlation: float = 0.0) -> LayerSignal:  # fmt: skip
    return LayerSignal(path, role, signal, None, None, None, correlation, 1.0, size, ends=ends)


@pytest.mark.parametrize(("size", "healthy"), [(1, True), (4, True), (64, False)])
def test_a_ratio_of_few_numbers_is_as_large_by_chance(size: int, healthy: bool) -> None:
    one, other = layer("a", 1.0, size=size), layer("b", 1e-3, size=size)
    assert (judged([one, other], 2) == []) is healthy


def test_few_numbers_are_judged_where_chance_cannot_explain_it() -> None:
    assert judged([layer("a", 1.0, size=8), layer("b", 1e-12, size=8)], 2) != []


def test_layers_that_end_branches_are_not_compared_with_others() -> None:
    one, other = layer("a", 1.0), layer("b", 1e-3, ends=True)
    assert judged([one, other], 2) == []
    assert judged([one, layer("b", 1e-3)], 2) != []
    assert max(c.ratio for c in changes([one, layer("b", 2.0)], "signal")) == 2.0


@pytest.mark.parametrize(("size", "healthy"), [(1, True), (3, True), (8, False)])
def test_the_cosine_of_one_number_tells_nothing(size: int, healthy: bool) -> None:
    layers = [layer("a", 1.0), layer("b", 1.0, size=size, correlation=1.0)]
    assert (judged(layers, 2) == []) is healthy


class Behind(nn.Module):
    """An encoder that is read by a branch which starts at 0, by design, or by a layer."""

    def __init__(self, branch: bool) -> None:
        super().__init__()
        self.first, self.into = nn.Linear(8, 8), nn.Linear(8, 8)
        self.far, self.near = nn.Linear(8, 8), nn.Linear(8, 8)
        self.head, self.branch = nn.Linear(8, 3), branch

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.first(x)
        seen = self.near(h + F.relu(self.far(y)))
        return self.head(h + seen if self.branch else seen)


def test_what_is_read_by_closed_branches_alone_does_not_vanish() -> None:
    x, y = torch.randn(4, 8), torch.randn(4, 8)
    model = Behind(True)
    report = init.initialize(model, "idinit", sample_input=(x, y))
    assert report["near.weight"].name == "idinit_zero"
    signals = init.signal_report(model, (x, y))
    assert signals["far.weight"].opening
    assert not signals["first.weight"].opening
    model = Behind(False)
    init.initialize(model, "orthogonal", sample_input=(x, y))
    assert not init.signal_report(model, (x, y))["far.weight"].opening


class Rewritten(nn.Module):
    """What the gradient needs is written over before there is one."""

    def __init__(self, written: bool) -> None:
        super().__init__()
        self.a, self.b, self.written = nn.Linear(8, 8), nn.Linear(8, 8), written

    def forward(self, x: Tensor) -> Tensor:
        h = self.a(x)
        kept = torch.tanh(h)
        y = self.b(kept * kept)
        if self.written:
            kept.mul_(0.5)
        return y


def test_signals_are_told_where_the_gradient_cannot_be_had() -> None:
    for written in (True, False):
        report = init.initialize(Rewritten(written), "orthogonal", sample_input=torch.randn(4, 8))
        assert ("gradients not checked" in str(report)) is written
        assert "keep their size" in str(report)
        assert math.isfinite(report.signals["b.weight"].signal)
