"""Hostile tensors and arguments to all of initcore_torch: filled right, or left alone."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import initcore_torch as init
from initcore import specs
from tests.tools.hostile import REFUSED, THINGS, clear, usual


class Subclass(Tensor):
    """A tensor of one's own."""


def non_leaf() -> Tensor:
    return torch.full((4, 6), 7.0, requires_grad=True) * 1


def inference() -> Tensor:
    with torch.inference_mode():
        return torch.full((4, 6), 7.0)


def base(*shape: int) -> Tensor:
    return torch.full(shape, 7.0)


# Ways to come by a (4, 6) tensor of sevens.
TENSORS: dict[str, Callable[[], Tensor]] = {
    "a leaf that wants gradients": lambda: base(4, 6).requires_grad_(),
    "a parameter": lambda: nn.Parameter(base(4, 6)),
    "a frozen parameter": lambda: nn.Parameter(base(4, 6), requires_grad=False),
    "no leaf": non_leaf,
    "of inference mode": inference,
    "transposed": lambda: base(6, 4).T,
    "a part of rows": lambda: base(9, 11)[2:6, 3:9],
    "every other column": lambda: base(4, 12)[:, ::2],
    "in another order of memory": lambda: base(4, 6, 1, 1).to(memory_format=torch.channels_last)[
        ..., 0, 0
    ],
    "a subclass": lambda: base(4, 6).as_subclass(Subclass),
    "interleaved": lambda: base(60).as_strided((4, 6), (12, 2)),
    "of shared memory": lambda: base(4, 6).share_memory_(),
    "an array of NumPy": lambda: torch.from_numpy(np.full((4, 6), 7.0, np.float32)),
    "expanded": lambda: base(1).expand(4, 6),
    "expanded rows": lambda: base(4, 1).expand(4, 6),
    "overlapping": lambda: base(60).as_strided((4, 6), (3, 1)),
    "of whole numbers": lambda: base(4, 6).int(),
    "complex": lambda: base(4, 6).to(torch.complex64),
    "sparse": lambda: base(4, 6).to_sparse(),
    "negated lazily": lambda: torch.complex(base(4, 6), -base(4, 6)).conj().imag,
    "of no element": lambda: base(0, 6),
    "a scalar": lambda: base(),
}
each_tensor = pytest.mark.parametrize("kind", TENSORS)


def memory(tensor: Tensor) -> Tensor:
    """All that lies in the tensor's memory, its own elements and its neighbours."""
    if tensor.layout != torch.strided:
        return tensor.to_dense().reshape(-1)
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.detach().as_subclass(Tensor).as_strided((size,), (1,), 0).clone()


def neighbours(tensor: Tensor) -> Tensor:
    """Which places of that memory are not the tensor's."""
    if tensor.layout != torch.strided:
        return torch.zeros(0, dtype=torch.bool)
    size = tensor.untyped_storage().nbytes() // tensor.element_size()
    found = torch.ones(size, dtype=torch.bool)
    found.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).fill_(False)
    return found


@each_tensor
def test_a_tensor_gets_the_values_of_its_seed_or_stays_as_it_was(kind: str) -> None:
    for name in specs:
        fill, tensor = getattr(init, f"{name}_"), TENSORS[kind]()
        seed = {"seed": 3} if "seed" in inspect.signature(fill).parameters else {}
        given = {"val" if n == "value" else n: v for n, v in usual(name).items()}
        before, grad = memory(tensor), tensor.requires_grad
        try:
            result = fill(tensor, **seed, **given)
        except REFUSED as error:
            clear(error)
            assert torch.equal(memory(tensor), before), name
            continue
        assert result is tensor
        assert tensor.requires_grad == grad
        kind_ = tensor.dtype if tensor.is_complex() else torch.float32
        wanted = fill(torch.empty(tensor.shape, dtype=kind_), **seed, **given)
        if tensor.layout == torch.strided:
            assert torch.equal(tensor.detach().as_subclass(Tensor), wanted.to(tensor.dtype)), name
            outside = neighbours(tensor)
            assert torch.equal(memory(tensor)[outside], before[outside]), name


FILLS = [name for name in dir(init) if name.endswith("_") and not name.startswith("_")]


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.complex64], ids=str)
def test_each_argument_in_turn_is_refused_and_nothing_filled_or_taken(
    name: str, dtype: torch.dtype
) -> None:
    fill = getattr(init, name)
    takes = inspect.signature(fill).parameters
    right = {
        "val": 1.0,
        "sparsity": 0.5,
        "density": 0.6,
        "mask": torch.ones(4, 6).bool(),
        "steps": 2,
    }
    right = {n: v for n, v in right.items() if n in takes}
    for argument in [*takes, "no_such_argument"]:
        for thing in THINGS:
            tensor = base(4, 6).to(dtype)
            try:
                with np.errstate(over="ignore"):
                    fill(**{"tensor": tensor, **right, argument: thing})
            except REFUSED as error:
                clear(error)
                assert (tensor == 7).all(), (argument, thing)
            else:
                assert argument != "tensor", thing


HUGE = {
    "expanded": lambda: base(1).expand(10**6, 10**6),
    "overlapping": lambda: base(2 * 10**6).as_strided((10**6, 10**6), (1, 1)),
    "overlapping and not as huge": lambda: base(110_000).as_strided((10**5, 10**4), (1, 1)),
    "without values": lambda: torch.empty(10**6, 10**6, device="meta"),
}


@pytest.mark.parametrize("kind", HUGE)
def test_huge_tensors_are_refused_or_left_alone_at_once(kind: str) -> None:
    for name in ("zeros", "normal", "orthogonal", "sparse_orthogonal"):
        tensor = HUGE[kind]()
        if tensor.device.type == "meta":
            assert getattr(init, f"{name}_")(tensor, **usual(name)) is tensor
            continue
        if (name, kind) == ("zeros", "expanded"):  # one place, and many names for it
            assert init.zeros_(tensor)[3, 4] == 0
            continue
        with pytest.raises(ValueError, match="memory of their own") as caught:
            getattr(init, f"{name}_")(tensor, **usual(name))
        clear(caught.value)


def stack() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))


BATCH = torch.arange(12.0).reshape(2, 6)


def same(model: nn.Module, before: dict[str, Tensor]) -> bool:
    after = model.state_dict()
    return list(after) == list(before) and all(torch.equal(after[n], before[n]) for n in before)


RIGHT: dict[str, dict[str, Any]] = {
    "signal_report": {"model": stack, "inputs": BATCH, "seed": 0},
    "jacobian_spectrum": {"model": stack, "inputs": BATCH, "probes": 2, "steps": 3, "seed": 0},
    "orthogonality": {"model": stack, "sample_input": BATCH, "image": 2},
    "snip": {"model": stack, "loss": nn.functional.mse_loss, "inputs": BATCH,
             "targets": torch.zeros(2, 3), "parameters": ["0.weight"]},
    "grasp": {"model": stack, "loss": nn.functional.mse_loss, "inputs": BATCH,
              "targets": torch.zeros(2, 3), "parameters": ["0.weight"]},
    "synflow": {"model": stack, "shape": (1, 6), "density": 0.5, "rounds": 2, "parameters": None},
    "apply_masks": {"model": stack, "masks": {"0.weight": torch.ones(6, 6, dtype=torch.bool)}},
    "remove_masks": {"model": stack},
    "to_sparse": {"layer": lambda: nn.Linear(2, 3), "layout": torch.sparse_csr},
    "masks_from_scores": {"scores": {"a": torch.arange(6.0)}, "density": 0.5, "least": 1},
    "sparse_orthogonal_mask": {"tensor": (4, 6), "density": 0.5, "groups": 1, "transposed": False,
                               "sampling": "uniform", "tap_density": "same", "seed": 0,
                               "generator": None},
    "approximate_isometry_": {"tensor": lambda: base(4, 6), "mask": torch.ones(4, 6).bool(),
                              "gain": 1.0, "steps": 2, "seed": 0, "groups": 1, "transposed": False},
    "calculate_gain": {"nonlinearity": "leaky_relu", "param": 0.1},
    "CReLU": {"dim": 1},
}  # fmt: skip


def called(name: str, argument: str | None = None, thing: Any = None) -> None:
    """The call with one argument replaced: a result, or one clear error and nothing changed."""
    given = {n: v() if v is stack or (n in ("layer", "tensor") and callable(v)) else v
             for n, v in RIGHT[name].items()}  # fmt: skip
    models = [v for v in given.values() if isinstance(v, nn.Module)]
    before = [copy.deepcopy(m.state_dict()) for m in models]
    if argument is not None:
        given[argument] = thing
    try:
        getattr(init, name)(**given)
    except (*REFUSED, OverflowError) as error:
        if argument is None:
            raise
        clear(error)
        assert all(same(m, b) for m, b in zip(models, before, strict=True))


@pytest.mark.parametrize("name", RIGHT)
def test_each_argument_in_turn_is_refused_in_one_sentence_or_taken(name: str) -> None:
    called(name)
    takes = inspect.signature(getattr(init, name)).parameters
    assert set(RIGHT[name]) <= set(takes)
    for argument in RIGHT[name]:
        for thing in THINGS:
            called(name, argument, thing)
    called(name, "no_such_argument", 1)


WRONG_BATCHES = [
    torch.zeros(2, 5), torch.zeros(6), torch.zeros(0, 6), torch.zeros(2, 6, dtype=torch.long),
    torch.zeros(2, 6, dtype=torch.float64), (BATCH, BATCH), {"input": BATCH}, {"no_such": BATCH},
    torch.zeros(2, 6, device="meta"), BATCH.to_sparse(), torch.full((2, 6), torch.nan), [], {},
    torch.zeros(1).expand(2, 6), torch.zeros(2, 6, dtype=torch.complex64),
]  # fmt: skip


@pytest.mark.parametrize("name", ["signal_report", "jacobian_spectrum", "snip", "grasp"])
def test_batches_that_do_not_fit_are_refused_in_one_sentence_or_measured(name: str) -> None:
    for batch in WRONG_BATCHES:
        called(name, "inputs", batch)
