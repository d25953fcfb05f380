"""Weights of a PyTorch model are written by several threads, and are those that one writes."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

import initcore_torch as init
from initcore_torch.networks import _model, _threads


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two cores, and so many threads of PyTorch, whatever this machine has."""
    monkeypatch.setattr(_threads, "cores", lambda: 2)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def net() -> nn.Sequential:
    sizes = [(40, 900), (900, 30), (30, 50), (50, 50), (50, 6)]
    return nn.Sequential(*(m for a, b in sizes for m in (nn.Linear(a, b), nn.Tanh())))


def writers(monkeypatch: pytest.MonkeyPatch, *, meet: bool = False, fail: str = "") -> set[int]:
    """The threads that write from now on; `meet` makes the first two wait for each other."""
    found: set[int] = set()
    write, barrier, left = _model.TorchModel.write, threading.Barrier(2), iter(range(2))

    def noted(self: Any, assignment: Any, key: Any) -> None:
        found.add(threading.get_ident())
        if meet and next(left, None) is not None:
            barrier.wait(20)
        if assignment.weight.path == fail:
            raise MemoryError(fail)
        write(self, assignment, key)

    monkeypatch.setattr(_model.TorchModel, "write", noted)
    return found


def test_two_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = writers(monkeypatch, meet=True)
    init.initialize(net(), "orthogonal")
    assert len(found) == 2
    assert threading.get_ident() not in found


@pytest.mark.parametrize("scheme", ["orthogonal", "he_normal", "sparse_orthogonal", "hadamard"])
def test_they_are_what_one_thread_writes(scheme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if scheme == "sparse_orthogonal":
        scheme = (scheme, {"density": 0.3})
    one, other = net(), net()
    init.initialize(one, scheme, seed=3)
    monkeypatch.setattr(_threads, "cores", lambda: 1)
    torch.set_num_threads(1)
    found = writers(monkeypatch)
    init.initialize(other, scheme, seed=3)
    assert found == {threading.get_ident()}
    torch.set_num_threads(2)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_large_weights_come_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    found = writers(monkeypatch)
    monkeypatch.setattr(_model, "LARGE", 10)
    model = net()
    report = init.initialize(model, "orthogonal")
    assert len(report) == 10
    assert threading.get_ident() in found  # kernels; their biases have other threads


def test_where_a_mode_sees_what_a_thread_does_no_other_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = writers(monkeypatch)
    model = net()
    plan = init.plan(model, "orthogonal")
    with torch.device("cpu"):
        plan.apply(model)
    assert found == {threading.get_ident()}


def test_an_error_comes_out_and_the_rest_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    writers(monkeypatch, fail="0.weight")
    before = threading.active_count()
    model = nn.Sequential(*(nn.Linear(200, 200) for _ in range(30)))
    last = model[-1].weight.detach().clone()
    with pytest.raises(MemoryError, match=r"0\.weight"):
        init.initialize(model, "orthogonal")
    assert torch.equal(model[-1].weight, last)
    assert threading.active_count() == before  # none is left behind


def test_inference_tensors_are_written_too() -> None:
    with torch.inference_mode():
        model = net()
        init.initialize(model, "orthogonal", seed=1)
    other = net()
    init.initialize(other, "orthogonal", seed=1)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)
