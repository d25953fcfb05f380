"""Hostile arguments to the rest of the core: streams, theory, densities, masks, schemes."""

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import initcore
from initcore import Rng, density, theory
from tests.tools.hostile import DTYPES, REFUSED, SHAPES, THINGS, clear

MASK = np.ones((4, 6), bool)
SCORES = [np.arange(6.0).reshape(2, 3), np.ones((2, 2))]
# A call that is right: its arguments, one after another replaced by anything.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "gain": (initcore.gain, {"activation": "leaky_relu", "negative_slope": 0.1}),
    "length_map": (theory.length_map, {"activation": "relu", "q": 1.0, "sigma_w": 1.0,
        "sigma_b": 0.1}),
    "susceptibility": (theory.susceptibility, {"activation": "relu", "q": 1.0, "sigma_w": 1.0}),
    "correlation_map": (theory.correlation_map, {"activation": "relu", "rho": 0.5, "q": 1.0,
        "sigma_w": 1.0}),
    "fixed_point": (theory.fixed_point, {"activation": "relu", "sigma_w": 1.0, "sigma_b": 0.5}),
    "fixed_points": (theory.fixed_points, {"activation": "relu", "sigma_w": 1.0, "sigma_b": 0.5}),
    "phase": (theory.phase, {"activation": "relu", "sigma_w": 1.0, "sigma_b": 0.5,
        "tolerance": 1e-6}),
    "critical_point": (theory.critical_point, {"activation": "relu", "q": 1.0}),
    "critical_line": (theory.critical_line, {"activation": "relu", "q": [0.5, 1.0]}),
    "depth_scales": (theory.depth_scales, {"activation": "relu", "sigma_w": 1.0, "sigma_b": 0.5}),
    "isometric": (theory.isometric, {"activation": "erf", "depth": 10, "variance": 0.25}),
    "q_for_depth": (theory.q_for_depth, {"activation": "erf", "depth": 10, "variance": 0.25,
        "weights": "orthogonal"}),
    "jacobian_spectrum": (theory.jacobian_spectrum, {"activation": "relu", "depth": 3, "q": 1.0,
        "weights": "orthogonal"}),
    "universal_spectrum": (theory.universal_spectrum, {"kind": "smooth", "variance": 0.25}),
    "relu_norm_law": (theory.relu_norm_law, {"widths": [3, 2], "sigma_w": 0.5, "sigma_b": 0.1,
        "input_norm": 1.0}),
    "mirrored_norm_law": (theory.mirrored_norm_law, {"widths": [4, 2], "sigma_w": 0.5,
        "input_norm": 1.0}),
    "relu_pair_law": (theory.relu_pair_law, {"widths": [3], "sigma_w": 0.5, "input_norms": (1.0,
        1.0), "cosine": 0.5}),
    "uniform": (density.uniform, {"shapes": [(4, 6), (2, 3)], "density": 0.5}),
    "erdos_renyi": (density.erdos_renyi, {"shapes": [(4, 6), (2, 3)], "density": 0.5}),
    "erdos_renyi_kernel": (density.erdos_renyi_kernel, {"shapes": [(4, 6, 3), (2, 3)],
        "density": 0.5}),
    "from_scores": (density.from_scores, {"scores": SCORES, "density": 0.5, "least": 1}),
    "masks_from_scores": (density.masks_from_scores, {"scores": SCORES, "density": 0.5,
        "least": 1}),
    "prune_in_rounds": (density.prune_in_rounds, {"score": lambda m: SCORES,
        "masks": [s > -1 for s in SCORES], "density": 0.5, "rounds": 3}),
    "approximate_isometry": (lambda **how: initcore.approximate_isometry(how.pop("rng"),
        how.pop("mask"), **how),
                             {"rng": Rng(0), "mask": MASK, "gain": 1.0, "groups": 1, "steps": 3}),
    "sparse_orthogonal_mask": (lambda **how: initcore.sparse_orthogonal_mask(how.pop("rng"),
        how.pop("shape"), **how),
                               {"rng": Rng(0), "shape": (4, 6), "density": 0.5, "groups": 1}),
    "Rng": (Rng, {"seed": 0, "xp": np, "dtype": "float32", "device": None}),
    "Rng.bits": (Rng(0).bits, {"shape": (2, 3), "width": 32, "start": 0, "strides": (3, 1)}),
    "Rng.uniform": (Rng(0).uniform, {"shape": (2, 3), "low": 0.0, "high": 1.0, "start": 0,
        "strides": (3, 1)}),
    "Rng.normal": (Rng(0).normal, {"shape": (2, 3), "start": 0, "strides": (3, 1)}),
    "Rng.truncated_normal": (Rng(0).truncated_normal, {"shape": (2, 3), "low": -1.0, "high": 1.0}),
    "Rng.signs": (Rng(0).signs, {"shape": (2, 3), "start": 0}),
    "Rng.integers": (Rng(0).integers, {"shape": (2, 3), "low": 0, "high": 5}),
    "Rng.permutation": (Rng(0).permutation, {"shape": (2, 3)}),
    "Rng.fold_in": (Rng(0).fold_in, {"data": 1}),
    "Rng.split": (Rng(0).split, {"n": 2}),
    "Rng.astype": (Rng(0).astype, {"dtype": "float64"}),
}  # fmt: skip
NOTHING_TO_SAY = ("device",)  # NumPy ignores it


def numbers(found: Any) -> list[float]:
    """Every float of a result."""
    if isinstance(found, (float, np.floating)):
        return [float(found)]
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return [float(x) for x in found.reshape(-1)]
    if isinstance(found, (tuple, list)):
        return [x for part in found for x in numbers(part)]
    return []


@pytest.mark.parametrize("name", CALLS)
def test_each_argument_in_turn_is_refused_or_gives_numbers(name: str) -> None:
    call, right = CALLS[name]
    assert not any(map(math.isnan, numbers(call(**right))))
    special = {"shape": SHAPES, "dtype": DTYPES}
    for argument in right:
        if argument in NOTHING_TO_SAY:
            continue
        for thing in [*THINGS, *special.get(argument, ())]:
            try:
                with np.errstate(over="ignore"):
                    found = call(**{**right, argument: thing})
            except REFUSED as error:
                clear(error)
            else:
                assert not any(map(math.isnan, numbers(found))), f"{argument}={thing!r}"
    with pytest.raises(REFUSED) as caught:
        call(**right, no_such_argument=1)
    clear(caught.value)


def test_arrays_that_are_given_stay_as_they_were_even_read_only_or_aliased() -> None:
    base = np.arange(24.0)
    scores = [base[:12].reshape(3, 4), base[6:18].reshape(4, 3).T, np.broadcast_to(2.5, (3, 4))]
    base.flags.writeable = False
    masks = density.masks_from_scores(scores, 0.5)
    assert sum(int(m.sum()) for m in masks) == 18
    assert (base == np.arange(24.0)).all()
    mask = np.broadcast_to(np.array([[True], [False], [True]]), (3, 6))
    w = initcore.approximate_isometry(Rng(0), mask)
    assert w.flags.writeable
    assert (w[1] == 0).all()
    assert not np.shares_memory(w, mask)


def test_what_is_drawn_can_be_written_to_and_is_nobody_elses() -> None:
    for name, spec in initcore.specs.items():
        parameters = {"value": 1.0, "sparsity": 0.5, "density": 0.6}
        given = {n: parameters[n] for n in spec.parameters if n not in spec.defaults}
        for shape in ((1, 1), (4, 4), (4, 4, 1)):
            try:
                first, second = (spec.function(Rng(0), shape, **given) for _ in range(2))
            except ValueError:
                continue
            assert first.flags.writeable, (name, shape)
            assert not np.shares_memory(first, second), (name, shape)
    assert Rng(0).permutation((1,)).flags.writeable


def test_theory_in_threads_gives_what_one_gives() -> None:
    def wave(x: Any) -> Any:
        return np.tanh(x) + 0.1 * x

    calls = [
        lambda: initcore.gain("gelu"),
        lambda: initcore.gain(wave),
        lambda: theory.critical_point("tanh", 0.1),
        lambda: theory.relu_norm_law([8, 8]).cdf(1.0),
    ]
    alone = [call() for call in calls]
    wrong: list[Any] = []

    def work() -> None:
        try:
            wrong.extend(c for c, a in zip(calls, alone, strict=True) if c() != a)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: initcore.normal(Rng(0), 3, std=1e31),
            r"std .* at most 1e\+30 in size",
        ),
        (
            lambda: initcore.orthogonal(Rng(0), (2, 2), gain=-1),
            "gain .* finite number >= 0",
        ),
        (lambda: initcore.orthogonal(Rng(0), (0, 10**30)), r"cannot fill a shape of 10\*\*30.0"),
        (lambda: initcore.orthogonal(Rng(0), (10**6, 10**6)), "cannot allocate the 3.73e"),
        (lambda: Rng(0).normal(range(10**12)), "at most 64 axes"),
        (lambda: Rng(0).uniform(3, start=-1), "elements of the stream"),
        (lambda: theory.fixed_points("relu", 1e13), r"sigma_w to be between 1e-30 and 1e\+12"),
        (lambda: theory.jacobian_spectrum("cos", 5, q=1e30), "cos turns too often"),
        (lambda: theory.relu_norm_law([2] * 100_001), "at most 100000 layers"),
        (lambda: density.from_scores([[1.0]], 0.5, least=[]), "least to be one number, or one for"),
    ],
    ids=lambda x: "" if callable(x) else x,
)
def test_errors_at_the_ends_say_what_is_wanted(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(REFUSED, match=text) as caught:
        call()
    clear(caught.value)


def test_truncated_tails_are_finite_and_inside() -> None:
    for low, high in ((4.0, math.inf), (-math.inf, -4.0), (5.0, 1e9), (-1e9, 1e9)):
        for dtype in ("float32", "float64"):
            x = Rng(1, dtype=dtype).truncated_normal((100_000,), low, high)
            assert np.isfinite(x).all()
            assert ((x > low) & (x < high)).all()
            assert abs(x).max() < 9


def test_slopes_are_as_exact_as_rounding_allows_where_a_sine_cancels() -> None:
    sine = theory._mean_field.activation_of("sin")
    for q in np.linspace(0.5, 12, 47):
        exact = 1.69 * math.exp(-2 * q)  # the derivative of 1.69 (1 - exp(-2 q)) / 2
        found = theory._mean_field.length_slope(sine, q, 1.3)
        assert found == pytest.approx(exact, rel=1e-7, abs=1e-12), q


def test_slopes_of_the_length_map_are_the_derivative_at_every_length() -> None:
    for name in ("sin", "erf", "hard_tanh", "sigmoid", "tanh", "gelu"):
        phi = theory._mean_field.activation_of(name)
        for q in (1e-9, 0.1, 3.0, 9.9, 10.1, 30.0):
            h = 1e-4
            ends = [theory.length_map(name, q * (1 + s * h), 1.3) for s in (1, -1, 2, -2)]
            slope = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * h * q)
            rounding = 1e-14 * ends[0] / (h * q)
            found = theory._mean_field.length_slope(phi, q, 1.3)
            assert found == pytest.approx(slope, rel=1e-7, abs=rounding + 1e-7 * q), (name, q)
