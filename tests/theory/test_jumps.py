"""Activations that jump or bend sharply: exact means from few values, and no spikes in slopes."""

import contextlib
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import initcore
from initcore import theory
from initcore.activations import activation_of, mean

# The activation, where it jumps or bends, and its slope elsewhere.
JUMPS: dict[str, tuple[Callable[[Any], Any], list[float], Callable[[Any], Any]]] = {
    "hard shrink": (lambda x: np.where(abs(x) > 0.5, x, 0.0), [-0.5, 0.5], lambda x: abs(x) > 0.5),
    "threshold": (lambda x: np.where(x > 0.1, x, 20.0), [0.1], lambda x: x > 0.1),
    "steep ELU": (lambda x: np.where(x > 0, x, 3 * np.expm1(np.minimum(x, 0))), [0.0],
                  lambda x: np.where(x > 0, 1.0, 3 * np.exp(np.minimum(x, 0)))),
    "shifted step": (lambda x: np.where(x > 1 / 3, 1.0, -0.2), [1 / 3], lambda x: 0.0 * x),
    "sawtooth": (lambda x: x - np.floor(x), list(range(-12, 13)), lambda x: 1.0 + 0.0 * x),
    "round": (np.round, [k + 0.5 for k in range(-12, 12)], lambda x: 0.0 * x),
}  # fmt: skip


def normal_mean(f: Callable[[Any], Any], q: float, breaks: list[float]) -> float:
    """`E f(sqrt(q) z)` by SciPy, interval by interval."""
    root = math.sqrt(q)
    ends = [-12.0, *(b / root for b in breaks if abs(b / root) < 12), 12.0]

    def weighted(z: float) -> float:
        return float(f(np.array(root * z))) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    parts = pairwise(ends)
    return sum(quad(weighted, a, b, epsabs=1e-14, epsrel=1e-13)[0] for a, b in parts if a < b)


@pytest.mark.parametrize("name", JUMPS)
def test_jumps_and_kinks_are_found_to_the_last_bits(name: str) -> None:
    function, at, _ = JUMPS[name]
    found = [k for k in activation_of(function).kinks if abs(k) < 11.9]
    assert found == pytest.approx([k for k in at if abs(k) < 11.9], abs=4e-15)


@pytest.mark.parametrize("q", [0.05, 1.0])
@pytest.mark.parametrize("name", JUMPS)
def test_means_across_jumps_are_exact(name: str, q: float) -> None:
    function, at, slope = JUMPS[name]
    phi = activation_of(function)
    expected = normal_mean(lambda x: function(x) ** 2, q, at)
    assert mean(lambda x: phi.value(x) ** 2, phi, q) == pytest.approx(expected, rel=1e-11)
    expected = normal_mean(lambda x: slope(x) ** 2, q, at)
    got = mean(lambda x: phi.derivative(x) ** 2, phi, q)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", JUMPS)
def test_a_jump_costs_few_values(name: str) -> None:
    function, count = JUMPS[name][0], 0

    def counted(x: Any) -> Any:
        nonlocal count
        count += np.size(x)
        return function(x)

    initcore.gain(counted)
    assert count < 300_000
    count = 0
    with contextlib.suppress(ValueError):  # of what has no point to be held at
        theory.held(counted, 50)
    assert count < 25_000_000


def test_a_jump_beyond_the_probes_is_averaged_by_halving_panels() -> None:
    def far(x: Any) -> Any:
        return np.where(x > 30.7, 2.0, x / 10)

    phi = activation_of(far)
    assert phi.kinks == ()
    expected = normal_mean(lambda x: far(x) ** 2, 400.0, [30.7])
    assert mean(lambda x: phi.value(x) ** 2, phi, 400.0) == pytest.approx(expected, rel=1e-11)


def test_what_turns_too_often_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        ValueError, match="turns or jumps too often to be averaged at mean square q = 1e"
    ):
        theory.length_map(lambda x: np.sin(1e3 * x), 1e6, 1.0)
