"""Loops that a model runs in Python: a few rounds tell what all of them do."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import initcore_torch as init
from initcore.networks import Repeats
from initcore_torch.networks import _trace


class Recurrent(nn.Module):
    """`steps` steps of an Elman network, of a gated one or of a residual one."""

    def __init__(self, steps: int, kind: str) -> None:
        super().__init__()
        self.steps, self.kind = steps, kind
        gates = {"elman": 1, "gated": 4, "residual": 1, "cell": 1}[kind]
        self.x, self.h = nn.Linear(5, 8 * gates), nn.Linear(8, 8 * gates)
        self.cell = nn.GRUCell(5, 8)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(x.shape[0], 8)
        states = []
        for t in range(self.steps):
            now = x[:, t % x.shape[1]]
            if self.kind == "elman":
                h = torch.tanh(self.x(now) + self.h(h))
            elif self.kind == "residual":
                h = h + 0.1 * torch.tanh(self.x(now) + self.h(h))
            elif self.kind == "cell":
                h = self.cell(now, h)
            else:
                i, f, g, o = (self.x(now) + self.h(h)).chunk(4, -1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            states.append(h)
        return torch.as_tensor(self.out(torch.stack(states)[-1]))


class Picks(nn.Module):
    """Layers whose kernels lie in one array, each picked by its number."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.kernels = nn.Parameter(torch.empty(steps, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        for n in range(len(self.kernels)):
            x = torch.relu(x @ self.kernels[n])
        return x


def nodes(model: nn.Module, *given: Tensor) -> int:
    return len(_trace.trace(model, given, {}).nodes)


def table(model: nn.Module, x: Tensor) -> list[list[str]]:
    report = init.initialize(model, "orthogonal", seed=0, sample_input=x)
    return [list(row) for row in report.rows()]


@pytest.mark.parametrize("kind", ["elman", "gated", "residual", "cell"])
def test_long_loops_have_the_roles_of_short_ones(kind: str) -> None:
    x = torch.randn(2, 12, 5)
    short, long = Recurrent(12, kind), Recurrent(100, kind)
    assert table(long, x) == table(short, x)
    assert nodes(long, x) == nodes(Recurrent(12, kind), x)
    assert all(
        torch.equal(a, b) for a, b in zip(short.parameters(), long.parameters(), strict=True)
    )


def test_more_rounds_make_no_more_nodes() -> None:
    """Beside one for each state that is kept."""
    x = torch.randn(2, 12, 5)
    assert nodes(Recurrent(400, "gated"), x) == nodes(Recurrent(40, "gated"), x)


def test_layers_out_of_one_array_are_layers_all() -> None:
    x = torch.randn(2, 8)
    assert nodes(Picks(40), x) >= 3 * 40 > nodes(Recurrent(40, "elman"), torch.randn(2, 12, 5))


def noted(operations: list[tuple[str, tuple[Any, ...]]]) -> list[int | None]:
    repeats = Repeats()
    return [repeats.note(what, made, any(isinstance(o, str) for o in made))
            for what, made in operations]  # fmt: skip


def rounds(n: int) -> list[tuple[str, tuple[Any, ...]]]:
    return [o for k in range(n) for o in (("mm", (2 * k - 1, "w")), ("tanh", (2 * k,)))]


def test_operations_repeat_those_a_round_before() -> None:
    found = noted(rounds(30))
    first = next(k for k, j in enumerate(found) if j is not None)
    assert 8 <= first <= 14
    assert found[first:] == [k - 2 for k in range(first, 60)]


@pytest.mark.parametrize("changed", [
    ("mm", (39, "v")), ("mm", (36, "w")), ("bmm", (39, "w")), ("mm", (39, "w", "w")),
])  # fmt: skip
def test_what_differs_repeats_nothing(changed: Any) -> None:
    """Another weight, another operand, another operation, one operand more."""
    operations = rounds(30)
    operations[40] = changed
    found = noted(operations)
    assert found[39] == 37
    assert found[40] is None


def test_operations_without_weights_are_no_loop() -> None:
    assert not any(noted([("tanh", (k - 1,)) for k in range(60)]))
