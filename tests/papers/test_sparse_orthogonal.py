"""Exact sparse orthogonal kernels: isometry, density and its distribution, and errors."""

from typing import Any

import numpy as np
import pytest

import initcore
from initcore import Rng
from initcore.initializers._plane_rotations import plan
from initcore.invariants import Density, Isometry

SHAPES = [(1, 1), (1, 40), (40, 1), (2, 2), (30, 50), (50, 30), (64, 64), (65, 64)]


def sparse(seed: int, shape: tuple[int, ...], **parameters: Any) -> Any:
    dtype = parameters.pop("dtype", "float64")
    return initcore.sparse_orthogonal(Rng(seed, dtype=dtype), shape, **parameters)


@pytest.mark.parametrize("sampling", ["uniform", "matching"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_orthogonal_and_as_sparse_as_asked(shape: tuple[int, int], sampling: str) -> None:
    n, m = sorted(shape)
    for density in sorted({1 / m, min(1.0, 2.5 / m), 0.2, 0.5, 1.0}):
        if density < 1 / m:
            continue
        w = sparse(1, shape, density=density, sampling=sampling, gain=3.0)
        gram = (w @ w.T if shape[0] <= shape[1] else w.T @ w) / 9
        assert abs(gram - np.eye(n)).max() < 20 * np.finfo(float).eps
        # One rotation fills at most n places, and the nearer of two matrices is kept.
        assert abs(np.count_nonzero(w) - density * n * m) <= n / 2
        assert w.any(axis=1).all() if shape[0] <= shape[1] else w.any(axis=0).all()


def test_the_least_density_is_a_random_signed_permutation() -> None:
    w = sparse(0, (50, 50), density=1 / 50)
    assert (np.sort(abs(w), axis=1)[:, -1] == 1).all()
    assert np.count_nonzero(w) == 50
    assert np.count_nonzero(np.diag(w)) < 10
    signs = {np.sign(np.linalg.det(sparse(s, (4, 4), density=0.5))) for s in range(20)}
    assert signs == {-1, 1}


@pytest.mark.parametrize(
    ("m", "density", "rotations"),
    [(100, 0.1, 123), (100, 0.25, 185), (100, 0.5, 252), (128, 0.125, 192), (512, 0.5, 1719)],
)
def test_the_number_of_rotations_follows_the_birth_chain(
    m: int, density: float, rotations: int
) -> None:
    # METHODS: the first t with expected density >= d. The nonzeros of a row are a birth chain
    # from 1 with P(k -> k + 1) = 2k(m - k) / (m(m - 1)).
    law, t, k = np.zeros(m + 1), 0, np.arange(m + 1)
    law[1] = 1
    up = 2 * k * (m - k) / (m * (m - 1))
    while law @ k < density * m:
        law = law * (1 - up) + np.roll(law * up, 1)
        t += 1
    assert t == rotations
    drawn = [plan(Rng(s), m, m, density * m * m, "uniform").count for s in range(40)]
    # The stopped number varies by a few per cent; its mean over 40 seeds by a sixth of that.
    assert np.mean(drawn) == pytest.approx(rotations, rel=0.03)


def test_one_rotation_has_the_expected_density() -> None:
    # E dens(1) = (1 + 2/m) / m: two rows meet, each gets a second nonzero.
    m = 10
    w = plan(Rng(0), m, m, m + 2, "uniform")
    assert w.count == 1
    assert w.mask().sum() == m + 2


def test_matchings_fill_lines_more_evenly_and_take_few_levels() -> None:
    n, density = 128, 0.25
    spread = {}
    for sampling in ("uniform", "matching"):
        rotations = plan(Rng(0), n, n, density * n * n, sampling)
        spread[sampling] = rotations.mask().sum(axis=0).std()
        levels = len(rotations.levels)
    assert spread["matching"] < spread["uniform"] / 2
    assert levels <= 8  # log2(m d) = 5 doublings, and the lines' overlaps


@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_the_levels_apply_the_rotations_in_their_order(sampling: str) -> None:
    # One rotation at a time on the whole matrix, in the order of levels and in a shuffled order
    # within each level: disjoint rotations commute.
    rotations = plan(Rng(3), 20, 31, 0.4 * 20 * 31, sampling)
    generator = np.random.default_rng(0)
    x = np.zeros((20, 31))
    x[np.arange(20), rotations.places] = rotations.signs
    for i, j, cos, sin in rotations.levels:
        assert len({*i, *j}) == 2 * len(i)
        for r in generator.permutation(len(i)):
            a, b = x[:, i[r]].copy(), x[:, j[r]].copy()
            x[:, i[r]] = cos[r] * a - sin[r] * b
            x[:, j[r]] = sin[r] * a + cos[r] * b
    w = np.empty((20, 31))
    rotations.write(w)
    assert abs(w - x).max() < 1e-15
    assert ((w != 0) == rotations.mask()).all()


def test_the_result_is_rounded_once_from_float64() -> None:
    fine, coarse = (sparse(2, (60, 80), density=0.3, dtype=d) for d in ("float64", "float32"))
    assert (fine.astype(np.float32) == coarse).all()
    assert not np.signbit(coarse[coarse == 0]).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_keeps_the_places_of_the_nonzeros(dtype: str) -> None:
    w = sparse(2, (256, 256), density=0.2, dtype=dtype)
    mask = initcore.sparse_orthogonal_mask(Rng(2), (256, 256), density=0.2)
    assert not w[~mask].any()
    assert (w[mask] == 0).mean() < 1e-2  # smaller than float16 can hold
    for invariant in (Isometry(center=True), Density()):
        assert invariant.violation(w, density=0.2) is None


@pytest.mark.parametrize(
    ("shape", "parameters", "error", "text"),
    [
        ((64, 128), {"density": 0.005}, ValueError, "a density of at least 0.0078125, one nonzero"),
        ((64, 128, 3), {"density": 0.005}, ValueError, "not 0.005, got shape"),
        ((64, 64, 3), {"density": 0.0001, "tap_density": "more"}, ValueError, "at least 0.0052083"),
        ((64, 128), {"density": 0.0}, ValueError, r"in \(0, 1\], got 0.0"),
        ((64, 128), {"density": 1.5}, ValueError, r"fraction of trainable weights.* got 1.5"),
        ((64, 128), {"density": "0.5"}, TypeError, "got '0.5'"),
        ((64, 128), {}, TypeError, "needs a value for density"),
        ((64, 128), {"density": 0.5, "sampling": "best"}, ValueError, "'uniform', 'matching'"),
        ((64,), {"density": 0.5}, ValueError, "2 to 5 axes"),
    ],
)
def test_bad_input_gets_one_clear_sentence(
    shape: tuple[int, ...], parameters: dict[str, Any], error: type, text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        initcore.sparse_orthogonal(Rng(0), shape, **parameters)
    assert "\n" not in str(caught.value)
    if parameters:
        with pytest.raises(error, match=text):
            initcore.sparse_orthogonal_mask(Rng(0), shape, **parameters)
