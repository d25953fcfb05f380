"""A backend with a name, initializers and `sample` is enough; everything else it may leave out."""

import math
from typing import Any

import numpy as np
import pytest

from initcore import Part
from initcore_conformance import Backend, Failure, LayeredBackend, Outcome, Results, conform, load
from initcore_conformance._cli import main
from initcore_conformance._results import REPR


class Minimal:
    """Haar matrices, and nothing that it need not say."""

    name = "minimal"
    initializers = ("orthogonal",)

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", gain: float = 1.0
    ) -> Any:
        if isinstance(gain, bool) or not isinstance(gain, (int, float)) or not 0 <= gain < 1e30:
            raise TypeError(f"gain needs to be a number, got {gain!r}.")
        if len(shape) < 2 or dtype != "float32" or not isinstance(seed, int) or seed >= 1 << 64:
            raise ValueError("cannot make it.")
        rng = np.random.default_rng(seed)
        out, fan_in = shape[0], math.prod(shape[1:])
        q, r = np.linalg.qr(rng.standard_normal((max(out, fan_in), min(out, fan_in))))
        q = q * np.where(np.diagonal(r) < 0, -1, 1)
        return (gain * (q if out >= fan_in else q.T)).reshape(shape).astype(dtype)


class Bent(Minimal):
    """The same, with singular values that are a little too large."""

    def sample(self, *args: Any, **given: Any) -> Any:
        return 1.001 * super().sample(*args, **given)


class Bare:
    """Nothing but what the protocol demands."""

    name, initializers = "bare", ("zeros",)

    def sample(self, name: str, shape: Any, *, seed: Any, dtype: str = "float32") -> Any:
        return np.zeros(shape, dtype)


def test_three_members_are_enough_and_claim_nothing_else() -> None:
    assert isinstance(Minimal(), Backend)
    assert not isinstance(Minimal(), LayeredBackend)
    results = conform([Minimal()])
    assert results.ok, str(results)
    assert results.count("passed") == 8
    assert {o.check: o.reason for o in results.outcomes if o.status == "skipped"} == {
        "reference": "claims no portable stream",
        "golden": "claims no portable stream",
        "low_precision": "makes no half precision",
        "complex": "makes no complex numbers",
        "part": "makes no parts",
        "drop_in": "takes over no framework's names",
        "layers": "offers no layers",
    }


@pytest.fixture(scope="module")
def wrong() -> Results:
    return conform([Bent()])


def test_a_wrong_one_fails_where_it_is_wrong(wrong: Results) -> None:
    failed = {o.check: o.failure for o in wrong.failures}
    assert {"invariants", "statistics", "across_seeds"} <= set(failed)
    assert failed["invariants"] is not None
    assert "dtype='float32'" in failed["invariants"].call


@pytest.mark.parametrize("claimed", [True, False])
def test_parameters_that_sample_does_not_have_are_not_tried(claimed: bool) -> None:
    seen = set[str]()

    class Watch(Minimal):
        def sample(self, name: str, shape: Any, **given: Any) -> Any:
            seen.update(given)
            return super().sample(name, shape, **given)

    class Narrow(Minimal):
        def sample(self, name: str, shape: Any, *, seed: Any, dtype: str = "float32") -> Any:
            seen.update(("seed", "dtype"))
            return super().sample(name, shape, seed=seed, dtype=dtype)

    results = conform([Watch() if claimed else Narrow()])
    assert results.ok != claimed  # `Watch` takes any parameter, and fails for groups
    assert ({"gain", "groups"} <= seen) == claimed


@pytest.mark.parametrize("made", [Bare, lambda: Bare(), Bare()], ids=["class", "factory", "object"])
def test_classes_factories_and_objects_are_backends(made: Any) -> None:
    results = conform([made])
    assert results.backends == ["bare"]
    assert {o.check for o in results.failures} == {"rejection"}


@pytest.mark.parametrize(
    ("backends", "error", "text"),
    [
        (lambda: 1, TypeError, "conform needs a list of backends, got an object of type function"),
        ("numpy", TypeError, "conform needs a list of backends, got 'numpy'"),
        ([lambda: 1], TypeError, "it is an int without name, initializers, sample"),
        ([lambda shape: 1], TypeError, r"is a function of \(shape\), not a backend.*of_numpy"),
        ([type("B", (Bare,), {"layers": ("dense",)})], TypeError, "it is a B without layer"),
        (
            [type("B", (Bare,), {"layers": ("conv",), "layer": None})],
            ValueError,
            "claims 'conv'; there are dense, conv1d",
        ),
        ([type("B", (Bare,), {"dtypes": ("single",)})], ValueError, "claims 'single'; there are"),
        ([type("B", (Bare,), {"initializers": "zeros"})], TypeError, "a sequence of initializers"),
    ],
)
def test_what_is_no_backend_is_refused_with_a_reason(
    backends: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        conform(backends)


def test_a_keyword_that_selects_nothing_says_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = conform([Bare(), Minimal()], keyword="zero")
    assert results.ok != bool(results.failures)
    assert results.warnings == [
        "minimal claims no initializer whose name contains 'zero'; it claims orthogonal"
    ]
    nothing = conform([Bare()], keyword="foo")
    assert not nothing.ok
    assert str(nothing).startswith("nothing ran; bare claims no initializer whose name contains")
    assert main(["numpy", "-k", "foo"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "numpy claims no initializer whose name contains 'foo'; it claims" in shown
    assert "nothing ran, 0 passed" in shown
    assert "all passed" not in shown


def test_results_print_as_their_summary_and_failures(wrong: Results) -> None:
    assert str(wrong).endswith(wrong.summary)
    assert "FAILED minimal::orthogonal::invariants\n  got " in str(wrong)
    shown = repr(wrong)
    assert len(shown) <= REPR
    assert shown.startswith(f"<Results: {wrong.summary}; minimal::orthogonal::")
    assert "off the identity" in shown
    assert shown.endswith("more, see print(results)>")
    right = Results("quick", 0, [Outcome("b", "i", "c", "passed")] * 3)
    assert repr(right) == "<Results: 3 passed>"
    assert repr(Results("quick", 0)) == "<Results: nothing ran>"


def test_pytest_shows_the_repr_of_results_whole() -> None:
    failure = Failure("an entry is off", "none is", "", "backend.sample()")
    outcome = Outcome("mine", "normal", "invariants", "failed", failure=failure)
    results = Results("quick", 0, [outcome] * 9)
    with pytest.raises(AssertionError) as raised:  # pytest words the errors of its test files
        assert results.ok, results
    shown = "<Results: 9 failed; mine::normal::invariants: an entry is off; 8 more"
    assert str(raised.value).startswith(shown)


def test_a_name_that_a_package_registers_is_a_backend(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    info = tmp_path / "theirs-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[initcore.backends]\ntheir_name = theirs:backend\n")
    lines = (
        "import numpy as np",
        "class backend:",
        "    name, initializers = 'theirs', ('zeros',)",
        "    def sample(self, name, shape, *, seed, dtype='float32'):",
        "        return np.zeros(shape, dtype)",
    )
    (tmp_path / "theirs.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    assert load("their_name").name == "theirs"
    assert main(["their_name", "-k", "zeros"]) == 1  # nothing is rejected
    shown = capsys.readouterr().out
    assert "FAILED their_name::zeros::rejection" in shown
    assert "FAILED" not in shown.replace("FAILED their_name::zeros::rejection", "")
    with pytest.raises(ValueError, match=r"there are numpy.*keras\.initializers, their_name, and"):
        load("their_nme")


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
def test_parts_of_an_initializer_that_has_a_parameter_of_that_name(name: str) -> None:
    backend: Any = load(name)
    given = {"seed": 1, "part": "first"}
    whole = np.asarray(backend.sample("mirrored", (4, 6), **given))
    corner = backend.sample_part("mirrored", (2, 3), Part((4, 6), (1, 2)), **given)
    assert (np.asarray(corner) == whole[1:3, 2:5]).all()
