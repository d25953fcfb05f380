"""Hostile models and threads: a model of PyTorch is initialized right, or left alone."""

import copy
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import initcore_torch as init
from tests.tools.hostile import REFUSED, THINGS, Mute, clear


class Tied(nn.Module):
    """An embedding and a head that share a matrix, a frozen layer, and one of no size."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 4)
        self.hidden = nn.Linear(4, 4)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)
        self.head = nn.Linear(4, 7, bias=False)
        self.head.weight = self.table.weight
        self.empty = nn.Linear(0, 3)
        self.register_parameter("none", None)

    def forward(self, x: Tensor) -> Tensor:
        y = self.frozen(torch.tanh(self.hidden(self.table(x))))
        return self.head(y) + self.empty(y[..., :0]).sum()


def stack() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))


BATCH = torch.arange(12.0).reshape(2, 6)
BAD: list[Any] = [
    *THINGS,
    {"0.weight": "orthogonal", "4.weight": "no_such"},
    {"0.weight": "orthogonal", "4.weight": ("orthogonal", {"gain": -1})},
    {"0.weight": "orthogonal", "2.weight": "delta_orthogonal"},
    {"0.weight": ("normal", {"std": Mute()})},
    {"0.weight": Mute()},
    {0: "orthogonal"},
    ("orthogonal", {"gain": "big"}),
    ("orthogonal", None),
    ("lsuv",),
    ("lsuv", {"no_such": 1}),
]


def same(model: nn.Module, before: dict[str, Tensor]) -> bool:
    after = model.state_dict()
    return list(after) == list(before) and all(torch.equal(after[n], before[n]) for n in before)


@pytest.mark.parametrize(
    "argument",
    ["scheme", "seed", "overrides", "sample_input", "paths", "only", "input_scale", "no"],
)
def test_a_model_stays_as_it_was_where_initialize_raises(argument: str) -> None:
    model = stack()
    for thing in BAD:
        before = copy.deepcopy(model.state_dict())
        training = [m.training for m in model.modules()]
        try:
            init.initialize(model, **{"scheme": "orthogonal", argument: thing})
        except REFUSED as error:
            clear(error)
            assert same(model, before), thing
        assert [m.training for m in model.modules()] == training


@pytest.mark.parametrize(
    "batch", [torch.full((2, 6), torch.nan), torch.full((2, 6), torch.inf), torch.zeros(0, 6)]
)
def test_data_of_no_use_leaves_the_model_as_it_was(batch: Tensor) -> None:
    model = stack()
    for p in model.parameters():
        nn.init.zeros_(p) if p.ndim == 1 else nn.init.ones_(p)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match=r"variance|call") as caught:
        init.initialize(model, "lsuv", sample_input=batch)
    clear(caught.value)
    assert same(model, before)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_tied_frozen_and_empty_weights_are_each_what_they_were_made_for() -> None:
    model = Tied()
    before = copy.deepcopy(model.state_dict())
    for overrides in ({"frozen.weight": ("orthogonal", {"gain": -1})}, {"head.weight": "no_such"}):
        with pytest.raises(REFUSED):
            init.initialize(model, "orthogonal", overrides=overrides)
        assert same(model, before)
    init.initialize(model, "orthogonal", sample_input=torch.zeros(1, 3, dtype=torch.long))
    assert model.head.weight is model.table.weight
    assert torch.equal(model.frozen.weight, before["frozen.weight"])
    assert not torch.equal(model.hidden.weight, before["hidden.weight"])


def test_without_seeds_threads_draw_different_values_from_the_one_generator() -> None:
    drawn: list[bytes] = []
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(25):
                drawn.append(init.normal_(torch.empty(3, 3)).numpy().tobytes())
                drawn.append(init.orthogonal_(torch.empty(3, 3)).numpy().tobytes())
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)
    assert len(set(drawn)) == len(drawn) == 400


def test_models_initialized_in_threads_have_the_values_of_their_seeds() -> None:
    wanted = []
    for seed in range(4):
        model = stack()
        init.initialize(model, "orthogonal", seed=seed, sample_input=BATCH)
        wanted.append(copy.deepcopy(model.state_dict()))
    wrong: list[Any] = []

    def work(seed: int) -> None:
        try:
            for _ in range(3):
                model = stack()
                init.initialize(model, "orthogonal", seed=seed, sample_input=BATCH)
                for path, value in wanted[seed].items():
                    if path.endswith("weight") and not torch.equal(model.state_dict()[path], value):
                        wrong.append((seed, path))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
