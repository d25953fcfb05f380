"""SynFlow: no layer is left empty, the flow is the same through every layer, and its limits."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy

import initcore_torch
from tests.tools.scored_net import batch, plain


def test_synflow_leaves_no_layer_empty_where_one_shot_does() -> None:
    net = plain(8, 16)
    x, y = batch()
    for wanted in (1e-2, 1e-3):
        scores = initcore_torch.synflow(net, (1, 1, 8, 8), wanted)
        masks = initcore_torch.masks_from_scores(scores, wanted)
        total = sum(m.numel() for m in masks.values())
        assert sum(int(m.sum()) for m in masks.values()) == round(wanted * total)
        assert all(m.any() for m in masks.values())
        assert all((scores[n][m] > 0).all() for n, m in masks.items())
    for twin in (
        initcore_torch.snip(net, cross_entropy, x.float(), y),
        initcore_torch.synflow(net, (1, 1, 8, 8), 1e-3, rounds=1),
    ):
        once = initcore_torch.masks_from_scores(twin, 1e-3)
        assert not all(m.any() for m in once.values())


def test_the_synaptic_flow_is_the_same_through_every_layer() -> None:
    net = plain(4, 8)
    scores = initcore_torch.synflow(net, (1, 1, 8, 8), 0.5, rounds=1)
    sums = [float(s.sum()) for s in scores.values()]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-12)
    # The twin with the paths that start at biases: each layer's sum lacks those behind it.
    total = torch.nn.Sequential(*(copy.deepcopy(layer) for layer in net)).double()
    for p in total.parameters():
        p.data.abs_()
    total(torch.ones(1, 1, 8, 8, dtype=torch.float64)).sum().backward()
    sums = [float((p * p.grad).detach().sum()) for p in total.parameters() if p.ndim > 1]
    assert sums[-1] > 1.01 * sums[0]


def test_synflow_goes_where_float32_overflows_and_says_where_float64_does() -> None:
    def deep(depth: int) -> torch.nn.Sequential:
        return torch.nn.Sequential(*[torch.nn.Linear(64, 64) for _ in range(depth)])

    scores = initcore_torch.synflow(deep(120), (1, 64), 0.2, rounds=2)
    assert all(torch.isfinite(s).all() for s in scores.values())
    assert max(float(s.max()) for s in scores.values()) > torch.finfo(torch.float32).max
    with pytest.raises(OverflowError, match="paths add up to a float64, got no finite"):
        initcore_torch.synflow(deep(1200), (1, 64), 0.2)
