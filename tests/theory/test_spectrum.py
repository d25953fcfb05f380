"""The Jacobian's spectrum: edges, atoms and moments against closed forms, and real networks."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from initcore import Rng, orthogonal, theory
from initcore.activations import activation_of


@pytest.mark.parametrize(
    ("activation", "depth", "weights", "edge"),
    [
        ("relu", 8, "orthogonal", 8**8 / 7**7),
        ("relu", 4, "gaussian", 21.85825),
        ("identity", 4, "gaussian", 5**5 / 4**4),
        ("identity", 32, "gaussian", 33**33 / 32**32),
    ],
)
def test_upper_edges_are_those_of_the_closed_forms(
    activation: str, depth: int, weights: str, edge: float
) -> None:
    spectrum = theory.jacobian_spectrum(activation, depth, q=1.0, weights=weights)
    assert spectrum.edges[1] == pytest.approx(edge, rel=1e-6)


def test_atoms_of_relu_and_hard_tanh() -> None:
    relu = theory.jacobian_spectrum("relu", 8, q=1.0)
    assert relu.atoms == ((0.0, pytest.approx(0.5)),)
    p, depth = math.erf(1 / math.sqrt(0.4)), 10
    found = theory.jacobian_spectrum("hard_tanh", depth, q=0.2)
    place, mass = found.atoms[-1]
    assert place == pytest.approx(p**-depth, rel=1e-9)
    assert mass == pytest.approx(1 - depth * (1 - p), rel=1e-9)


@pytest.mark.parametrize(("weights", "s1"), [("orthogonal", 0.0), ("gaussian", -1.0)])
def test_mean_and_variance_match_the_formula(weights: str, s1: float) -> None:
    q, depth = 0.1, 20
    p = math.erf(1 / math.sqrt(2 * q))
    spectrum = theory.jacobian_spectrum("hard_tanh", depth, q=q, weights=weights)
    assert spectrum.moment(1) == pytest.approx(1, abs=1e-6)
    assert spectrum.variance == pytest.approx(depth * (1 / p - 1 - s1), rel=1e-6)


def integrated(spectrum: Any) -> Any:
    """`E x**k` for k = 0, 1, 2 from the density and the atoms, by Gauss-Legendre panels."""
    total = sum((mass * np.array([1, place, place**2]) for place, mass in spectrum.atoms), 0.0)
    x, w = np.polynomial.legendre.leggauss(16)
    for a, b in spectrum.log_bands:
        # The density of log x goes like a square root at the edges: sin**2 makes it smooth.
        ends = np.linspace(0.0, 1.0, 101)
        s = ends[:-1, None] + (x + 1) / 2 * np.diff(ends)[:, None]
        log_x = a + (b - a) * np.sin(math.pi / 2 * s) ** 2
        step = (b - a) * math.pi / 2 * np.sin(math.pi * s) * w / 2 * np.diff(ends)[:, None]
        mass = (spectrum.log_density(log_x) * step).reshape(-1)
        total = total + np.array([mass @ np.exp(k * log_x).reshape(-1) for k in range(3)])
    return total


CASES = [
    ("relu", 1.0), ("leaky_relu", 1.0), ("tanh", 0.05), ("tanh", 1.0), ("hard_tanh", 0.2),
    ("gelu", 0.5), ("softplus", 0.5), ("sin", 0.3), ("identity", 1.0),
]  # fmt: skip


# Every law in one of four kinds of network; the rest is thorough.
KINDS = [("orthogonal", 2), ("gaussian", 2), ("gaussian", 100), ("orthogonal", 100)]
LAWS = [
    pytest.param(*case, depth, weights, marks=pytest.mark.thorough if (i + j) % 4 else ())
    for i, case in enumerate(CASES)
    for j, (weights, depth) in enumerate(KINDS)
]


@pytest.mark.parametrize(("activation", "q", "depth", "weights"), LAWS)
def test_density_and_atoms_integrate_to_1_and_to_the_mean(
    activation: str, q: float, depth: int, weights: str
) -> None:
    spectrum = theory.jacobian_spectrum(activation, depth, q=q, weights=weights)
    second = spectrum.variance + 1
    assert spectrum.moment(2) == pytest.approx(second, rel=1e-9)
    assert integrated(spectrum) == pytest.approx([1, 1, second], rel=1e-6)


@pytest.mark.parametrize(("activation", "q"), CASES)
def test_one_orthogonal_layer_has_the_law_of_the_squared_slope(activation: str, q: float) -> None:
    spectrum = theory.jacobian_spectrum(activation, 1, q=q)
    z = math.sqrt(q) * ndtri((np.arange(200_000) + 0.5) / 200_000)
    slopes = activation_of(activation).derivative(z) ** 2
    slopes /= slopes.mean()
    at = np.quantile(slopes, [0.02, 0.3, 0.6, 0.99]) * 1.0001 + 1e-9
    below = (slopes[:, None] <= at).mean(axis=0)
    # A step of the grid in z is at most 1 / 200 of the place's own scale in these slopes.
    assert spectrum.cdf(at) == pytest.approx(below, abs=2e-3)


@pytest.mark.parametrize("activation", ["tanh", "hard_tanh"])
def test_a_thousand_layers_are_no_trouble(activation: str) -> None:
    q = theory.q_for_depth(activation, 1000)
    spectrum = theory.jacobian_spectrum(activation, 1000, q=q)
    assert integrated(spectrum) == pytest.approx([1, 1, 1.25], rel=1e-6)
    assert float(spectrum.cdf(spectrum.quantile(0.1))) == pytest.approx(0.1, abs=1e-6)


def test_universal_limits_have_the_published_edges_and_peak_and_are_approached() -> None:
    bernoulli = theory.universal_spectrum("bernoulli")
    ((place, _),) = bernoulli.atoms
    assert math.sqrt(bernoulli.edges[1]) == pytest.approx(0.82436, abs=5e-6)
    assert math.sqrt(place) == pytest.approx(1.13315, abs=5e-6)
    smooth = theory.universal_spectrum("smooth")
    assert [math.sqrt(e) for e in smooth.edges] == pytest.approx([0.56685, 1.55684], abs=5e-6)
    ranks = np.linspace(0.05, 0.95, 19)
    for kind, activations in (("smooth", ("tanh", "erf")), ("bernoulli", ("hard_tanh",))):
        limit = theory.universal_spectrum(kind).quantile(ranks)
        for activation in activations:
            off = []
            for depth in (10, 100, 1000):
                q = theory.q_for_depth(activation, depth)
                found = theory.jacobian_spectrum(activation, depth, q=q).quantile(ranks)
                off.append(float(abs(found - limit).max()))
            assert off[0] > off[1] > off[2]
            assert off[2] < 0.02


def test_a_nearly_linear_layer_has_a_spectrum_without_a_warning() -> None:
    # Half of its slopes are exactly 1, the others nearly: the curve's ends lie on that atom.
    spectrum = theory.jacobian_spectrum("elu", 2, q=1e-12)
    assert spectrum.variance == pytest.approx(2.72676e-12, rel=1e-4)
    assert 0.9999 < spectrum.edges[0] < spectrum.edges[1] < 1.0001


@pytest.mark.parametrize("depth", [1, 300])
@pytest.mark.parametrize("q", [1e-12, 1e-7, 1e-5])
def test_narrow_spectra_have_all_of_their_mass(q: float, depth: int) -> None:
    for activation in ("tanh", lambda x: np.sin(x) + x):
        spectrum = theory.jacobian_spectrum(activation, depth, q=q)
        assert spectrum.cdf(0.9) < 1e-6
        assert spectrum.cdf(1.1) == pytest.approx(1.0, abs=1e-6)
        assert spectrum.quantile(0.5) == pytest.approx(1.0, abs=1e-3)
        # tanh: Y - 1 = -2 q (z**2 - 1), of variance 8 q**2; sin(x) + x: a quarter of that slope
        wanted = depth * q**2 * (8 if activation == "tanh" else 0.5)
        assert spectrum.variance == pytest.approx(wanted, rel=3e-4)


@pytest.mark.parametrize("q", [2000.0, 2.0**20, 2.0**31, 1e30])  # 2**31: in step with even grids
def test_slopes_that_turn_too_often_are_refused_at_once(q: float) -> None:
    with pytest.raises(ValueError, match=r"cos turns too often .* more than 160 times"):
        theory.jacobian_spectrum("cos", 5, q=q)


def test_slopes_too_rare_to_be_seen_are_refused() -> None:
    assert theory.jacobian_spectrum("hard_tanh", 5, q=1e14).atoms[0][1] > 0.9999
    with pytest.raises(
        ValueError, match="no distribution of slopes that could be resolved at mean"
    ):
        theory.jacobian_spectrum("hard_tanh", 5, q=1e30)


def test_wrong_arguments_are_said_in_one_sentence() -> None:
    for change, error, text in (
        ({"depth": 0}, ValueError, "depth"),
        ({"depth": 2.5}, TypeError, "depth"),
        ({"q": None}, ValueError, "needs the mean square q"),
        ({"q": -1.0}, ValueError, "q"),
        ({"weights": "sparse"}, ValueError, "orthogonal"),
        ({"activation": "tahn"}, ValueError, "tanh"),
    ):
        arguments: dict[str, Any] = {"activation": "tanh", "depth": 3, "q": 0.1, **change}
        with pytest.raises(error, match=text):
            theory.jacobian_spectrum(
                arguments.pop("activation"), arguments.pop("depth"), **arguments
            )


def distance(values: Any, spectrum: Any) -> float:
    """Kolmogorov-Smirnov distance of singular values from the prediction, by its quantiles."""
    ranks = (np.arange(values.size) + 0.5) / values.size
    predicted = np.array([float(spectrum.quantile(r)) for r in ranks[::10]])
    return float(abs(np.searchsorted(np.sort(values), predicted) / values.size - ranks[::10]).max())


def test_real_tanh_networks_have_the_predicted_spectrum_and_a_wrong_depth_does_not() -> None:
    width, depth, q = 500, 12, 0.1
    point = theory.critical_point("tanh", q)
    rng = Rng(0, dtype="float64")
    h = rng.fold_in("input").normal(width) * math.sqrt(q)
    jacobian = np.eye(width)
    for layer in range(depth):
        slope = 1 - np.tanh(h) ** 2
        w = orthogonal(rng.fold_in(layer), (width, width), gain=point.sigma_w)
        jacobian = w @ (slope[:, None] * jacobian)
        h = w @ np.tanh(h) + point.sigma_b * rng.fold_in(f"bias {layer}").normal(width)
    values = np.linalg.svd(jacobian)[1] ** 2
    values /= values.mean()  # the prediction is of mean 1; the length at finite width is not q
    right = distance(values, theory.jacobian_spectrum("tanh", depth, q=q))
    assert right < 0.05
    assert distance(values, theory.jacobian_spectrum("tanh", 3 * depth, q=q)) > 2 * right
    wrong = theory.jacobian_spectrum("tanh", depth, q=q, weights="gaussian")
    assert distance(values, wrong) > 2 * right
