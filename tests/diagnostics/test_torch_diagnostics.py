"""Diagnostics of real PyTorch networks, against theory and against autograd."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import initcore
from initcore_torch import initialize, jacobian_spectrum, orthogonality, signal_report


def chain(depth: int, width: int, activation: type[nn.Module]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), activation()]
    return nn.Sequential(*layers).double()


def inputs(count: int, width: int) -> torch.Tensor:
    return torch.as_tensor(initcore.Rng(7, dtype="float64").normal((count, width)))


def test_the_jacobian_is_the_one_autograd_has() -> None:
    net = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4)).double()
    x = inputs(3, 6)
    found = jacobian_spectrum(net, x)
    jacobians = [torch.autograd.functional.jacobian(net, row) for row in x]
    wanted = torch.cat([torch.linalg.svdvals(j) ** 2 for j in jacobians])
    np.testing.assert_allclose(np.sort(found.nodes, axis=None), wanted.sort().values.numpy())


def test_an_isometric_tanh_network_has_the_spectrum_that_theory_predicts() -> None:
    depth, width = 20, 300
    net = chain(depth, width, nn.Tanh)
    report = initialize(net, "orthogonal")
    q = initcore.theory.isometric("tanh", depth).q
    assert report["2.weight"].why.startswith("isometric for tanh")
    found = jacobian_spectrum(net, inputs(2, width))
    theory = initcore.theory.jacobian_spectrum("tanh", depth, q=q)
    ranks = np.linspace(0.05, 0.95, 19)

    def off(wanted: Any) -> float:
        # The mean at finite width wanders; the shape is what is compared.
        return float(abs(found.quantile(ranks) / found.mean - wanted.quantile(ranks)).max())

    assert off(theory) < 0.15
    assert off(initcore.theory.jacobian_spectrum("tanh", 3 * depth, q=q)) > 2 * off(theory)
    gaussian = initcore.theory.jacobian_spectrum("tanh", depth, q=q, weights="gaussian")
    assert off(gaussian) > 2 * off(theory)


def test_signals_follow_the_length_map_and_gradients_the_susceptibility() -> None:
    depth, width = 8, 1000
    net = chain(depth, width, nn.ReLU).float()
    initialize(net, "he_normal")
    report = signal_report(net, inputs(4, width).float())
    for layer in report.values():
        assert layer.predicted is not None
        # Eight layers of 1000 units: a mean square is off by sqrt(8 * 5 / 1000) = 0.2, at four
        # nearly equal inputs no less; four such deviations.
        assert layer.signal == pytest.approx(layer.predicted, rel=0.8)
        assert 0.2 < layer.signal / 2 < 2
    assert report.verdict == []
    gradients = [layer.gradient for layer in report.values()]
    assert all(g is not None and 0.1 < g < 2 for g in gradients)
    correlations = [layer.correlation for layer in report.values()]
    assert correlations == sorted(correlations)


@pytest.mark.parametrize(("scale", "word"), [(0.5, "vanishes"), (4.0, "explodes")])
def test_the_report_says_where_a_network_goes_wrong(scale: float, word: str) -> None:
    net = chain(20, 50, nn.ReLU)
    initialize(net, ("variance_scaling", {"scale": scale, "distribution": "normal"}))
    report = signal_report(net, inputs(4, 50))
    assert any(f"the signal {word}" in text for text in report.verdict)
    assert any(f"the gradient {word}" in text for text in report.verdict)
    assert word in str(report)
    assert word in report._repr_html_()


def test_dead_units_and_collapsed_inputs_are_seen() -> None:
    net = chain(3, 20, nn.ReLU)
    initialize(net, "he_normal", overrides={"2.bias": ("constant", {"value": -100.0})})
    report = signal_report(net, inputs(5, 20))
    assert report["2.weight"].dead == 1.0
    assert report["0.weight"].dead < 0.5
    initialize(net, "he_normal", overrides={"2.bias": ("constant", {"value": 1e6})})
    assert (
        "different inputs become the same at 2.weight" in signal_report(net, inputs(5, 20)).verdict
    )


def test_looking_changes_nothing() -> None:
    net = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)).double()
    net.train()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    signal_report(net, inputs(4, 5))
    jacobian_spectrum(net, inputs(4, 5))
    orthogonality(net)
    assert net.training
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert not any(m._forward_hooks for m in net.modules())


class Counting(nn.Module):
    """Counts its calls in a buffer, in place and anew, and lets the counts enter the signal."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("last", torch.zeros(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.last = x.detach().mean(0)
        return self.linear(x) * self.calls


@pytest.mark.parametrize(
    "look",
    [
        lambda net, x: initialize(net, "orthogonal", sample_input=x),
        lambda net, x: initialize(net, "lsuv", sample_input=x),
        signal_report,
        jacobian_spectrum,
        orthogonality,
    ],
    ids=["initialize", "lsuv", "signal_report", "jacobian_spectrum", "orthogonality"],
)
def test_looking_leaves_every_buffer_as_it_was(look: Any) -> None:
    net = Counting()
    calls, last = net.calls, net.last
    look(net, inputs(3, 4).float())
    assert net.calls is calls
    assert net.last is last
    assert float(calls) == 0
    assert not last.any()


def test_arguments_are_refused_by_their_names_on_the_exact_path_too() -> None:
    net, x = nn.Linear(4, 4), inputs(2, 4).float()
    with pytest.raises(ValueError, match="signal_report needs a seed with 0 <= seed"):
        signal_report(net, x, seed=-1)
    with pytest.raises(TypeError, match="jacobian_spectrum needs an integer seed"):
        jacobian_spectrum(net, x, seed="x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="jacobian_spectrum needs probes"):
        jacobian_spectrum(net, x, probes=0)


def test_an_orthogonal_network_has_orthogonal_layers_and_a_random_one_has_not() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 4))
    x = torch.zeros(1, 3, 3, 3)
    initialize(net, "conv_orthogonal", sample_input=x)
    assert [round(s.spread, 4) for s in orthogonality(net, x).values()] == [1.0, 1.0]
    initialize(net, "he_normal", sample_input=x)
    assert all(s.spread > 1.5 for s in orthogonality(net, x).values())


def test_tokens_are_looked_up_first() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.out = nn.Embedding(10, 6), nn.Linear(6, 6)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(self.table(tokens))

    model = Model()
    tokens = torch.tensor([[1, 2], [3, 4]])
    initialize(model, "orthogonal", sample_input=tokens)
    found = jacobian_spectrum(model, tokens)
    assert found.size == 2 * 2 * 6
    np.testing.assert_allclose(found.nodes, 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda net: jacobian_spectrum("net", torch.zeros(1, 4)), TypeError, "torch.nn.Module"),
        (
            lambda net: signal_report(net, torch.zeros(1, 5)),
            ValueError,
            "could not call Sequential",
        ),
        (lambda net: jacobian_spectrum(net, torch.zeros(0, 4)), ValueError, "depend on the inputs"),
    ],
)
def test_errors_are_one_sentence(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call(nn.Sequential(nn.Linear(4, 4)))
