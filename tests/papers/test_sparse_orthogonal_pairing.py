"""The pairing of rotations is tested on sparse orthogonal kernels, and wrong twins are seen."""

import math
from typing import Any

import numpy as np
import pytest

import initcore
from initcore import Rng
from initcore.initializers._plane_rotations import plan
from initcore.invariants import Density, Isometry, RotationPairing, SingleTap
from initcore.invariants._pairing import _kinds, _simulated


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
