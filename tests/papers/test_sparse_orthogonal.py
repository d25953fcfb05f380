"""Exact sparse orthogonal kernels: isometry, density, its law, masks, and wrong twins."""

import math
import tracemalloc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn.utils import prune

import initcore
from initcore import Rng
from initcore.initializers._plane_rotations import plan
from initcore.invariants import Density, Isometry, RotationPairing, SingleTap
from initcore.invariants._pairing import _kinds, _simulated

SHAPES = [(1, 1), (1, 40), (40, 1), (2, 2), (30, 50), (50, 30), (64, 64), (65, 64)]


def sparse(seed: int, shape: tuple[int, ...], **parameters: Any) -> Any:
    dtype = parameters.pop("dtype", "float64")
    return initcore.sparse_orthogonal(Rng(seed, dtype=dtype), shape, **parameters)


def published(seed: int, n: int, m: int, density: float) -> tuple[np.ndarray, int]:
    """The published loop for `n <= m`: the matrix, and how many rotations it took."""
    generator = np.random.default_rng(seed)
    w, count, wanted = np.eye(n, m), 0, density * n * m
    before = w
    while np.count_nonzero(w) < wanted:
        before = w.copy()
        i, j = generator.choice(m, 2, replace=False)
        angle = generator.uniform(0, 2 * np.pi)
        w[:, i] = np.cos(angle) * before[:, i] - np.sin(angle) * before[:, j]
        w[:, j] = np.sin(angle) * before[:, i] + np.cos(angle) * before[:, j]
        count += 1
    nearer = wanted - np.count_nonzero(before) < np.count_nonzero(w) - wanted
    return (before, count - 1) if nearer else (w, count)


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


def test_a_row_has_the_nonzeros_of_the_published_loop() -> None:
    # Spread of the nonzeros of a row, ours against theirs: a ratio of two variances of some
    # thousand correlated counts each, seen between 0.9 and 1.1.
    n, m, density = 40, 60, 0.2
    ours = [(sparse(s, (n, m), density=density) != 0).sum(1) for s in range(60)]
    theirs = [(published(s, n, m, density)[0] != 0).sum(1) for s in range(60)]
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=0.02)
    assert np.var(ours) == pytest.approx(np.var(theirs), rel=0.25)
    counts = [plan(Rng(s), n, m, density * n * m, "uniform").count for s in range(60)]
    assert np.mean(counts) == pytest.approx(np.mean([published(s, n, m, density)[1]
                                                     for s in range(60)]), rel=0.05)  # fmt: skip


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


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from initcore.initializers import _plane_rotations as _givens

    expected = sparse(0, (100, 120), density=0.3)
    monkeypatch.setattr(_givens, "BLOCK", 700)
    monkeypatch.setattr(_givens, "PARALLEL", 1)
    assert (sparse(0, (100, 120), density=0.3) == expected).all()


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


@pytest.mark.parametrize("groups", [1, 3])
def test_jit_gives_the_same_values_for_traced_and_for_known_keys(groups: int) -> None:
    given = {"density": 0.4, "groups": groups, "gain": 2.0}
    shape = (24, 10, 3)
    expected = sparse(3, shape, dtype="float32", **given)

    def draw(a: Any, b: Any) -> Any:
        return initcore.sparse_orthogonal(Rng.from_key((a, b), xp=jnp), shape, **given)

    known = jax.jit(lambda: initcore.sparse_orthogonal(Rng(3, xp=jnp), shape, **given))()
    assert (np.asarray(known) == expected).all()
    words = jnp.uint32(0), jnp.uint32(3)
    assert (np.asarray(jax.jit(draw)(*words)) == expected).all()
    assert (np.asarray(draw(*words)) == expected).all()
    many = jax.vmap(draw)(jnp.zeros(3, jnp.uint32), jnp.arange(3, 6, dtype=jnp.uint32))
    assert (np.asarray(many[0]) == expected).all()
    assert (np.asarray(many[1]) == sparse(4, shape, dtype="float32", **given)).all()
    mask = jax.jit(
        lambda a, b: initcore.sparse_orthogonal_mask(
            Rng.from_key((a, b), xp=jnp), shape, density=0.4, groups=groups
        )
    )(*words)
    reference = initcore.sparse_orthogonal_mask(Rng(3), shape, density=0.4, groups=groups)
    assert (np.asarray(mask) == reference).all()


def test_a_gain_may_be_traced_but_a_density_may_not() -> None:
    expected = sparse(0, (6, 6), density=0.5, gain=2.0, dtype="float32")
    rng = Rng(0, xp=jnp)
    w = jax.jit(lambda g: initcore.sparse_orthogonal(rng, (6, 6), density=0.5, gain=g))(2.0)
    assert abs(np.asarray(w) - expected).max() < 1e-6
    with pytest.raises(TypeError, match=r"density .* finite number in \(0, 1\]"):
        jax.jit(lambda d: initcore.sparse_orthogonal(rng, (6, 6), density=d))(0.5)


def test_torch_compile_gives_the_same_values() -> None:
    expected = sparse(3, (20, 30), density=0.3, dtype="float32")

    @torch.compile(backend="eager")
    def scaled() -> Any:
        return 2 * initcore.sparse_orthogonal(Rng(3, xp=torch), (20, 30), density=0.3)

    assert (scaled().numpy() == 2 * expected).all()


@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_memory_stays_near_the_result_on_any_number_of_cores(
    monkeypatch: pytest.MonkeyPatch, sampling: str
) -> None:
    from initcore.initializers import _plane_rotations as _givens

    def peak(shape: tuple[int, int], density: float) -> float:
        tracemalloc.start()
        w = sparse(0, shape, density=density, dtype="float32", sampling=sampling)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / w.nbytes

    for cores in (1, 2, 64):
        monkeypatch.setattr(_givens, "cores", lambda cores=cores: cores)
        assert peak((1024, 1024), 0.125) < 4
        assert peak((3000, 3000), 0.1) < 4
    monkeypatch.setattr(_givens, "cores", lambda: 2)
    assert peak((3000, 3000), 0.1) < 1.5
    # The twin that works on the whole matrix at once in float64.
    monkeypatch.setattr(_givens, "BLOCK", 1 << 30)
    assert peak((1024, 1024), 0.125) > 4


@pytest.mark.thorough
@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_large_kernels(sampling: str) -> None:
    w = initcore.sparse_orthogonal(Rng(0), (8192, 8192), density=0.01, sampling=sampling)
    assert abs(np.count_nonzero(w) - 0.01 * w.size) <= 4096
    x = Rng(1).normal((8192,))
    assert np.linalg.norm(w @ x) == pytest.approx(np.linalg.norm(x), rel=1e-5)


def rotated_on_the_shorter_side(groups: int, n: int, m: int, density: float) -> np.ndarray:
    return np.concatenate(
        [
            np.concatenate(
                [published(g, n, n, min(1.0, density * m / n))[0], np.zeros((n, m - n))], axis=1
            )
            for g in range(groups)
        ]
    )


def test_thousands_of_small_kernels_raise_no_alarm() -> None:
    # At 2 x 3 the mean number of empty lines is farthest above what a mean of rotations leaves.
    for sampling in ("uniform", "matching"):
        given = {"density": 0.75, "groups": 1500, "sampling": sampling}
        assert Density().violation(sparse(0, (4500, 2), **given), **given) is None


@pytest.mark.parametrize("shape", [(4, 4), (6, 6), (3, 6), (6, 4, 3), (12, 5)])
@pytest.mark.parametrize("sampling", ["uniform", "matching"])
def test_the_way_in_which_columns_are_paired_is_told(shape: tuple[int, ...], sampling: str) -> None:
    (other,) = {"uniform", "matching"} - {sampling}
    groups, told = 400, 0
    for density in (0.3125, 0.625):
        given = {"density": density, "groups": groups}
        w = sparse(0, (groups * shape[0], *shape[1:]), sampling=sampling, **given)
        assert RotationPairing().violation(w, sampling=sampling, **given) is None
        wrong = RotationPairing().violation(w, sampling=other, **given)
        assert wrong is None or f"400 matrices fit sampling={sampling!r} better" in wrong
        told += wrong is not None
    assert told


def test_few_and_long_and_narrow_matrices_are_not_asked_how_they_were_paired() -> None:
    for shape, groups in (((4, 4), 15), ((13, 13), 30), ((3, 3), 400), ((6, 0), 400)):
        given = {"density": 0.5, "groups": groups}
        w = sparse(0, (groups * shape[0], *shape[1:]), **given)
        assert RotationPairing().violation(w, sampling="matching", **given) is None
    w = np.zeros((400, 4))
    assert RotationPairing().violation(w, gain=0.0, density=0.5, groups=100) is None


def test_the_simulation_behind_it_fills_as_the_core_does() -> None:
    for sampling in ("uniform", "matching"):
        w = sparse(0, (8000, 5), sampling=sampling, density=0.6, groups=2000)
        used = (w != 0).reshape(2000, 4, 5)
        counts = [np.bincount(_kinds(u), minlength=36) / len(u) for u in
                  (used, _simulated(4, 5, 12.0, sampling, 7))]  # fmt: skip
        np.testing.assert_allclose(*counts, atol=5 * math.sqrt(0.25 / 2000))


def test_the_invariants_see_every_wrong_twin() -> None:
    groups, n, m, density = 8, 16, 40, 0.2
    given = {"density": density, "groups": groups, "gain": 1.0}
    good = sparse(0, (groups * n, m), **given)
    exact = Isometry(center=True)
    assert Density().violation(good, **given) is None
    assert exact.violation(good, **given) is None

    tiny = np.where(good == 0, 1e-12, good)
    assert "nonzeros, should be" in str(Density().violation(tiny, **given))
    most_tiny = good * (
        Rng(0).uniform(good.shape) > 0.3
    )  # nonzeros moved, and 1e-12 in their place
    most_tiny[(good != 0) & (most_tiny == 0)] = 1e-12
    assert "zeros that are not exact" in str(Density().violation(most_tiny, **given))
    assert "off the identity" in str(exact.violation(most_tiny, **given))

    shorter = rotated_on_the_shorter_side(groups, n, m, density)
    assert exact.violation(shorter, **given) is None
    assert "rotations belong there" in str(Density().violation(shorter, **given))

    pruned = np.linalg.qr(np.random.default_rng(0).normal(size=(m, n)))[0].T
    pruned = np.where(abs(pruned) >= np.quantile(abs(pruned), 1 - density), pruned, 0)
    assert Density().violation(pruned, density=density) is None
    assert "off the identity" in str(exact.violation(pruned))

    transposed = sparse(0, (m, n), density=density).reshape(n, m)  # memory of the other layout
    assert exact.violation(transposed) is not None

    tap = sparse(0, (8, 8, 4, 4), density=0.3)
    assert SingleTap().violation(tap) is None
    assert SingleTap().violation(np.roll(tap, 1, axis=-1)) is not None


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


def test_empty_kernels_have_empty_masks() -> None:
    for shape in ((0, 3), (3, 0), (2, 2, 0)):
        assert initcore.sparse_orthogonal_mask(Rng(0), shape, density=0.1).shape == shape
