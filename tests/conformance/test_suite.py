"""The suite as a tool: names, files of skips, seeds, strategies, its own convolution."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from initcore import Spec, specs
from initcore.invariants import Isometry
from initcore.spec import Choice, Integer, Real, ShapeRule
from initcore_conformance import CHECKS, Outcome, Results, backends, conform, load
from initcore_conformance._id_lists import IdList
from initcore_conformance._load import targets
from initcore_conformance._runner import examine
from initcore_conformance._strategies import cases, large_cases, layer_cases, values
from initcore_conformance.checks._naive_convolution import apply, kernel_of
from initcore_conformance.checks._rejection import bad_values

from .zoo.frames import GainForgotten, NoSignFix

BRIEF = settings(max_examples=20, database=None, deadline=None, phases=[Phase.generate])


def test_groups_of_backends_are_spelled_out() -> None:
    names = [t.name for t in targets(["numpy", "array_api_strict", "keras", "keras:jax"])]
    assert names == [
        "numpy", "array_api_strict", "array_api_strict:no_x64", "array_api_strict:no_float64",
        "keras:tensorflow", "keras:jax", "keras:torch", "keras:numpy",
    ]  # fmt: skip
    assert {t.keras for t in targets(["keras"])} == {"tensorflow", "jax", "torch", "numpy"}


def test_the_core_passes_on_numpy_and_on_the_strict_namespace() -> None:
    results = conform(["numpy", "array_api_strict:no_x64"], keyword="delta,glorot_normal", jobs=2)
    assert results.ok, results.failures
    assert results.backends == ["numpy", "array_api_strict:no_x64"]
    assert results.count("passed") == 50


def test_the_same_seed_tries_the_same_and_another_others() -> None:
    def calls(seed: int) -> list[str]:
        results = conform([NoSignFix(), GainForgotten()], keyword="delta", seed=seed)
        return [o.failure.call for o in results.failures if o.failure]

    assert calls(0) == calls(0)

    seen = []

    class Watch(type(backends.numpy())):  # type: ignore[misc]
        def sample(self, name: str, shape: Any, **given: Any) -> Any:
            seen.append((shape, given))
            return super().sample(name, shape, **given)

    watch = Watch("watch", np, ("float32",))
    for seed in (0, 0, 1):
        seen.append(seed)
        examine(CHECKS[1], watch, specs["orthogonal"], seed=seed)
    first, second, third = _parts(seen)
    assert first == second
    assert first != third


def _parts(seen: list[Any]) -> list[list[Any]]:
    parts: list[list[Any]] = []
    for entry in seen:
        if isinstance(entry, int):
            parts.append([])
        else:
            parts[-1].append(entry)
    return parts


def test_skips_and_expected_failures_come_with_reasons(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a comment\n\n*::orthogonal::seeds  # they are slow\n")
    assert IdList.read(path).entries == {"*::orthogonal::seeds": "they are slow"}
    path.write_text("*::orthogonal::seeds\n")
    with pytest.raises(ValueError, match="needs a reason after '#'"):
        IdList.read(path)
    path.write_text("orthogonal # why\n")
    with pytest.raises(ValueError, match="needs backend::initializer::check"):
        IdList.read(path)


def test_skips_expected_failures_and_stale_entries_are_told() -> None:
    results = conform(
        [NoSignFix()],
        keyword="scaled_orthogonal",
        skips={"*::*::seeds": "slow"},
        xfails={
            "*::scaled_orthogonal::statistics": "no sign fix",
            "*::scaled_orthogonal::across_seeds": "no sign fix",
            "*::scaled_orthogonal::purity": "thought to fail",
            "other::*::*": "gone",
        },
    )
    status = {o.check: (o.status, o.reason) for o in results.outcomes}
    assert status["seeds"] == ("skipped", "slow")
    assert status["statistics"] == ("xfailed", "no sign fix")
    assert status["purity"] == ("xpassed", "thought to fail")
    assert not results.ok  # what passes against expectation fails the run
    assert results.warnings == ["no check has an id that matches 'other::*::*'"]


def test_failures_and_what_is_missing_are_never_ok() -> None:
    assert not Results("quick", 0).ok  # nothing ran
    for status in ("failed", "missing", "crashed", "xpassed"):
        good, bad = Outcome("b", "i", "c", "passed"), Outcome("b", "i", "c", status)
        assert not Results("quick", 0, [good, bad]).ok
    for status in ("passed", "skipped", "xfailed"):
        assert Results("quick", 0, [Outcome("b", "i", "c", status)]).ok


def test_failing_cases_shrink_to_small_ones() -> None:
    (invariants,) = (c for c in CHECKS if c.id == "invariants")
    failure, _ = examine(invariants, GainForgotten(), specs["delta_orthogonal"])
    assert failure is not None
    assert "(1, 1, 1), seed=0, dtype='float64', gain=0.0" in failure.call


@pytest.mark.parametrize("name", sorted(specs))
def test_every_spec_has_cases_of_every_kind_without_code_of_its_own(name: str) -> None:
    spec, backend = specs[name], backends.numpy()
    backend.layers = ()
    kinds: list[st.SearchStrategy[Any]] = [cases(backend, spec), large_cases(backend, spec)]
    if spec.shape.low <= 4 <= (spec.shape.high or 4):
        toy: Any = backends.numpy()
        toy.layers = ("conv2d",)
        kinds.append(layer_cases(toy, spec, "conv2d"))
    for kind in kinds:
        case = find(kind, lambda _: True, settings=BRIEF)
        assert spec.check(case.shape, case.parameters)


@pytest.mark.parametrize(
    "domain",
    [Real("x"), Real("x", low=0), Real("x", 0, 1, open_low=True), Real("x", finite=False),
     Real("x", high=2, open_high=True), Integer("n", low=1), Choice("c", ("a", "b"))],
    ids=str,
)  # fmt: skip
def test_good_values_are_in_the_domain_and_bad_ones_are_not(domain: Any) -> None:
    for value in _sample(values(domain)):
        domain.check(value)
    for value in bad_values(domain):
        with pytest.raises((TypeError, ValueError)):
            domain.check(value)


def _sample(strategy: st.SearchStrategy[Any]) -> list[Any]:
    found: list[Any] = []
    find(st.lists(strategy, min_size=5), lambda xs: bool(found.extend(xs)) or True, settings=BRIEF)
    return found


@pytest.mark.parametrize("shape", [(6, 2), (6, 2, 3), (6, 1, 2, 3), (4, 2, 1, 2, 3)])
def test_the_convolution_of_the_suite_is_the_frameworks(shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    rng, groups = np.random.default_rng(0), 2
    w = rng.standard_normal(shape)
    x = rng.standard_normal((3, groups * shape[1], *[5] * (len(shape) - 2)))
    if len(shape) == 2:
        parts = np.split(x, groups, axis=1), np.split(w, groups)
        wanted = np.concatenate([a @ b.T for a, b in zip(*parts, strict=True)], axis=1)
    else:
        edges = [e for k in reversed(shape[2:]) for e in ((k - 1) // 2, k // 2)]
        padded = torch.nn.functional.pad(torch.as_tensor(x), edges)
        conv = getattr(torch.nn.functional, f"conv{len(shape) - 2}d")
        wanted = conv(padded, torch.as_tensor(w), groups=groups).numpy()
    assert abs(apply(w, x, groups) - wanted).max() < 1e-12
    found = kernel_of(lambda images: apply(w, images, groups), shape, groups)
    assert abs(found - w).max() < 1e-15


def test_checks_are_told_apart_and_say_what_they_prove() -> None:
    assert len({c.id for c in CHECKS}) == len(CHECKS) == 15
    assert all(c.proves.endswith(".") and c.title and c.examples > 0 for c in CHECKS)


def test_backends_that_come_with_the_suite_follow_its_protocol() -> None:
    from initcore_conformance import Backend

    for name in ("numpy", "array_api_strict", "torch.nn.init", "jax.nn.initializers"):
        assert isinstance(load(name), Backend)
    with pytest.raises(ValueError, match="stands for several"):
        load("keras")


def test_the_core_finds_the_suite_only_by_name_when_asked() -> None:
    import initcore.cli._conform as command

    tree = ast.parse(Path(command.__file__).read_text())
    names = {n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names}
    assert names == {"importlib", "typer"}


def test_draws_of_what_takes_no_groups_are_pooled_only_where_that_is_one_sample() -> None:
    (pooled,) = (c for c in CHECKS if c.id == "across_seeds")
    matrices = ShapeRule(2, 2, "a matrix")
    frame = Spec("frame", lambda rng, shape, /: None, {}, matrices, (Isometry(),), "here")
    assert "side by side" in (pooled.skip(backends.numpy(), frame) or "")
    for name, spec in specs.items():
        assert (pooled.skip(backends.numpy(), spec) is None) == spec.random, name
