"""Masks from scores: the largest are kept exactly, and every layer keeps its least."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

import initcore
import initcore_torch
from initcore import density
from tests.tools.scored_net import plain


def test_sparse_orthogonal_kernels_take_their_counts_from_scores() -> None:
    net = plain(4, 8).double()
    scores = initcore_torch.synflow(net, (1, 1, 8, 8), 0.08)
    least = {n: max(s.shape[:2]) for n, s in scores.items()}
    found = density.from_scores(scores, 0.08, least=least)
    kept = 0
    for seed, (name, d) in enumerate(found.items()):
        shape = tuple(scores[name].shape)
        mask = initcore.sparse_orthogonal_mask(
            initcore.Rng(seed), shape, density=d, tap_density="more"
        )
        # A convolution's count is exact; a matrix may have half a rotation more.
        more = int(mask.sum()) - round(d * mask.size)
        assert 0 <= more <= (0 if len(shape) > 2 else min(shape) / 2)
        kept += int(mask.sum()) - more
    assert kept == round(0.08 * sum(s.numel() for s in scores.values()))


LAYERS = st.lists(
    st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(lambda s: np.array(s, float)),
    min_size=1, max_size=5,
)  # fmt: skip


@given(scores=LAYERS, wanted=st.floats(0, 1))
def test_the_largest_are_kept_exactly_with_ties(scores: list[np.ndarray], wanted: float) -> None:
    masks = density.masks_from_scores(scores, wanted)
    flat, kept = np.concatenate(scores), np.concatenate(masks)
    assert kept.sum() == round(wanted * flat.size)
    if kept.any() and not kept.all():
        edge = flat[kept].min()
        assert edge >= flat[~kept].max()
        tied = kept[flat == edge]
        assert (np.sort(tied)[::-1] == tied).all()  # the first of them
    found = density.from_scores(scores, wanted)
    assert [round(d * s.size) for d, s in zip(found, scores, strict=True)] == [
        m.sum() for m in masks
    ]


@given(scores=LAYERS, least=st.integers(0, 2))
def test_every_layer_keeps_the_least_asked_for(scores: list[np.ndarray], least: int) -> None:
    floors = [min(least, s.size) for s in scores]
    total = sum(s.size for s in scores)
    wanted = min(1.0, (sum(floors) + 2) / total)
    masks = density.masks_from_scores(scores, wanted, least=floors)
    assert sum(m.sum() for m in masks) == round(wanted * total)
    for s, m, floor in zip(scores, masks, floors, strict=True):
        assert m.sum() >= floor
        assert not m.any() or m.all() or s[m].min() >= s[~m].max()


def test_masks_are_of_the_scores_shape_name_and_device() -> None:
    scores = {"b": torch.tensor([[1.0, 4.0]], dtype=torch.bfloat16), "a": torch.tensor([[2.0]])}
    masks = initcore_torch.masks_from_scores(scores, 2 / 3)
    assert {n: m.tolist() for n, m in masks.items()} == {"b": [[False, True]], "a": [[True]]}
    assert masks["a"].dtype == torch.bool
    assert density.from_scores(scores, 2 / 3) == {"b": 0.5, "a": 1.0}
