"""Orthogonal convolutions on real circular convolutions, and the wrong twins they must not be."""

import math
from typing import Any

import numpy as np
import pytest
import torch

import initcore
from initcore import Rng
from initcore.initializers._conv_orthogonal import projection
from initcore.initializers._reflectors import haar
from initcore.invariants import ConvIsometry, TapEnergies

LAYERS: dict[int, Any] = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}


def circular(w: np.ndarray, x: np.ndarray, groups: int = 1) -> np.ndarray:
    """`x` `(batch, in, *image)` through PyTorch's own layer with circular padding."""
    layer = LAYERS[w.ndim - 2](
        x.shape[1], w.shape[0], w.shape[2:], padding="same", padding_mode="circular",
        groups=groups, bias=False,
    ).to(torch.from_numpy(w).dtype)  # fmt: skip
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w))
        y: np.ndarray = layer(torch.from_numpy(x)).numpy()
    return y


def energy(x: np.ndarray) -> float:
    return float((x.astype(np.float64) ** 2).sum())


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(("out", "in_"), [(4, 4), (6, 3)])
def test_a_real_circular_convolution_keeps_energy(out: int, in_: int, dims: int, size: int) -> None:
    gain = 1.5
    w = initcore.conv_orthogonal(Rng(size, dtype="float64"), (out, in_, *[size] * dims), gain=gain)
    x = Rng(1, dtype="float64").normal((2, in_, *[size + 1] * dims))
    assert energy(circular(w, x)) == pytest.approx(gain**2 * energy(x), rel=1e-12)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_narrowing_convolution_has_an_isometric_transpose(size: int) -> None:
    w = torch.from_numpy(initcore.conv_orthogonal(Rng(0, dtype="float64"), (3, 6, size, size)))
    y = torch.from_numpy(Rng(1, dtype="float64").normal((1, 3, 7, 7)))
    wide = torch.nn.functional.conv_transpose2d(y, w)  # the image grows: nothing is cut off
    assert energy(wide.numpy()) == pytest.approx(energy(y.numpy()), rel=1e-12)


@pytest.mark.parametrize(
    "shape", [(5, 3, 4), (3, 5, 2, 2), (4, 4, 3, 1), (2, 3, 2, 4), (3, 3, 2, 3, 4), (6, 6, 5, 5)]
)
def test_every_frequency_has_all_singular_values_equal(shape: tuple[int, ...]) -> None:
    w = initcore.conv_orthogonal(Rng(0, dtype="float64"), shape, gain=0.5)
    axes = tuple(range(2, len(shape)))
    for image in (shape[2:], tuple(k + 3 for k in shape[2:])):
        f = np.moveaxis(np.fft.fftn(w, image, axes=axes), (0, 1), (-2, -1))
        assert abs(np.linalg.svd(f, compute_uv=False) - 0.5).max() < 1e-14


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_groups_are_kernels_of_their_own(dtype: str) -> None:
    w = initcore.conv_orthogonal(Rng(3, dtype=dtype), (12, 2, 3, 3), groups=3)
    assert ConvIsometry().violation(w, groups=3) is None
    assert len({w[4 * g, 0, 0, 0].item() for g in range(3)}) == 3
    if dtype != "float16":
        x = Rng(1, dtype=dtype).normal((1, 6, 5, 5))
        assert energy(circular(w, x, groups=3)) == pytest.approx(energy(x), rel=1e-5)


def test_a_depthwise_kernel_is_a_random_shift() -> None:
    w = abs(initcore.conv_orthogonal(Rng(0, dtype="float64"), (40, 1, 3, 3), groups=40))
    w = w.reshape(40, 9)
    one_hot = np.eye(9)[w.argmax(axis=1)]
    assert abs(w - one_hot).max() < 1e-14
    assert len(np.unique(w.argmax(axis=1))) > 3


def test_the_published_blocks_give_the_same_kernel() -> None:
    # Xiao et al., algorithm 1, block by block, from the same projections.
    n, in_, k = 5, 3, 3
    rng = Rng(7, dtype="float64")
    frame, factors = rng.split(2)
    h = haar(frame, 1, in_, n)[0]
    w = h[None, None]
    for step in range(k - 1):
        p, q = (projection(factors.fold_in(2 * step + a), 1, n)[0] for a in (0, 1))
        eye = np.eye(n)
        block = np.array([[p @ q, p @ (eye - q)], [(eye - p) @ q, (eye - p) @ (eye - q)]])
        grown = np.zeros((w.shape[0] + 1, w.shape[1] + 1, in_, n))
        for i, j, a, b in np.ndindex(*w.shape[:2], 2, 2):
            grown[i + a, j + b] += w[i, j] @ block[a, b]
        w = grown
    ours = initcore.conv_orthogonal(rng, (n, in_, k, k))
    assert abs(ours - w.transpose(3, 2, 0, 1)).max() < 1e-14


def twin(
    seed: int, groups: int, n: int, k: int, *, reuse: bool = False, p_only: bool = False
) -> np.ndarray:
    """A 1-D kernel made the long way, with a fault if asked for."""
    generator = np.random.default_rng(seed)
    kernels = []
    for _ in range(groups):
        w, p = np.linalg.qr(generator.normal(size=(n, n)))[0][None], np.empty(0)
        for step in range(k - 1):
            if not (reuse and step):
                q = np.linalg.qr(generator.normal(size=(n, n)))[0][:, generator.random(n) < 0.5]
                p = q @ q.T
            zero = np.zeros((1, n, n))
            other = p if p_only else np.eye(n) - p
            w = np.concatenate([w @ p, zero]) + np.concatenate([zero, w @ other])
        kernels.append(w.transpose(2, 1, 0))
    return np.concatenate(kernels)


def test_the_invariants_see_one_projection_reused_where_fresh_ones_are_due() -> None:
    groups, n, k = 40, 16, 4
    good, bad = (twin(0, groups, n, k, reuse=reuse) for reuse in (False, True))
    assert ConvIsometry().violation(good, groups=groups) is None
    assert TapEnergies().violation(good, groups=groups) is None
    assert ConvIsometry().violation(bad, groups=groups) is None  # orthogonal all the same
    assert "of the energy, should be" in str(TapEnergies().violation(bad, groups=groups))


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("P where I - P belongs", lambda w: twin(0, 4, 6, 3, p_only=True)),
        ("a zero of 1e-6", lambda w: np.where(abs(w) < 1e-3, w + 1e-6, w)),
        ("a tap lost", lambda w: w * np.array([1, 1, 0])),
        ("rows in another order at one tap", lambda w: np.where([1, 0, 0], w[::-1], w)),
        ("half the gain", lambda w: w / 2),
    ],
)
def test_the_isometry_sees_a_wrong_twin(what: str, spoil: Any) -> None:
    w = twin(1, 4, 6, 3)
    assert ConvIsometry().violation(w, groups=4) is None
    assert ConvIsometry().violation(spoil(w), groups=4) is not None, what


def test_a_kernel_that_is_orthogonal_as_a_matrix_is_no_orthogonal_convolution() -> None:
    w = initcore.orthogonal(Rng(0, dtype="float64"), (6, 6, 3))
    assert "at a frequency" in str(ConvIsometry().violation(w))


def test_taps_have_binomial_energy() -> None:
    groups, n = 200, 8
    w = initcore.conv_orthogonal(Rng(5), (groups * n, n, 3, 2), groups=groups)
    found = (w.astype(float) ** 2).reshape(groups, n, n, 3, 2).sum((0, 1, 2)) / (groups * n)
    wanted = np.outer([1, 2, 1], [1, 1]) / 8
    # 5.3 deviations of TapEnergies' bound: a false alarm for one seed in 10**7 a tap.
    assert abs(found - wanted).max() < 5.3 * math.sqrt(3 / (4 * n * groups))


def test_it_refuses_dense_layers_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"3 to 5 axes, got shape \(4, 4\); for a dense layer"):
        initcore.conv_orthogonal(Rng(0), (4, 4))
