"""Masks of sparse orthogonal kernels: their counts, their zeros, and real layers under them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

import initcore
from initcore import Rng
from initcore.invariants import SingleTap


def sparse(seed: int, shape: tuple[int, ...], **parameters: Any) -> Any:
    dtype = parameters.pop("dtype", "float64")
    return initcore.sparse_orthogonal(Rng(seed, dtype=dtype), shape, **parameters)


def test_the_mask_is_of_the_very_kernel_and_counts_exactly() -> None:
    for shape, density, how in [
        ((40, 30), 0.2, "same"),
        ((16, 24, 3, 3), 0.2, "same"),
        ((16, 24, 3, 3), 0.2, "more"),
        ((16, 24, 3), 0.03, "more"),
        ((16, 24, 3), 1.0, "same"),
        ((16, 24, 5, 5), 0.9, "same"),
    ]:
        given = {"density": density, "tap_density": how}
        w = sparse(4, shape, **given)
        mask = initcore.sparse_orthogonal_mask(Rng(4), shape, **given)
        assert mask.shape == shape
        assert mask.dtype == bool
        assert not w[~mask].any()
        assert mask.sum() == max(round(density * w.size), np.count_nonzero(w)), (shape, given)
        assert mask.sum() - density * w.size <= min(shape[:2]) / 2


def test_more_nonzeros_on_the_tap_where_the_other_taps_are_zeros() -> None:
    same, more = (sparse(0, (32, 32, 3, 3), density=0.1, tap_density=t) for t in ("same", "more"))
    assert SingleTap().violation(more) is None
    # min(.1 * 9, sqrt(.1)) = .316
    assert np.count_nonzero(same) == pytest.approx(0.1 * 1024, abs=16)
    assert np.count_nonzero(more) == pytest.approx(0.1**0.5 * 1024, abs=16)


def test_the_zeros_of_the_mask_are_spread_over_all_taps() -> None:
    shape, density = (32, 32, 3, 3), 0.2
    mask = initcore.sparse_orthogonal_mask(Rng(0), shape, density=density)
    taps = np.delete(mask.sum(axis=(0, 1)).reshape(-1), 4)
    expected = (density * 9216 - 0.2 * 1024) / 8
    # Hypergeometric counts of 1024 places: 5 deviations, one seed in 10**6.
    assert abs(taps - expected).max() < 5 * (expected * (1 - expected / 1024)) ** 0.5


def test_a_masked_real_layer_keeps_lengths() -> None:
    layer = torch.nn.Conv2d(8, 12, 3, padding=1, padding_mode="circular", bias=False).double()
    w = sparse(0, (12, 8, 3, 3), density=0.3)
    mask = initcore.sparse_orthogonal_mask(Rng(0), (12, 8, 3, 3), density=0.3)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w))
    prune.custom_from_mask(layer, "weight", torch.from_numpy(mask))
    x = torch.from_numpy(Rng(1, dtype="float64").normal((2, 8, 6, 6)))
    assert float((layer(x).detach() ** 2).sum()) == pytest.approx(float((x**2).sum()), rel=1e-13)


def test_empty_kernels_have_empty_masks() -> None:
    for shape in ((0, 3), (3, 0), (2, 2, 0)):
        assert initcore.sparse_orthogonal_mask(Rng(0), shape, density=0.1).shape == shape
