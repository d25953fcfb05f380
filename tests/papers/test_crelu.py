"""Networks of concatenated ReLUs with the "last" form everywhere are linear: through real layers.

Keras's are in `tests/keras_adapter/test_sparse_training.py`, on each of its backends.
"""

from typing import Any

import jax
import numpy as np
import pytest
import torch
from flax import nnx
from torch import nn

import initcore_jax
import initcore_torch

DEPTH, WIDTH = 50, 32
# Sums of 2 * WIDTH products, DEPTH times one after the other, in float64.
ROUNDING = 2.0**-53 * DEPTH * 2 * WIDTH


def dense(part: str = "last") -> tuple[nn.Sequential, list[torch.Tensor]]:
    """A plain layer and DEPTH behind a CReLU, and the halves."""
    layers: list[nn.Module] = [nn.Linear(WIDTH, WIDTH, bias=False, dtype=torch.float64)]
    initcore_torch.orthogonal_(layers[0].weight, seed=0)
    halves = [layers[0].weight.detach()]
    for i in range(1, DEPTH):
        layer = nn.Linear(2 * WIDTH, WIDTH, bias=False, dtype=torch.float64)
        if part == "last":
            initcore_torch.mirrored_(layer.weight, part=part, seed=i)
        else:
            initcore_torch.orthogonal_(layer.weight, seed=i)
        halves.append(layer.weight.detach()[:, :WIDTH])
        layers += [initcore_torch.CReLU(dim=-1), layer]
    return nn.Sequential(*layers), halves


def test_dense_layers_of_pytorch() -> None:
    net, halves = dense()
    x = torch.randn(7, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    linear = x
    for w in halves:
        linear = linear @ w.T
    assert float((net(x).detach() - linear).abs().max()) < ROUNDING
    jacobian: Any = torch.autograd.functional.jacobian(net, x[0])
    assert abs(torch.linalg.svdvals(jacobian) - 1).max() < ROUNDING
    assert repr(net[1]) == "CReLU(dim=-1)"
    # The twin whose layers behind the pairs are any orthogonal frames.
    other, _ = dense("frame")
    jacobian = torch.autograd.functional.jacobian(other, x[0])
    assert abs(torch.linalg.svdvals(jacobian) - 1).max() > 0.1


@pytest.mark.parametrize("base", ["delta_orthogonal", "conv_orthogonal", "he_normal"])
def test_convolutions_of_pytorch(base: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 6, 6, dtype=torch.float64, generator=generator)
    crelu, net, linear = initcore_torch.CReLU(), x, x
    with torch.no_grad():
        for i in range(20):
            wide, half = (
                nn.Conv2d(
                    n, 4, 3, padding=1, padding_mode="circular", bias=False, dtype=torch.float64
                )
                for n in (8, 4)
            )
            initcore_torch.mirrored_(wide.weight, part="last", base=base, seed=i)
            half.weight.copy_(wide.weight[:, :4])
            net, linear = wide(crelu(net)), half(linear)
    assert float((net - linear).abs().max()) < ROUNDING * float(linear.abs().max())
    if base != "he_normal":
        assert float((net**2).sum()) == pytest.approx(float((x**2).sum()), rel=ROUNDING)


@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_layers_of_flax(kind: str) -> None:
    rngs, base = nnx.Rngs(0), "orthogonal" if kind == "dense" else "delta_orthogonal"
    shape = (7, 16) if kind == "dense" else (2, 5, 5, 16)
    x = jax.random.normal(jax.random.key(1), shape)
    kernel_init = initcore_jax.mirrored(part="last", base=base)
    net, linear = x, np.asarray(x, np.float64)
    for _ in range(20):
        if kind == "dense":
            layer: Any = nnx.Linear(32, 16, use_bias=False, kernel_init=kernel_init, rngs=rngs)
            w = np.asarray(layer.kernel[...], np.float64)[:16]
        else:
            layer = nnx.Conv(32, 16, (3, 3), use_bias=False, kernel_init=kernel_init, rngs=rngs)
            w = np.asarray(layer.kernel[...], np.float64)[1, 1, :16]
        net, linear = layer(initcore_jax.crelu(net)), linear @ w
    # 20 sums of 32 products in float32.
    assert abs(np.asarray(net) - linear).max() < 2.0**-24 * 20 * 32
    assert (linear**2).sum() == pytest.approx(float((x**2).sum()), rel=1e-5)


def test_both_halves_come_out_along_any_axis_and_nothing_is_lost() -> None:
    x = np.arange(-3.0, 3.0).reshape(2, 3)
    for axis in (0, 1, -1):
        ours = initcore_torch.CReLU(axis)(torch.from_numpy(x)).numpy()
        assert (ours == np.asarray(initcore_jax.crelu(x, axis))).all()
        first, second = np.split(ours, 2, axis=axis)
        assert (first - second == x).all()
        assert (first * second == 0).all()
        assert ours.min() == 0
