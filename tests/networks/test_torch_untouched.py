"""Looking at a model leaves it as it was; what cannot be seen is refused first."""

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from initcore_torch import initialize, jacobian_spectrum, signal_report
from tests.tools.hugging_face_models import MODELS


class Caches(nn.Module):
    """Makes a table when it is first called, and remembers every call."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.table, self.seen = nn.Linear(8, 8), None, {"calls": 0, "shapes": []}
        self.register_buffer("count", torch.zeros(()))
        self.store = np.zeros(3)

    def forward(self, x: Tensor) -> Tensor:
        if self.table is None:
            self.table = torch.arange(8.0).cos()
        if not hasattr(self, "late"):
            self.register_buffer("late", torch.ones(8))
        self.seen["calls"] += 1
        self.seen["shapes"].append(tuple(x.shape))
        self.count += 1
        self.store[0] += 1
        return self.a(x) * self.table * self.late + torch.randn_like(x) * 0


class Writes(nn.Module):
    """Writes into its inputs, and draws from every global generator."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x.mul_(2.0)
        random.random()
        np.random.rand()
        return self.a(torch.relu_(x)) + torch.rand(8) * 0


class WritesWeights(nn.Module):
    """Writes into its own weights when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.a = nn.Embedding(9, 8, max_norm=0.1), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.a.weight[:2].mul_(0.5)
        y: Tensor = self.a(self.table(x))
        return y


class Fails(Caches):
    def forward(self, x: Tensor) -> Tensor:
        super().forward(x)
        raise RuntimeError("half way")


def scripted(model: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(model)


def stateful() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(3, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(True), nn.Dropout(),
        nn.utils.parametrizations.spectral_norm(nn.Conv1d(8, 8, 1)),
        nn.InstanceNorm1d(8, affine=True),
    )  # fmt: skip


OWN: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "caches": (Caches, torch.randn(2, 8)),
    "writes": (Writes, torch.randn(2, 8)),
    "writes weights": (WritesWeights, torch.arange(9)),
    "fails": (Fails, torch.randn(2, 8)),
    "statistics": (stateful, torch.randn(4, 3, 6)),
    "recurrence": (lambda: nn.LSTM(3, 4, 2), torch.randn(5, 2, 3)),
    "attention": (lambda: nn.TransformerEncoderLayer(16, 4, 32), torch.randn(5, 2, 16)),
    "compiled": (lambda: torch.compile(nn.Linear(4, 4), backend="eager"), torch.randn(2, 4)),
    "scripted": (lambda: scripted(nn.Linear(4, 4)), torch.randn(2, 4)),
    "weight norm": (
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)),
        torch.randn(2, 4),
    ),
}


def state(x: Any, seen: dict[int, Any] | None = None) -> Any:
    """Everything that can be reached from a module, by identity and by value."""
    seen = {} if seen is None else seen
    if id(x) in seen:
        return seen[id(x)]
    seen[id(x)] = id(x)
    if isinstance(x, Tensor):
        plain = x.detach().clone() if x.layout == torch.strided else None
        return (id(x), plain, x.requires_grad, x.grad is None)
    if isinstance(x, np.ndarray):
        return (id(x), x.copy())
    if isinstance(x, dict):
        return (id(x), {k: state(v, seen) for k, v in x.items()})
    if isinstance(x, (list, tuple)):
        return (id(x), [state(v, seen) for v in x])
    if isinstance(x, nn.Module) and not isinstance(x, torch.jit.ScriptModule):
        return (id(x), state(x.__dict__, seen))
    return id(x)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, (Tensor, np.ndarray)):
        return bool((a == b).all()) or bool(torch.equal(a, b)) if isinstance(a, Tensor) else bool(
            (a == b).all()
        )  # fmt: skip
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def generators() -> list[Any]:
    return [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]


def look(model: nn.Module, sample: Any) -> None:
    """A refused call: the plan is made, and its last word is an error."""
    with pytest.raises((ValueError, TypeError)):
        initialize(model, "orthogonal", sample_input=sample, overrides={"no such weight": None})


@pytest.mark.parametrize("name", [*OWN, *MODELS])
def test_a_model_is_as_it_was_after_every_look(name: str) -> None:
    if name in OWN:
        make, sample = OWN[name]
        model = make()
    else:
        make, sample, *_ = MODELS[name]
        model = make()
    model.train()
    inputs = [t.clone() for t in (sample.values() if isinstance(sample, dict) else [sample])]
    before, random_before = state(model), generators()
    look(model, sample)
    if name in OWN and name not in ("fails", "scripted", "writes weights"):
        signal_report(model, sample)
        jacobian_spectrum(model, sample)
    assert generators() == random_before
    assert same(before, state(model))
    for t, kept in zip(sample.values() if isinstance(sample, dict) else [sample], inputs,
                       strict=True):  # fmt: skip
        assert torch.equal(t, kept)


def test_what_sees_a_change_can_see_it() -> None:
    model = Caches()
    before = state(model)
    model.seen["calls"] += 1
    assert not same(before, state(model))
    model.seen["calls"] -= 1
    assert same(before, state(model))
    model(torch.zeros(2, 8))
    assert not same(before, state(model))


def test_a_model_that_makes_its_tables_when_called_works_afterwards() -> None:
    model = Caches()
    initialize(model, "orthogonal", sample_input=torch.zeros(2, 8))
    y = model(torch.randn(2, 8))
    assert type(y) is Tensor
    assert type(model.table) is Tensor


def test_layers_without_sizes_are_refused_and_stay_so() -> None:
    model = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyBatchNorm1d(), nn.LazyLinear(4))
    x = torch.randn(4, 16)
    looks: list[Callable[[], Any]] = [
        lambda: initialize(model, "orthogonal", sample_input=x),
        lambda: signal_report(model, x),
        lambda: jacobian_spectrum(model, x),
    ]
    for look_once in looks:
        with pytest.raises(ValueError, match=r"needs the sizes of 0\.weight"):
            look_once()
        assert torch.nn.parameter.is_lazy(model[0].weight)
    model(torch.randn(4, 16))
    assert len(initialize(model, "orthogonal").untouched) == 0


def test_a_model_without_memory_is_planned_and_not_called_set() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    for sample in (None, torch.zeros(2, 8)):
        report = initialize(model, "orthogonal", sample_input=sample)
        assert "4 weights planned, not written" in report.headline
        assert "weights set" not in report.headline
        assert report.unwritten == tuple(report)


def test_memory_that_nothing_has_set_is_told() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.gamma = nn.Linear(4, 4), nn.Parameter(torch.full((4,), float("nan")))
            self.register_buffer("table", torch.full((4,), float("inf")))

        def forward(self, x: Tensor) -> Tensor:
            return x + self.gamma * self.a(x) + self.table

    report = initialize(Scaled(), "orthogonal", sample_input=torch.zeros(2, 4))
    assert report.not_finite == ("gamma", "table")
    assert "NOT FINITE, and set by no scheme: gamma, table" in str(report)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.ModuleList([nn.Linear(4, 4)]), "does not say how its modules are joined"),
        (scripted(nn.Sequential(nn.Linear(4, 4))), "needs sample_input"),
        (nn.ReLU(), "for it has no kernel"),
        (nn.Sequential(nn.LayerNorm(4), nn.ReLU()), "would set no kernel of Sequential"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_cannot_be_seen_is_refused_in_one_sentence(model: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        initialize(model, "orthogonal")


def test_scripted_models_are_seen_when_they_are_called() -> None:
    model = scripted(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)))
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 4))
    assert report["0.weight"].weight.activation == "relu"
    with pytest.raises(TypeError, match="layers can be watched"):
        signal_report(model, torch.zeros(2, 4))


def test_wrappers_change_no_value() -> None:
    def net() -> nn.Sequential:
        return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))

    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper

    plain = net()
    initialize(plain, "orthogonal", seed=3)
    compiled = torch.compile(net(), backend="eager")
    initialize(compiled, "orthogonal", seed=3)
    inside = net()
    inside[0].compile(backend="eager")
    inside[2] = checkpoint_wrapper(inside[2])
    initialize(inside, "orthogonal", seed=3, sample_input=torch.zeros(2, 8))
    parallel = nn.DataParallel(net())
    initialize(parallel, "orthogonal", seed=3)
    for other in (compiled, inside, parallel):
        for p, q in zip(plain.parameters(), other.parameters(), strict=True):
            assert torch.equal(p, q)
