"""Exact distributions of finite ReLU networks: closed forms, real layers, and wrong twins."""

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats
from scipy.interpolate import PchipInterpolator

from initcore.theory import NormLaw, PairLaw, mirrored_norm_law, relu_norm_law, relu_pair_law
from initcore.theory.finite_width._pair_transform import PairUnit
from tests.tools.command import Run

FALSE_ALARM = (
    1e-6  # of each Kolmogorov-Smirnov test below: seeds are fixed, the rate is the honest one
)
HE = 0.02**0.5


def rejected(values: Any, law: Any, atom: float, rate: float = FALSE_ALARM) -> bool:
    """Whether samples are not of the law: KS of the living ones, binomial of the dead."""
    values = np.sort(np.asarray(values, np.float64))
    dead = values < 1e-12
    alive = values[~dead]
    if stats.binomtest(int(dead.sum()), values.size, atom).pvalue < rate / 2:
        return True
    given = np.clip((law(alive) - atom) / (1 - atom), 0, 1)
    return bool(stats.kstest(given, "uniform").pvalue < rate / 2)


def real_layers(
    widths: list[int], n: int, sigma_w: float, sigma_b: float = 0.0, fan_in: int = 7
) -> Any:
    """Squared lengths after `n` sampled networks of real weights, the input of length 1."""
    generator = torch.Generator().manual_seed(1)
    x = torch.zeros(n, fan_in, dtype=torch.float64)
    x[:, 0] = 1.0
    for width in widths:
        shape = n, width, x.shape[1]
        w = torch.randn(shape, generator=generator, dtype=torch.float64) * sigma_w
        b = torch.randn((n, width), generator=generator, dtype=torch.float64) * sigma_b
        x = torch.relu((w @ x[:, :, None])[:, :, 0] + b)
    return (x * x).sum(1).numpy()


def test_moments_are_the_published_products() -> None:
    law = relu_norm_law([100] * 50, sigma_w=HE)
    assert law.mean == pytest.approx(1, rel=1e-12)
    assert law.moment(2) == pytest.approx(1.05**50, rel=1e-12)
    assert law.moment(2) == pytest.approx(11.467, abs=5e-4)
    assert law.variance == pytest.approx(1.05**50 - 1, rel=1e-12)
    assert mirrored_norm_law([100] * 50).moment(2) == pytest.approx(1.04**50, rel=1e-12)
    mixed = relu_norm_law([3, 8], sigma_w=[0.5, 2.0], sigma_b=[0.0, 0.3], input_norm=2.0)
    v1 = 0.25 * 4
    z1 = 3 * v1 / 2
    assert mixed.mean == pytest.approx(8 / 2 * (4 * z1 + 0.09), rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_one_layer_is_the_mixture_of_chi_squares(n: int) -> None:
    law = relu_norm_law([n], sigma_w=0.7, sigma_b=0.2, input_norm=1.5)
    v = 0.49 * 2.25 + 0.04
    z = np.geomspace(1e-3, 50, 60)
    k = np.arange(1, n + 1)[:, None]
    weights = special.binom(n, k) / 2.0**n
    assert law.atom_at_zero == 0.5**n
    want = 0.5**n + (weights * stats.chi2.cdf(z / v, k)).sum(0)
    np.testing.assert_allclose(law.cdf(z), want, rtol=0, atol=1e-13)
    want = (weights * stats.chi2.pdf(z / v, k) / v).sum(0)
    np.testing.assert_allclose(law.pdf(z), want, rtol=1e-10, atol=1e-14)


def test_two_layers_with_biases_are_the_integral_over_the_first() -> None:
    sigma_w, sigma_b, (n, m) = 0.6, 0.4, (3, 4)
    first = relu_norm_law([n], sigma_w=sigma_w, sigma_b=sigma_b)

    def second(t: float, y: float) -> float:
        v = sigma_w**2 * y + sigma_b**2
        k = np.arange(1, m + 1)
        return float(0.5**m + (special.binom(m, k) / 2.0**m * stats.chi2.cdf(t / v, k)).sum())

    law = relu_norm_law([n, m], sigma_w=sigma_w, sigma_b=sigma_b)
    for t in (0.05, 0.7, 3.0):
        # y = x**2 takes the root out of the density at 0
        alive = integrate.quad(
            lambda x, t=t: second(t, x * x) * first.pdf(x * x) * 2 * x, 0, 8, epsabs=1e-11
        )[0]
        want = first.atom_at_zero * second(t, 0.0) + alive
        assert law.cdf(t) == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(
    "law",
    [
        relu_norm_law([100] * 50),
        relu_norm_law([1] * 4),
        relu_norm_law([3] * 30),
        relu_norm_law([20, 5, 60], sigma_b=0.3),
        relu_norm_law([64] * 40, sigma_w=0.15, sigma_b=0.1),
        mirrored_norm_law([10] * 8),
        relu_norm_law([4096], sigma_w=0.02),
        relu_norm_law([100] * 1000),
    ],
    ids=repr,
)
def test_a_law_is_one_law(law: NormLaw) -> None:
    """cdf, sf, pdf, quantile and the closed moments of the logarithm agree, errors as stated."""
    assert law.error < 1e-11
    alive = 1 - law.atom_at_zero
    ranks = law.atom_at_zero + alive * np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999999])
    y = law.quantile(ranks, log=True)
    np.testing.assert_allclose(law.cdf(y, log=True), ranks, rtol=0, atol=1e-11)
    np.testing.assert_allclose(law.cdf(y, log=True) + law.sf(y, log=True), 1, atol=1e-12)
    for low, high in pairwise(y):
        x, w = special.roots_legendre(120)
        x, w = (low + high) / 2 + (high - low) / 2 * x, w * (high - low) / 2
        mass = w @ law.pdf(x, log=True)
        assert mass == pytest.approx(law.cdf(high, log=True) - law.cdf(low, log=True), abs=1e-9)
    wide = law.log_mean + math.sqrt(law.log_variance) * np.linspace(-30, 12, 8001)
    total = np.trapezoid(law.pdf(wide, log=True), wide)
    assert total == pytest.approx(alive, abs=1e-9)


@pytest.mark.parametrize(
    ("widths", "sigma_w", "sigma_b"),
    [([6] * 4, 0.6, 0.0), ([20, 5, 12], 0.35, 0.3), ([12] * 8, 0.5, 0.0)],
)
def test_real_layers_have_the_law_and_wrong_laws_are_caught(
    widths: list[int], sigma_w: float, sigma_b: float
) -> None:
    drawn = real_layers(widths, 4000, sigma_w, sigma_b)
    law = relu_norm_law(widths, sigma_w=sigma_w, sigma_b=sigma_b)
    assert not rejected(drawn, law.cdf, law.atom_at_zero)
    wrong = [
        relu_norm_law(widths, sigma_w=sigma_w * 1.1, sigma_b=sigma_b),
        relu_norm_law(widths[:-1], sigma_w=sigma_w, sigma_b=sigma_b),
        relu_norm_law([*widths[:-1], round(1.5 * widths[-1])], sigma_w=sigma_w, sigma_b=sigma_b),
        relu_norm_law(widths, sigma_w=sigma_w, sigma_b=sigma_b + 0.15),
    ]
    if all(n % 2 == 0 for n in widths):
        wrong.append(mirrored_norm_law(widths, sigma_w=sigma_w, sigma_b=sigma_b))
    assert all(rejected(drawn, law.cdf, law.atom_at_zero) for law in wrong)


def test_samples_have_the_law_and_the_seed_decides() -> None:
    law = relu_norm_law([9, 30, 4], sigma_b=0.1)
    drawn = law.sample(20000, 5)
    assert not rejected(drawn, law.cdf, law.atom_at_zero)
    assert np.array_equal(drawn, law.sample(20000, 5))
    assert not np.array_equal(drawn, law.sample(20000, 6))
    assert law.sample(0, 0).shape == (0,)


def test_mean_field_is_the_mean_and_fails_where_depth_nears_width() -> None:
    wide, deep = relu_norm_law([1000] * 5), relu_norm_law([20] * 50)
    assert wide.mean_field == pytest.approx(1, rel=1e-12)
    assert abs(wide.quantile(0.5) - 1) < 0.02
    assert deep.mean_field == pytest.approx(1, rel=1e-12)
    assert deep.quantile(0.5) < 0.005


def test_what_is_surely_zero_and_what_leaves_floats() -> None:
    nothing = relu_norm_law([5, 5], input_norm=0.0)
    assert (nothing.atom_at_zero, nothing.mean, nothing.cdf(0.0)) == (1.0, 0.0, 1.0)
    assert nothing.quantile(0.7) == 0.0
    assert not nothing.sample(5, 0).any()
    far = relu_norm_law([100] * 1000, sigma_w=1.0)
    assert far.mean == math.inf
    assert far.log_mean == pytest.approx(1000 * (math.log(50) - 0.0253), rel=1e-3)
    assert far.cdf(far.log_mean, log=True) == pytest.approx(0.5, abs=0.05)
    assert far.cdf(-1.0) == 0.0
    assert far.cdf(math.inf) == 1.0


@pytest.mark.parametrize("n", [1, 3, 40, 1000])
@pytest.mark.parametrize("cosine", [-0.9, 0.0, 0.5, 0.999])
def test_each_input_of_a_pair_has_its_own_law(n: int, cosine: float) -> None:
    pair = relu_pair_law([n], sigma_b=0.2, input_norms=(1.0, 2.0), cosine=cosine)
    z = pair.norms[0].quantile(np.array([0.6, 0.9, 0.999]))
    np.testing.assert_allclose(pair.cdf(z, (1, 0, 0)), pair.norms[0].cdf(z), atol=1e-11)
    z = pair.norms[1].quantile(np.array([0.6, 0.9, 0.999]))
    np.testing.assert_allclose(pair.cdf(z, (0, 1, 0)), pair.norms[1].cdf(z), atol=1e-11)


def test_a_units_transform_is_the_integral_over_directions() -> None:
    x, w = special.roots_legendre(300)
    rng = np.random.default_rng(0)
    for _ in range(60):
        a, b = rng.uniform(0.2, 3, 2)
        c = rng.uniform(-0.98, 0.98) * math.sqrt(a * b)
        alpha, beta = rng.uniform(0, 3, 2) * rng.integers(0, 2, 2)
        unit = PairUnit(a, b, c, alpha, beta, rng.uniform(-2 * math.sqrt(alpha * beta), 4) + 1e-6)
        s = rng.normal(size=9) * 2 + 1j * rng.uniform(2, 30, 9)
        want = np.zeros(9, complex)
        inverse, root = np.linalg.inv([[a, c], [c, b]]), math.sqrt(a * b - c * c)
        for quadrant in range(4):
            angle = (x + 1 + 2 * quadrant) * math.pi / 4
            v = np.stack([np.cos(angle), np.sin(angle)])
            p, q = np.maximum(v, 0)
            form = unit.alpha * p * p + unit.beta * q * q + unit.gamma * p * q
            exponent = np.einsum("ik,ij,jk->k", v, inverse, v)
            want += (w / 8 / root / (exponent + 2 * s[:, None] * form)).sum(1)
        np.testing.assert_allclose(unit.transform(s), want, atol=1e-10)


def between(pair: PairLaw, of: str, values: Any) -> Any:
    """The cdf by monotone cubics through 150 of its values, for many samples at once."""
    alive = values[values > 1e-12]
    nodes = np.unique(np.quantile(alive, np.linspace(0, 1, 150)))
    return PchipInterpolator(nodes, pair.cdf(nodes, of))


@pytest.mark.parametrize(("n", "cosine"), [(2, 0.3), (25, -0.6), (25, 0.97), (300, 0.0)])
@pytest.mark.parametrize("of", ["distance", "product"])
def test_pairs_of_real_layers_have_the_law(n: int, cosine: float, of: str) -> None:
    rng = np.random.default_rng(3)
    first, second = np.array([1.0, 0.0]), 2 * np.array([cosine, math.sqrt(1 - cosine**2)])
    w = rng.standard_normal((6000, n, 2)) * 0.3
    b = rng.standard_normal((6000, n)) * 0.1
    x, y = np.maximum(w @ first + b, 0), np.maximum(w @ second + b, 0)
    drawn = ((x - y) ** 2).sum(1) if of == "distance" else (x * y).sum(1)

    def law(cosine: float, sigma_b: float = 0.1) -> Any:
        return relu_pair_law([n], sigma_w=0.3, sigma_b=sigma_b, input_norms=(1, 2), cosine=cosine)

    right, wrong = law(cosine), law(cosine - 0.3)
    assert not rejected(drawn, between(right, of, drawn), right.atom_at_zero(of))
    assert drawn.mean() == pytest.approx(right.mean(of), rel=0.1)
    if n > 2:
        assert rejected(drawn, between(wrong, of, drawn), wrong.atom_at_zero(of))


def test_deep_pairs_are_drawn_layer_by_layer() -> None:
    pair = relu_pair_law([10, 30, 6], cosine=0.4, sigma_b=0.1)
    drawn = pair.sample(5000, 2)
    for column, law in enumerate(pair.norms):
        assert not rejected(drawn[:, column], law.cdf, law.atom_at_zero)
    wide = relu_pair_law([4000] * 3, cosine=0.4).sample(40, 0)
    mean_field = relu_pair_law([4000] * 3, cosine=0.4).mean_field
    np.testing.assert_allclose(wide.mean(0), mean_field, rtol=0.05)
    with pytest.raises(ValueError, match="after one layer"):
        pair.cdf(1.0)


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (TypeError, "widths to be integers", lambda: relu_norm_law([2.5])),
        (TypeError, "widths to be integers", lambda: relu_norm_law("12")),
        (ValueError, "at least one layer", lambda: relu_norm_law([])),
        (ValueError, "widths from 1", lambda: relu_norm_law([3, 0])),
        (ValueError, "one number or one a layer", lambda: relu_norm_law([3], sigma_w=[1, 2])),
        (ValueError, "sigma_b", lambda: relu_norm_law([3], sigma_b=-1)),
        (ValueError, "input_norm", lambda: relu_norm_law([3], input_norm=math.nan)),
        (ValueError, "even widths", lambda: mirrored_norm_law([3])),
        (ValueError, r"in \[0, 1\]", lambda: relu_norm_law([3]).quantile(1.5)),
        (ValueError, "n to be an integer", lambda: relu_norm_law([3]).sample(-1, 0)),
        (ValueError, "cosine", lambda: relu_pair_law([3], cosine=2.0)),
        (ValueError, "two input_norms", lambda: relu_pair_law([3], input_norms=(1,))),
        (ValueError, "'product' or 'distance'", lambda: relu_pair_law([3]).cdf(1.0, "sum")),
        (ValueError, "cannot be negative", lambda: relu_pair_law([3]).cdf(1.0, (1, 1, -3))),
    ],
)  # fmt: skip
def test_an_error_says_who_needs_what(error: type[Exception], text: str, call: Any) -> None:
    with pytest.raises(error, match=text):
        call()


def test_the_command_prints_the_law(tmp_path: Any, run: Run) -> None:
    picture = tmp_path / "law.svg"
    done = run("norm-law", "100x50", "--json", "--plot", picture)
    found = json.loads(done.stdout)
    law = relu_norm_law([100] * 50)
    assert found["quantiles .05 .5 .95"][1] == law.quantile(0.5)
    assert picture.read_text().lstrip().startswith("<?xml")
    assert "WIDTHS like" in run("norm-law", "5x").stderr + run("norm-law", "a").stderr
