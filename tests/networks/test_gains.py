"""Plain networks of every named activation keep their size, at any depth, by the scheme's gains."""

import itertools
import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import initcore
from initcore.activations import activation_of, names
from initcore_torch import initialize

DISTINCT = sorted({activation_of(name).name for name in names()})
# No critical point of theirs is stable, so that no gain holds their lengths or gradients.
UNHELD = {"exponential", "log_sigmoid", "softplus", "sparse_plus", "squared_relu", "squareplus",
          "tanh_shrink"}  # fmt: skip
WIDTH = 100


SPELLED: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs, "cos": torch.cos, "erf": lambda x: torch.erf(x * math.sqrt(math.pi) / 2),
    "exponential": torch.exp, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": F.hardsigmoid, "hard_silu": F.hardswish, "hard_tanh": F.hardtanh,
    "log_sigmoid": F.logsigmoid, "prelu": lambda x: F.leaky_relu(x, 0.25),
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x), "sin": torch.sin,
    "soft_shrink": F.softshrink, "soft_sign": F.softsign, "squared_relu": lambda x: F.relu(x) ** 2,
    "sparse_plus": lambda x: torch.where(x > 1, x, torch.where(x > -1, (x + 1) ** 2 / 4, 0 * x)),
    "sparse_sigmoid": lambda x: (0.5 * x + 0.5).clamp(0, 1),
    "squareplus": lambda x: (x + torch.sqrt(x**2 + 4)) / 2, "tanh_shrink": F.tanhshrink,
    "identity": lambda x: x,
}  # fmt: skip


class Bend(nn.Module):
    """A named activation, as PyTorch has it or as one would write it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.function = SPELLED.get(name) or getattr(F, name)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def network(name: str, depth: int, widths: tuple[int, ...] = (WIDTH,)) -> nn.Sequential:
    sizes = [WIDTH, *itertools.islice(itertools.cycle(widths), depth), WIDTH]
    layers = []
    for n, (i, o) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(i, o), *([Bend(name)] if n < depth else [])]
    return nn.Sequential(*layers).double()


def ends(model: nn.Module, scale: float = 1.0) -> tuple[float, float]:
    """Mean squares of the outputs and of the inputs' gradients, both relative to what entered."""
    g = torch.Generator().manual_seed(0)
    x = (scale * torch.randn(8, WIDTH, generator=g, dtype=torch.float64)).requires_grad_()
    y = model(x)
    back = torch.randn(y.shape, generator=g, dtype=torch.float64)
    (grad,) = torch.autograd.grad(y, x, back)
    return float(y.detach().square().mean()) / scale**2, float(grad.square().mean())


def test_every_activation_is_tried_as_itself() -> None:
    x = np.linspace(-5, 5, 101)
    for name in DISTINCT:
        written = Bend(name)(torch.as_tensor(x)).numpy()
        np.testing.assert_allclose(written, activation_of(name).value(x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("depth", [2, 10, 50])
@pytest.mark.parametrize("name", sorted(set(DISTINCT) - UNHELD))
def test_signals_and_gradients_keep_their_size(name: str, depth: int) -> None:
    model = network(name, depth)
    initialize(model, "orthogonal")
    signal, gradient = ends(model)
    assert 1e-2 < signal < 1e2
    assert 1e-2 < gradient < 1e2


@pytest.mark.parametrize("name", ["tanh", "erf", "sin", "soft_sign", "hard_tanh"])
def test_odd_activations_keep_it_over_a_hundred_layers(name: str) -> None:
    model = network(name, 100)
    initialize(model, "orthogonal", input_scale=3.0)
    signal, gradient = ends(model, 3.0)
    assert signal == pytest.approx(1.0, rel=0.5)
    assert gradient == pytest.approx(1.0, rel=0.5)


@pytest.mark.parametrize("name", sorted(UNHELD))
def test_what_nothing_holds_is_told_by_the_report(name: str) -> None:
    with pytest.raises(ValueError, match="no critical point that a network stays at"):
        initcore.theory.held(name, 50)
    with np.errstate(all="ignore"):
        report = initialize(network(name, 50), "orthogonal")
    assert re.search("explodes|vanishes|not finite|become the same", report.headline)


def test_widths_that_alternate_keep_the_mean_square() -> None:
    model = network("relu", 16, (256, 64))
    initialize(model, "orthogonal")
    signal, gradient = ends(model)
    # A ReLU network's norm wanders: sixteen layers by sqrt(16 * 5 / 64), and a factor e at most.
    assert 0.05 < signal < 5
    assert 0.05 < gradient < 5


def test_the_points_that_are_held_are_stable_and_the_doubly_critical_one_is_on_the_edge() -> None:
    for name, sigma_w, sigma_b in (("gelu", 1.98306, 0.17292), ("silu", 1.98800, 0.55514)):
        point = initcore.theory.doubly_critical(name)
        assert point.gain**2 == pytest.approx(sigma_w, abs=2e-5)
        assert point.sigma_b**2 == pytest.approx(sigma_b, abs=2e-5)
        for q, stable in ((point.q / 2, False), (point.q * 2, True)):
            critical = initcore.theory.critical_point(name, q)
            assert initcore.theory.is_stable(name, q, critical.sigma_w) == stable
    with pytest.raises(ValueError, match="tanh has no doubly critical point"):
        initcore.theory.doubly_critical("tanh")
    with pytest.raises(ValueError, match="relu keeps every mean square"):
        initcore.theory.held("relu", 5)
