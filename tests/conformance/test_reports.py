"""Reports say the same in HTML and Markdown, group what is alike, and link what is known."""

import dataclasses
import io
import re
import sys
from html import escape
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from initcore_conformance import CHECKS, Failure, Outcome, Results, conform, load
from initcore_conformance._html import page as html
from initcore_conformance._id_lists import IdList, upstream
from initcore_conformance._load import known_names
from initcore_conformance._markdown import page as markdown
from initcore_conformance._report import reproduce, split_links
from initcore_conformance._terminal import show

THREAD = "https://github.com/pytorch/pytorch/issues/9315"
LIST = Path(conform.__code__.co_filename).parent / "upstream.txt"


def failed(backend: str, initializer: str, check: str, reason: str = "") -> Outcome:
    why = Failure("1 | 2 < 3", f"what {check} asks", "0.5", f"backend.sample({initializer!r})")
    return Outcome(backend, initializer, check, "failed", reason, 3, 0.1, why)


@pytest.fixture
def results() -> Results:
    known = f"It has no kernels. {THREAD}"
    return Results("quick", 0, [
        failed("a", "orthogonal", "invariants", known),
        failed("a", "normal", "seeds"),
        failed("a", "uniform", "seeds"),
        Outcome("a", "zeros", "shape_and_dtype", "passed", examples=5),
        Outcome("a", "zeros", "seeds", "skipped", "not random"),
        failed("b", "orthogonal", "low_precision", known),
        Outcome("c", "*", "*", "missing", "no module named 'c'"),
    ], versions={"a": {"a": "1.2"}})  # fmt: skip


def test_one_cause_is_told_once_wherever_it_shows(results: Results) -> None:
    causes = [[(o.backend, o.initializer) for o in group] for group in results.alike]
    assert causes == [
        [("a", "orthogonal"), ("b", "orthogonal")],
        [("a", "normal"), ("a", "uniform")],
        [("c", "*")],
    ]
    page = markdown(results)
    assert page.count("got       ") == 2
    assert "Also orthogonal low_precision in b." in page
    assert "Also uniform." in page
    assert f"Upstream: [pytorch/pytorch#9315]({THREAD})" in page


def test_markdown_has_what_html_has(results: Results) -> None:
    shown, page = html(results), markdown(results)
    for text in ("a 1.2", "no module named", "It has no kernels.", "pytorch/pytorch#9315", THREAD):
        assert text in shown
        assert text in page
    for check in CHECKS:
        assert check.proves in page
        assert escape(check.proves) in shown
    assert "| `zeros` | 1 |  |" in page
    assert "| `normal` | 0, not seeds |  |" in page


def test_every_cell_of_the_html_table_leads_to_a_failure(results: Results) -> None:
    page = html(results)
    wanted = set(re.findall(r'href="#([^"]+)"', page))
    assert wanted == {"a-invariants", "a-seeds", "b-low-precision"}
    assert wanted <= set(re.findall(r'id="([^"]+)"', page))


def test_markdown_tables_survive_what_failures_say(results: Results) -> None:
    results.outcomes[-1] = Outcome("c", "*", "*", "crashed", "a|b *c* <d>")
    (row,) = (line for line in markdown(results).splitlines() if "crashed" in line and "|" in line)
    assert "a\\|b \\*c\\* \\<d>" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == len(CHECKS) + 2


def test_results_come_back_from_json(results: Results) -> None:
    again = Results.from_json(results.to_json())
    assert again == results


def test_the_lines_to_reproduce_run_as_they_stand(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    results = conform([load("torch.nn.init")], keyword="identity")
    (one,) = (o for o in results.failures if o.check == "invariants")
    assert "centre" in one.reason  # what is known upstream stands beside it
    scope: dict[str, Any] = {}
    *head, call = reproduce(one).splitlines()
    exec("\n".join(head), scope)
    assert float(eval(call, scope).sum()) == 1.0


def test_calls_are_python_also_for_infinity() -> None:
    from initcore import specs
    from initcore_conformance import Case

    call = Case((2,), {"low": float("-inf"), "high": float("nan")}).call(specs["truncated_normal"])
    seen = eval(call, {"backend": type("B", (), {"sample": lambda *_, **given: given})()})
    assert seen["low"] == float("-inf")
    assert seen["high"] != seen["high"]


def test_what_is_known_upstream_names_backends_and_checks_there_are() -> None:
    ids = {c.id for c in CHECKS}
    for pattern, reason in upstream().entries.items():
        backend, _, check = pattern.split("::")
        assert any(IdList({f"{backend}::*::*": "x"}).reason(f"{n}::i::c") for n in known_names())
        assert check in ids
        sentence, threads = split_links(reason)
        assert sentence.endswith("."), reason
        assert threads or "no thread is known" in reason.lower() or check == "rejection", reason


def test_lines_for_backends_that_are_not_looked_at_are_no_news() -> None:
    pytest.importorskip("torch")
    known = IdList.read(LIST).entries
    results = conform([load("torch.nn.init")], xfails=known, keyword="sparse")
    assert results.ok, results.failures
    assert results.count("xfailed") == 2
    assert results.warnings
    assert all("'torch.nn.init::" in warning for warning in results.warnings)


def test_what_fails_as_expected_is_not_told_to_pass() -> None:
    expected = dataclasses.replace(failed("a", "normal", "purity", "so it is"), status="xfailed")
    results = Results("quick", 0, [expected, Outcome("a", "zeros", "purity", "passed")])
    show(results, Console(file=(told := io.StringIO())))
    seen = told.getvalue()
    assert " 1/2 a" in seen
    assert "a  failed as expected: so it is" in seen
    assert "all passed" in seen
    assert "| 1/2 |" in markdown(results)
    assert markdown(results).startswith("# Conformance of weight initializers: 1 failure, expected")
    assert '<span class="box warn"' in html(results)
    results.outcomes.append(failed("a", "uniform", "purity"))
    assert "| **1/3** |" in markdown(results)
    assert '<a class="bad"' in html(results)


@pytest.mark.thorough
def test_the_frameworks_fail_as_is_known_and_not_otherwise() -> None:
    names = ["torch.nn.init", "jax.nn.initializers", "keras.initializers"]
    results = conform(names, xfails=IdList.read(LIST).entries)
    assert results.ok, results.failures
    assert not results.warnings


def test_keras_runs_on_the_backend_asked_for_or_says_why_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = type("keras", (), {"config": type("config", (), {"backend": lambda: "numpy"})})
    monkeypatch.setitem(sys.modules, "keras", running)
    with pytest.raises(ValueError, match=r"runs on numpy.*set KERAS_BACKEND=jax before it starts"):
        load("keras.initializers:jax")
