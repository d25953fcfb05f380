"""Measured spectra: exact ones, estimates with their error bars, and wrong products."""

from typing import Any

import numpy as np
import pytest

import initcore
from initcore import Rng, diagnostics

rng = Rng(0, dtype="float64")


def products(jacobians: Any) -> tuple[Any, Any, Any]:
    def forward(v: Any) -> Any:
        return np.einsum("boi,kbi->kbo", jacobians, v)

    def backward(u: Any) -> Any:
        return np.einsum("boi,kbo->kbi", jacobians, u)

    batch, out, in_ = jacobians.shape
    return forward, backward, ((batch, in_), (batch, out))


@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 7, 4), (2, 4, 70)])
def test_small_jacobians_give_all_their_singular_values(shape: tuple[int, int, int]) -> None:
    jacobians = rng.normal(shape)
    *maps, shapes = products(jacobians)
    found = diagnostics.spectrum_of(*maps, shapes, probes=2, steps=2, seed=0)
    wanted = np.sort(np.linalg.svd(jacobians, compute_uv=False) ** 2, axis=None)
    assert found.exact
    assert found.size == wanted.size
    np.testing.assert_allclose(np.sort(found.nodes, axis=None), wanted, rtol=1e-9, atol=1e-12)
    assert found.error() == 0.0
    assert found.quantile(0.5) == pytest.approx(wanted[(wanted.size - 1) // 2])
    assert found.cdf(wanted[-1] * 1.001) == pytest.approx(1.0)


def test_an_estimate_is_within_its_error_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    from initcore.diagnostics import _spectrum

    jacobians = rng.fold_in(1).normal((2, 300, 200)) / 300**0.5
    *maps, shapes = products(jacobians)
    exact = diagnostics.spectrum_of(*maps, shapes, probes=2, steps=2, seed=0)
    monkeypatch.setattr(_spectrum, "EXACT", 10)
    found = diagnostics.spectrum_of(*maps, shapes, probes=16, steps=24, seed=0)
    assert not found.exact
    # Five standard errors of 16 probes: a false alarm in some 10,000 (Student, 15 degrees).
    for function in (lambda x: x, lambda x: x**2, np.sqrt):
        mean = float((found.weights * function(found.nodes)).sum(axis=1).mean())
        wanted = float(function(exact.nodes).mean())
        assert 0 < found.error(function) < 0.05 * wanted
        assert abs(mean - wanted) < 5 * found.error(function)
    ranks = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(found.quantile(ranks), exact.quantile(ranks), rtol=0.15)
    # A transpose that is none is seen: the mean square of a wrong pair is another one.
    wrong = diagnostics.spectrum_of(
        maps[0], lambda u: np.roll(maps[1](u), 1, axis=-1), shapes, probes=16, steps=24, seed=0
    )
    assert abs(wrong.mean - exact.mean) > 5 * found.error()


def test_quadrature_integrates_polynomials_exactly() -> None:
    values = np.linspace(0.5, 2.0, 60)
    nodes, weights = diagnostics.quadrature(lambda v: v * values, 60, probes=3, steps=8, seed=4)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    probe = Rng(4, dtype="float64").normal((3, 60))
    share = probe**2 / (probe**2).sum(axis=1, keepdims=True)
    for power in range(16):  # 2 * steps - 1
        wanted = (share * values**power).sum(axis=1)
        np.testing.assert_allclose((weights * nodes**power).sum(axis=1), wanted, rtol=1e-10)


def test_a_probe_in_an_invariant_subspace_ends_early() -> None:
    nodes, weights = diagnostics.quadrature(lambda v: 3.0 * v, 50, probes=2, steps=10, seed=0)
    np.testing.assert_allclose((weights * nodes).sum(axis=1), 3.0, rtol=1e-12)
    np.testing.assert_allclose((weights * nodes**2).sum(axis=1), 9.0, rtol=1e-12)


def test_a_jacobian_that_explodes_is_said_to() -> None:
    bad = np.full((1, 3, 3), np.inf)
    *maps, shapes = products(bad)
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match="the network explodes"),
    ):
        diagnostics.spectrum_of(*maps, shapes, probes=1, steps=1, seed=0)


@pytest.mark.parametrize("groups", [1, 2])
def test_singular_values_of_a_layer_are_those_of_its_matrix(groups: int) -> None:
    w = rng.fold_in(2).normal((6, 4))
    parts = np.split(w, groups)
    wanted = np.sort(np.concatenate([np.linalg.svd(p, compute_uv=False) for p in parts]))
    np.testing.assert_allclose(diagnostics.singular_values(w, groups), wanted)


def test_singular_values_of_a_convolution_are_those_of_the_circular_one() -> None:
    w, side = rng.fold_in(3).normal((3, 2, 3)), 7
    dense = np.zeros((3, side, 2, side))
    for o in range(3):
        for i in range(2):
            for tap in range(3):
                for x in range(side):
                    dense[o, (x + tap) % side, i, x] += w[o, i, tap]
    wanted = np.sort(np.linalg.svd(dense.reshape(3 * side, 2 * side), compute_uv=False))
    np.testing.assert_allclose(diagnostics.singular_values(w, image=side), wanted)
    orthogonal = initcore.conv_orthogonal(rng, (5, 4, 3, 3), gain=1.5)
    np.testing.assert_allclose(diagnostics.singular_values(orthogonal, image=8), 1.5, rtol=1e-12)
