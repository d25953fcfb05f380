"""Scoring leaves a model unchanged: its values, mode, gradients and buffers."""

from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

import initcore_torch
from tests.tools.scored_net import Net, batch


def state(net: torch.nn.Module) -> list[Any]:
    found: list[Any] = [t.clone() for t in net.state_dict().values()]
    found += [m.training for m in net.modules()]
    return found + [None if p.grad is None else p.grad.clone() for p in net.parameters()]


def unchanged(before: list[Any], net: torch.nn.Module) -> bool:
    after = state(net)
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a is b
        for a, b in zip(before, after, strict=True)
    )


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(net: Net, training: bool) -> None:
    x, y = batch()
    net.train(training)
    net[4].train(not training)
    cross_entropy(net(x), y).backward()
    before = state(net)
    initcore_torch.snip(net, cross_entropy, x, y)
    assert unchanged(before, net)
    initcore_torch.grasp(net, cross_entropy, (x,), y)
    assert unchanged(before, net)
    initcore_torch.synflow(net, (1, 1, 8, 8), 0.1, rounds=3)
    assert unchanged(before, net)
    with pytest.raises(ValueError, match="could not call Net"):
        initcore_torch.synflow(net, (1, 1, 2, 2), 0.1)
    assert unchanged(before, net)
    net.train(not training)
    assert not unchanged(before, net)


def test_the_twin_that_runs_the_model_itself_is_seen(net: Net) -> None:
    x, y = batch()
    before = state(net)
    net.train()(x)  # moves the running means
    assert not unchanged(before, net)
    before = state(net)
    cross_entropy(net.eval()(x), y).backward()
    net.train()
    assert not unchanged(before, net)


def test_frozen_parameters_and_no_grad_change_nothing(net: Net) -> None:
    x, y = batch()
    net.eval()
    expected = initcore_torch.grasp(net, cross_entropy, x, y)
    net.requires_grad_(False)
    with torch.no_grad():
        found = initcore_torch.grasp(net, cross_entropy, {"input": x}, y)
    assert all(torch.equal(found[n], expected[n]) for n in expected)


def test_the_names_say_which_parameters_are_scored(net: Net) -> None:
    x, y = batch()
    found = initcore_torch.snip(net, cross_entropy, x, y, parameters=["6.bias", "0.weight"])
    assert list(found) == ["0.weight", "6.bias"]
    with pytest.raises(
        ValueError, match=r"snip needs parameters of the model .*, got .*'7.weight'"
    ):
        initcore_torch.snip(net, cross_entropy, x, y, parameters=["7.weight"])
    with pytest.raises(ValueError, match="grasp needs parameters of the model to score, got none"):
        initcore_torch.grasp(torch.nn.BatchNorm2d(3), cross_entropy, x, y)
