"""Densities of layers: their law, and the exact total."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import initcore
from initcore import density

SHAPES = st.lists(st.lists(st.integers(1, 40), min_size=2, max_size=4).map(tuple), min_size=1)
LAWS = [density.uniform, density.erdos_renyi, density.erdos_renyi_kernel]


@pytest.mark.parametrize("law", LAWS)
@given(shapes=SHAPES, wanted=st.floats(0, 1))
def test_the_total_is_exact_and_no_layer_is_overfull(
    law: Any, shapes: list[tuple[int, ...]], wanted: float
) -> None:
    sizes = [int(np.prod(s)) for s in shapes]
    found = law(shapes, wanted)
    counts = [d * n for d, n in zip(found, sizes, strict=True)]
    assert all(0 <= d <= 1 for d in found)
    assert all(abs(c - round(c)) < 1e-9 for c in counts)
    assert round(sum(counts)) == round(wanted * sum(sizes))


def test_layers_that_are_not_full_follow_the_law() -> None:
    shapes = [(256, 64, 3, 3), (256, 256, 3, 3), (512, 256, 3, 3), (10, 512)]
    for law, raw in (
        (density.erdos_renyi, lambda s: (s[0] + s[1]) / (s[0] * s[1])),
        (density.erdos_renyi_kernel, lambda s: sum(s) / np.prod(s)),
    ):
        found = law(shapes, 0.05)
        ratio = [d / raw(s) for d, s in zip(found, shapes, strict=True) if d < 1]
        assert ratio == pytest.approx([ratio[0]] * len(ratio), rel=1e-4)  # to one weight
    assert density.uniform(shapes, 0.05) == pytest.approx([0.05] * 4, abs=1 / 5120)


def test_layers_that_would_pass_1_are_dense_and_the_rest_is_solved_for_again() -> None:
    shapes = [(300, 784), (100, 300), (10, 100)]
    found = density.erdos_renyi(shapes, 0.1)
    assert found[2] == 1
    raw = [(a + b) / (a * b) for a, b in shapes]
    assert found[0] / found[1] == pytest.approx(raw[0] / raw[1], rel=1e-4)


def test_names_stay_with_their_layers() -> None:
    shapes = {"b": (20, 30), "a": (10, 20, 3)}
    for law in LAWS:
        found = law(shapes, 0.3)
        assert list(found) == ["b", "a"]
        assert list(found.values()) == law(list(shapes.values()), 0.3)


def test_a_whole_network_of_sparse_kernels_has_the_number_of_weights_asked_for() -> None:
    shapes = [(64, 3, 3, 3), (64, 64, 3, 3), (128, 64, 3, 3), (10, 128)]
    found = density.erdos_renyi_kernel(shapes, 0.1)
    kept = 0
    for shape, d in zip(shapes, found, strict=True):
        rng = initcore.Rng(0)
        mask = initcore.sparse_orthogonal_mask(rng, shape, density=d, tap_density="more")
        kept += int(mask.sum())
    assert kept == round(0.1 * sum(int(np.prod(s)) for s in shapes))


def test_a_twin_that_rounds_each_layer_by_itself_misses_the_total() -> None:
    shapes = [(3, 3)] * 10
    assert sum(round(0.05 * 9) for _ in shapes) == 0
    assert sum(d * 9 for d in density.uniform(shapes, 0.05)) == pytest.approx(round(0.05 * 90))


@pytest.mark.parametrize(
    ("shapes", "value", "error", "text"),
    [
        ([(4, 4)], 1.5, ValueError, r"uniform needs a density in \[0, 1\], got 1.5"),
        ([(4, 4)], float("nan"), ValueError, r"in \[0, 1\], got nan"),
        ([(4, 4)], "0.5", TypeError, r"in \[0, 1\], got '0.5'"),
        ([(4,)], 0.5, ValueError, r"shapes \(out, in, \*spatial\) of weights, got \(4,\)"),
        ([(4, 0)], 0.5, ValueError, r"of weights, got \(4, 0\)"),
        ([(4, 4.0)], 0.5, TypeError, "made of integers"),
    ],
)
def test_bad_input_gets_one_clear_sentence(shapes: Any, value: Any, error: type, text: str) -> None:
    with pytest.raises(error, match=text):
        density.uniform(shapes, value)
