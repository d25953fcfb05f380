"""Real layers of PyTorch, through their forward pass."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import initcore
import initcore_torch as init
from initcore import Rng
from initcore_torch._backend import backend


def rows(x: torch.Tensor) -> Any:
    return (x.detach().double() ** 2).sum(-1).numpy()


def test_a_linear_layer_keeps_lengths_and_reads_rows_as_outputs() -> None:
    layer = nn.Linear(64, 256, bias=False)
    init.orthogonal_(layer.weight, seed=0)
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
    assert rows(layer(x)) == pytest.approx(rows(x), rel=1e-5)
    expected = x.numpy() @ initcore.orthogonal(Rng(0), (256, 64)).T
    assert layer(x).detach().numpy() == pytest.approx(expected, abs=2e-5)


def test_scaled_orthogonal_keeps_the_mean_square_of_real_widening_layers() -> None:
    # dks keeps PyTorch kernels the other way round and multiplies by 4 here.
    layer = nn.Linear(256, 1024, bias=False)
    init.scaled_orthogonal_(layer.weight, seed=0)
    x = torch.randn(8, 256, generator=torch.Generator().manual_seed(0))
    ratio = layer(x).pow(2).mean(-1) / x.pow(2).mean(-1)
    assert ratio.detach().numpy() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_delta_orthogonal_keeps_every_pixel(dims: int, groups: int) -> None:
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
    layer = conv(4, 8, 3, padding="same", groups=groups, bias=False)
    init.delta_orthogonal_(layer.weight, seed=0, groups=groups)
    x = torch.randn(2, 4, *[6] * dims, generator=torch.Generator().manual_seed(0))
    y = layer(x).detach()
    for g in range(groups):
        into, out = x.chunk(groups, 1)[g], y.chunk(groups, 1)[g]
        assert (out**2).sum(1).numpy() == pytest.approx((into**2).sum(1).numpy(), rel=1e-5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_transposed_convolutions_read_inputs_first(dims: int, groups: int) -> None:
    conv = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 1]
    layer = conv(4, 8, 3, padding=1, groups=groups, bias=False)
    init.delta_orthogonal_(layer.weight, seed=0, groups=groups, transposed=True)
    x = torch.randn(2, 4, *[6] * dims, generator=torch.Generator().manual_seed(0))
    y = layer(x).detach()
    for g in range(groups):
        into, out = x.chunk(groups, 1)[g], y.chunk(groups, 1)[g]
        assert (out**2).sum(1).numpy() == pytest.approx((into**2).sum(1).numpy(), rel=1e-5)
    tap = initcore.delta_orthogonal(Rng(0), (8, 4 // groups, *[3] * dims), groups=groups)
    tap = torch.from_numpy(tap[(slice(None), slice(None), *[1] * dims)])
    parts = zip(tap.chunk(groups), x.chunk(groups, 1), strict=True)
    expected = torch.cat([torch.einsum("oi,bi...->bo...", t, part) for t, part in parts], 1)
    assert (y - expected).abs().max() < 2e-5
    if groups == 2:  # of one group, a frame and its transpose hold the same numbers
        wrong = conv(4, 8, 3, padding=1, groups=groups, bias=False)
        init.delta_orthogonal_(wrong.weight, seed=0)  # the layout of an ordinary convolution
        assert (wrong(x) - expected).abs().max() > 0.1


def test_attention_reads_each_stacked_projection_as_a_layer_of_its_own() -> None:
    attention = nn.MultiheadAttention(16, 4, bias=False, batch_first=True)
    init.eye_(attention.out_proj.weight)
    x = torch.randn(5, 1, 16, generator=torch.Generator().manual_seed(0))

    def lengths() -> Any:  # of one token's value: the weights of its attention are all 1
        return rows(attention(x, x, x)[0]) / rows(x)

    init.orthogonal_(attention.in_proj_weight, seed=0, groups=3)
    assert lengths() == pytest.approx(1, rel=1e-5)
    for projection in attention.in_proj_weight.chunk(3):
        assert torch.linalg.svdvals(projection.detach()).numpy() == pytest.approx(1, abs=1e-5)
    init.orthogonal_(attention.in_proj_weight, seed=0)  # one frame over all three
    assert lengths().max() < 0.9


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_recurrent_cells_read_each_stacked_gate_as_a_layer(kind: Any, gates: int) -> None:
    cell = kind(5, 16, bias=False)
    init.zeros_(cell.weight_ih_l0)
    init.orthogonal_(cell.weight_hh_l0, seed=0, groups=gates)
    for gate in cell.weight_hh_l0.chunk(gates):
        assert torch.linalg.svdvals(gate.detach()).numpy() == pytest.approx(1, abs=1e-5)
    h = torch.randn(16, generator=torch.Generator().manual_seed(0)).numpy()
    stacked = initcore.orthogonal(Rng(0), (gates * 16, 16), groups=gates)
    pushed = stacked.reshape(gates, 16, 16) @ h
    squash = [1 / (1 + np.exp(-p)) for p in pushed]
    state: Any = torch.from_numpy(h)[None, None]
    if gates == 4:  # input, forget, candidate, output
        expected = squash[3] * np.tanh(squash[0] * np.tanh(pushed[2]))
        state = (state, torch.zeros_like(state))
    else:  # reset, update, candidate
        expected = (1 - squash[1]) * np.tanh(squash[0] * pushed[2]) + squash[1] * h
    y, _ = cell(torch.zeros(1, 1, 5), state)
    assert y.detach().numpy().reshape(-1) == pytest.approx(expected, abs=2e-5)


def test_embeddings() -> None:
    layer = nn.Embedding(100, 16)
    init.normal_(layer.weight, std=0.02, seed=0)
    expected = initcore.normal(Rng(0), (100, 16), std=0.02)
    assert abs(layer.weight.detach().numpy() - expected).max() < 2e-6
    assert abs(layer(torch.tensor([3, 5])).detach().numpy() - expected[[3, 5]]).max() < 2e-6


def test_a_training_step_runs_through_filled_parameters() -> None:
    net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))
    for layer in (net[0], net[2]):
        init.orthogonal_(layer.weight, seed=1)
        init.zeros_(layer.bias)
    net(torch.ones(3, 8)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


@pytest.mark.parametrize("kind", backend.layers)
def test_the_backend_builds_real_layers_of_every_kind(kind: str) -> None:
    dims = 0 if kind == "dense" else int(kind[-2])
    shape = (6, 4, *[3] * dims)
    forward = backend.layer(kind, "orthogonal", shape, seed=3)
    x = np.ones((2, 4, *[5] * dims))
    assert forward(x).shape == (2, 6, *[5] * dims)
