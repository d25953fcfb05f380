"""Identity-preserving kernels, their nearly zero companions, and Hadamard kernels."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch

import initcore
from initcore import Rng
from initcore.invariants import FullRank, HadamardRows, NearZero, RepeatsIdentity, SingleTap

EPS = float(np.finfo(np.float64).eps)


def idinit(shape: tuple[int, ...], **parameters: Any) -> np.ndarray:
    w: np.ndarray = initcore.idinit(Rng(0, dtype="float64"), shape, **{"noise": 0.0, **parameters})
    return w


def zero(shape: tuple[int, ...], **parameters: Any) -> np.ndarray:
    w: np.ndarray = initcore.idinit_zero(Rng(0, dtype="float64"), shape, **parameters)
    return w


def test_dense_kernels_repeat_the_identity() -> None:
    assert (idinit((4, 4), tau=2.0) == 2 * np.eye(4)).all()
    assert (idinit((3, 5)) == np.eye(3, 5)).all()
    assert (idinit((7, 3)) == np.tile(np.eye(3), (3, 1))[:7]).all()
    assert (idinit((8, 3), groups=2) == np.tile(np.tile(np.eye(3), (2, 1))[:4], (2, 1))).all()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_center_is_the_identity_of_a_real_convolution(dims: int, size: int) -> None:
    w = torch.from_numpy(idinit((4, 4, *[size] * dims)))
    x = torch.from_numpy(Rng(1, dtype="float64").normal((2, 4, *[7] * dims)))
    pad = [(size - 1) // 2, size // 2] * dims  # as padding="same" has it, even sizes too
    conv: Any = (torch.conv1d, torch.conv2d, torch.conv3d)[dims - 1]
    assert (conv(torch.nn.functional.pad(x, pad), w) == x).all()


def test_taps_are_filled_from_the_center_outward() -> None:
    w = idinit((18, 2, 3, 3)).reshape(9, 2, 2, 3, 3)
    order = [tuple(int(i) for i in np.argwhere(block[0, 0])[0]) for block in w]
    assert order[0] == (1, 1)
    assert set(order[1:5]) == {(0, 1), (1, 0), (1, 2), (2, 1)}
    assert set(order[5:]) == {(0, 0), (0, 2), (2, 0), (2, 2)}
    assert all((block.sum((2, 3)) == np.eye(2)).all() for block in w)


def test_corner_and_patch_are_reshaped_matrices() -> None:
    # corner: columns (taps, in), as an array (k, k, in, out) reshapes; patch: columns (in, taps).
    out, in_, k = 11, 3, 2
    matrix = np.tile(np.eye(in_ * k * k), (2, 1))[:out]
    corner = matrix.reshape(out, k, k, in_).transpose(0, 3, 1, 2)
    assert (idinit((out, in_, k, k), taps="corner") == corner).all()
    assert (idinit((out, in_, k, k), taps="patch") == matrix.reshape(out, in_, k, k)).all()


@pytest.mark.parametrize("taps", ["center", "corner", "patch"])
@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (40, 4, 3), (6, 2, 3, 3), (30, 2, 2, 3)])
def test_no_rank_is_lost(shape: tuple[int, ...], taps: str) -> None:
    matrix = idinit(shape, taps=taps).reshape(shape[0], -1)
    assert np.linalg.matrix_rank(matrix) == min(matrix.shape)
    assert matrix.any(axis=1).all()


def test_the_noise_is_normal_and_lets_equal_rows_part() -> None:
    w = initcore.idinit(Rng(0, dtype="float64"), (4000, 2), noise=1e-3)
    passed = w[w != 0]
    # 4000 draws: 5.3 deviations, a false alarm for one seed in 10**7.
    assert abs(passed.mean() - 1) < 5.3 * 1e-3 / 4000**0.5
    assert passed.std() == pytest.approx(1e-3, rel=5.3 / 8000**0.5)
    assert np.unique(passed).size == 4000
    default = initcore.idinit(Rng(0), (64, 2))
    assert abs(default[default != 0] - 1).max() < 1e-5
    assert len(np.unique(default[default != 0])) > 20  # in float32 too


def residual_block(width: int, inner: int, taps: tuple[int, ...]) -> torch.nn.Module:
    kind: Any = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)[len(taps)]
    how = {"padding": "same", "kernel_size": taps} if taps else {}
    first = kind(width, inner, bias=False, **how).double()
    last = kind(inner, width, bias=False, **how).double()
    with torch.no_grad():
        first.weight.copy_(
            torch.from_numpy(initcore.idinit(Rng(0, dtype="float64"), tuple(first.weight.shape)))
        )
        last.weight.copy_(torch.from_numpy(zero(tuple(last.weight.shape))))  # fmt: skip
    return torch.nn.Sequential(first, torch.nn.ReLU(), last)


@pytest.mark.parametrize("taps", [(), (3,), (3, 3)])
@pytest.mark.parametrize("inner", [8, 24])
def test_a_real_residual_block_is_the_identity_to_order_eps(
    taps: tuple[int, ...], inner: int
) -> None:
    branch = residual_block(8, inner, taps)
    x = torch.from_numpy(Rng(1, dtype="float64").normal((3, 8, *[6] * len(taps))))
    y = branch(x)
    # ||W x|| <= 2 eps ||x|| for the last kernel; the first one repeats its input inner / 8 times.
    bound = 2e-6 * math.sqrt(inner / 8) * (1 + 1e-4)
    assert 0 < float(y.detach().norm()) <= bound * float(x.norm())
    (y * torch.from_numpy(Rng(2, dtype="float64").normal(tuple(y.shape)))).sum().backward()
    first, last = (p.grad for p in branch.parameters())
    # With zeros in place of the last kernel nothing would reach the first one.
    assert first is not None
    assert first.flatten(1).any(dim=1).sum() >= 7
    assert last is not None
    assert last.flatten(2).any(dim=-1).all() if taps else last.any(dim=0).sum() > 0.8 * inner


def test_zero_kernels_are_differences_of_neighbours() -> None:
    w = zero((5, 3), eps=2.0)
    shifted = np.roll(np.eye(3), 1, axis=1)
    assert (w == 2 * np.tile(np.eye(3) - shifted, (2, 1))[:5]).all()
    one_input = zero((3, 1, 3), eps=1.0)
    assert (one_input.sum(axis=(1, 2)) == 0).all()
    assert (np.count_nonzero(one_input, axis=2) == 2).all()
    depthwise = zero((8, 1, 3, 3), groups=8)
    assert (np.count_nonzero(depthwise.reshape(8, 9), axis=1) == 2).all()


def test_a_zero_kernel_with_one_weight_an_output_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least two weights an output .*, got shape \(4, 1\)"):
        initcore.idinit_zero(Rng(0), (4, 1))


def test_hadamard_is_a_partial_identity_or_sylvester_s_matrix() -> None:
    rng = Rng(0, dtype="float64")
    assert (initcore.hadamard(rng, (3, 5), gain=2.0) == 2 * np.eye(3, 5)).all()
    for out, in_ in [(2, 1), (8, 4), (8, 7), (5, 3), (100, 33)]:
        size = 2 ** math.ceil(math.log2(out))
        wanted = scipy.linalg.hadamard(size)[:out, :in_] / size**0.5
        w = initcore.hadamard(rng, (out, in_))
        assert abs(w - wanted).max() < EPS
        assert np.linalg.matrix_rank(w) == in_
        s = np.linalg.svd(w, compute_uv=False)
        assert s.max() < 1 + 20 * EPS
        if out == size:
            assert abs(s - 1).max() < 20 * EPS
    conv = initcore.hadamard(rng, (8, 2, 3, 3), groups=2)
    assert SingleTap().violation(conv) is None
    assert HadamardRows().violation(conv, groups=2, gain=1.0) is None


def test_the_invariants_see_every_wrong_twin() -> None:
    full = {"tau": 1.0, "noise": 0.0, "taps": "center", "groups": 1}
    w = idinit((8, 4, 3, 3))
    assert RepeatsIdentity().violation(w, **full) is None
    twins = {
        "the identity at the wrong tap": np.roll(w, 1, axis=-1),
        "corner for center": idinit((8, 4, 3, 3), taps="corner"),
        "patch for center": idinit((8, 4, 3, 3), taps="patch"),
        "zeros of 1e-12": np.where(w == 0, 1e-12, w),
        "half of tau": w / 2,
        "zeros below the identity": np.concatenate([w[:4], 0 * w[:4]]),
        "transposed": np.moveaxis(idinit((8, 4, 3, 3)), 0, 1).reshape(8, 4, 3, 3),
    }
    for what, twin in twins.items():
        assert RepeatsIdentity().violation(twin, **full) is not None, what
    padded = np.concatenate([np.eye(4), np.zeros((4, 4))])  # how a widening layer dies
    assert FullRank().violation(padded) == "4 rows are 0"
    assert FullRank().violation(np.ones((4, 4))) == "the rank is 1, should be 4"
    noisy = initcore.idinit(Rng(0, dtype="float64"), (400, 3), noise=1e-2)
    full |= {"noise": 1e-2}
    assert RepeatsIdentity().violation(noisy, **full) is None
    assert RepeatsIdentity().violation(idinit((400, 3)), **full) is not None
    repeated = np.tile(noisy[:3], (134, 1))[:400]
    assert RepeatsIdentity().violation(repeated, **full) is not None

    small = {"eps": 1e-6, "taps": "center", "groups": 1}
    z = zero((8, 4))
    assert NearZero().violation(z, **small) is None
    for what, twin in {
        "plain zeros": 0 * z,
        "a missing minus sign": abs(z),
        "the identity": 1e-6 * np.tile(np.eye(4), (2, 1)),
        "ten times too much": 10 * z,
        "transposed": z.T.copy().reshape(8, 4),
        "rows swapped": z[::-1],
    }.items():
        assert NearZero().violation(twin, **small) is not None, what

    h = initcore.hadamard(Rng(0, dtype="float64"), (8, 4))
    assert HadamardRows().violation(h) is None
    assert HadamardRows().violation(abs(h)) is not None
    assert HadamardRows().violation(np.eye(8, 4)) is not None


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: initcore.idinit(Rng(0), (4, 4), tau=0.0), "tau .*> 0, got 0.0"),
        (lambda: initcore.idinit(Rng(0), (4, 4), noise=-1.0), "noise .*>= 0, got -1"),
        (lambda: initcore.idinit(Rng(0), (4, 4), taps="middle"), "'center', 'corner', 'patch'"),
        (lambda: initcore.idinit_zero(Rng(0), (4, 4), eps=0.0), "eps .*> 0, got 0.0"),
        (lambda: initcore.hadamard(Rng(0), (4,)), "2 or more axes"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()


def test_the_farthest_of_many_entries_may_be_farther() -> None:
    """At the promised rate of false alarms for all entries together, not for each."""
    full = {"tau": 0.0, "noise": 1.0, "taps": "center"}
    for count, inside, outside in ((100, 6.0, 6.2), (100_000, 7.0, 7.2)):
        w = np.random.default_rng(count).standard_normal((count, 1)).astype(np.float32)
        w[7] = inside
        assert RepeatsIdentity().violation(w, **full) is None
        w[7] = outside
        assert "off tau" in str(RepeatsIdentity().violation(w, **full))
