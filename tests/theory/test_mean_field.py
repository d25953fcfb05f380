"""Gains, fixed points, criticality: against published values and against integrals done twice."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

import initcore
from initcore import theory
from initcore.activations import activation_of

NAMED = [
    "relu", "leaky_relu", "elu", "selu", "celu", "gelu", "gelu_tanh", "silu", "mish", "softplus",
    "softsign", "tanh", "sigmoid", "hard_tanh", "hard_sigmoid", "hard_silu", "relu6", "erf", "sin",
    "identity",
]  # fmt: skip


def normal_mean(f: Any, kinks: tuple[float, ...] = ()) -> float:
    """`E f(z)` by SciPy's adaptive quadrature, cut at the kinks."""
    cuts = [-12.0, *sorted(k for k in kinks if abs(k) < 12), 12.0]
    total = 0.0
    for a, b in itertools.pairwise(cuts):
        total += quad(
            lambda z: float(f(np.array(z))) * math.exp(-z * z / 2), a, b, epsabs=1e-13, limit=200
        )[0]
    return total / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("name", NAMED)
def test_gains_are_exact_to_ten_digits_kinks_included(name: str) -> None:
    phi = activation_of(name)
    second = normal_mean(lambda z: phi.value(z) ** 2, phi.kinks)
    assert initcore.gain(name) == pytest.approx(second**-0.5, rel=1e-10)
    # As a callable nobody knows, its kinks are found again.
    assert initcore.gain(lambda x: phi.value(x)) == pytest.approx(second**-0.5, rel=1e-9)


def test_callables_of_the_frameworks_have_the_gain_of_the_name() -> None:
    import jax
    import torch

    pairs: list[tuple[Any, str]] = [
        (torch.nn.functional.gelu, "gelu"), (torch.nn.GELU("tanh"), "gelu_tanh"),
        (torch.nn.functional.silu, "silu"), (torch.tanh, "tanh"), (torch.nn.ReLU(), "relu"),
        (jax.nn.mish, "mish"), (jax.nn.softplus, "softplus"), (jax.nn.relu, "relu"),
        (jax.numpy.tanh, "tanh"), (np.tanh, "tanh"),
    ]  # fmt: skip
    for function, name in pairs:
        assert initcore.gain(function) == pytest.approx(initcore.gain(name), rel=1e-10), function


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x - x.mean(), "elementwise"),
        (lambda x: x * np.nan, "finite"),
        (lambda x: np.exp(x * x), "finite"),
        (lambda x: 0 * x, "zero"),
        (lambda x: x[:1], "elementwise"),
    ],
)
def test_what_is_no_activation_is_said_so(function: Any, text: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=text):
        initcore.gain(function)


@pytest.mark.parametrize(
    ("activation", "q", "w2", "b2"),
    [
        ("tanh", 0.05, 1.09362731, 1.282966e-4),
        ("tanh", 0.5, 1.68797512, 3.804120e-2),
        ("tanh", 1.0, 2.15330265, 0.1509646),
        ("erf", 0.1, 1.14636786, 6.188931e-4),
        ("hard_tanh", 0.2, 1.02600651, 4.045181e-3),
    ],
)
def test_critical_points_are_the_known_ones(
    activation: str, q: float, w2: float, b2: float
) -> None:
    point = theory.critical_point(activation, q)
    assert point.sigma_w**2 == pytest.approx(w2, rel=5e-9)
    assert point.sigma_b**2 == pytest.approx(b2, rel=5e-7)
    assert theory.length_map(activation, q, point.sigma_w, point.sigma_b) == pytest.approx(q)
    assert theory.susceptibility(activation, q, point.sigma_w) == pytest.approx(1, abs=1e-12)
    assert theory.fixed_point(activation, point.sigma_w, point.sigma_b) == pytest.approx(q)


def test_relu_is_critical_at_one_place_only() -> None:
    point = theory.critical_point("relu", 1.0)
    assert (point.sigma_w**2, point.sigma_b) == (pytest.approx(2), 0)
    assert theory.phase("relu", 1.4) == "ordered"
    assert theory.phase("relu", math.sqrt(2)) == "critical"
    assert theory.phase("relu", 1.5) == "chaotic"


def test_all_fixed_points_are_found_with_their_stability() -> None:
    # Above 1 the length 0 of tanh is unstable, and one stable length lies above.
    zero, other = theory.fixed_points("tanh", 1.5)
    assert (zero.q, zero.stable, other.stable) == (0.0, False, True)
    assert theory.length_map("tanh", other.q, 1.5) == pytest.approx(other.q)
    (only,) = theory.fixed_points("tanh", 0.9)
    assert (only.q, only.stable) == (0.0, True)
    for a, b in ((0.9, 0.3), (2.0, 0.1), (3.0, 1.0)):
        (point,) = theory.fixed_points("tanh", a, b)
        assert theory.length_map("tanh", point.q, a, b) == pytest.approx(point.q)
        q = 0.7
        for _ in range(500):
            q = theory.length_map("tanh", q, a, b)
        assert q == pytest.approx(point.q, rel=1e-6)


@pytest.mark.parametrize(("sigma_w", "phase"), [(1.1, "ordered"), (1.5, "chaotic")])
def test_phases_of_tanh_lie_on_the_two_sides_of_the_critical_line(
    sigma_w: float, phase: str
) -> None:
    at = theory.critical_point("tanh", 0.3)
    assert theory.phase("tanh", sigma_w, at.sigma_b) == phase
    assert theory.phase("tanh", at.sigma_w, at.sigma_b) == "critical"
    chi = theory.susceptibility("tanh", theory.fixed_point("tanh", sigma_w, at.sigma_b), sigma_w)
    assert (chi > 1) == (phase == "chaotic")


def test_angles_of_a_he_initialized_relu_network_collapse_as_known() -> None:
    rho = 0.0
    for wanted in (0.318310, 0.493731, 0.604826):
        rho = float(theory.correlation_map("relu", rho))
        assert rho == pytest.approx(wanted, abs=5e-7)


@pytest.mark.parametrize("activation", ["tanh", "erf", "hard_tanh"])
@pytest.mark.parametrize("depth", [10, 200, 1000])
def test_the_length_for_a_depth_gives_the_variance_that_was_asked_for(
    activation: str, depth: int
) -> None:
    q = theory.q_for_depth(activation, depth, 0.25)
    phi = activation_of(activation)
    root = math.sqrt(q)
    kinks = tuple(k / root for k in phi.kinks)
    first, second = (
        normal_mean(lambda z, k=k: phi.derivative(root * z) ** (2 * k), kinks) for k in (1, 2)
    )
    assert depth * (second / first**2 - 1) == pytest.approx(0.25, rel=1e-6)
    point = theory.isometric(activation, depth)
    assert point.q == pytest.approx(q)
    assert point.gain**2 * first == pytest.approx(1, rel=1e-9)


def test_no_relu_network_with_independent_weights_is_isometric() -> None:
    with pytest.raises(ValueError, match=r"initcore.mirrored makes one"):
        theory.isometric("relu", 100)


def test_the_critical_line_is_made_of_critical_points() -> None:
    line = theory.critical_line("tanh")
    for i in range(0, len(line.q), max(1, len(line.q) // 7)):
        point = theory.critical_point("tanh", float(line.q[i]))
        assert line.sigma_w[i] == pytest.approx(point.sigma_w)
        assert line.sigma_b[i] == pytest.approx(point.sigma_b, abs=1e-9)
