"""A stranger's backend is loaded by name, and told honestly what is wrong with it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from initcore_conformance import conform, load
from initcore_conformance._cli import main

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "third_party_backend.py"


def test_the_documented_example_fails_honestly() -> None:
    results = conform([load(f"{EXAMPLE}:backend")])
    failed = {o.check: o.failure for o in results.failures}
    # LAPACK's signs, not Haar's, which every draw then has in common; and nothing is refused.
    assert set(failed) == {"statistics", "across_seeds", "seeds", "rejection"}
    assert failed["statistics"] is not None
    assert "corner entry" in failed["statistics"].got
    assert failed["rejection"] is not None
    assert "an array of shape" in failed["rejection"].got
    skipped = {o.check: o.reason for o in results.outcomes if o.status == "skipped"}
    assert skipped == {
        "reference": "claims no portable stream",
        "golden": "claims no portable stream",
        "low_precision": "makes no half precision",
        "complex": "makes no complex numbers",
        "part": "makes no parts",
        "drop_in": "takes over no framework's names",
        "layers": "offers no layers",
    }


def test_the_documented_example_has_twenty_lines() -> None:
    code = [line for line in EXAMPLE.read_text().splitlines() if line.strip()]
    assert len(code) <= 20


def test_the_call_in_a_failure_reproduces_it() -> None:
    results = conform([load(f"{EXAMPLE}:backend")], keyword="orthogonal")
    (failure,) = (o.failure for o in results.failures if o.check == "statistics")
    assert failure is not None
    w = eval(failure.call, {"backend": load(f"{EXAMPLE}:backend")})
    from initcore.invariants import Haar

    assert Haar().violation(w, groups=int(failure.call.split("groups=")[1].rstrip(")")))


def test_the_command_runs_it_in_a_process_and_writes_reports(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reports = [tmp_path / "r.html", tmp_path / "deep" / "r.json"]
    arguments = [f"{EXAMPLE}:backend", *(f"--report={path}" for path in reports)]
    assert main(arguments) == 1
    shown = capfd.readouterr().out
    for word in ("FAILED", "got", "should be", "backend.sample(", "statistics", "skipped: "):
        assert word in shown
    page = reports[0].read_text()
    assert page.startswith("<!doctype html>")
    assert "src=" not in page  # nothing is loaded from elsewhere
    assert "http" not in page
    told = json.loads(reports[1].read_text())
    assert not told["ok"]
    assert {o["status"] for o in told["outcomes"]} == {"passed", "failed", "skipped"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "initcore_conformance", *arguments]
    path = ":".join(p for p in sys.path if p)
    return subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": path})


def test_a_missing_framework_is_reported_as_missing_and_fails() -> None:
    done = run("no_such_framework.backend:backend", "numpy", "-k", "zeros")
    assert done.returncode == 1
    assert "MISSING" in done.stdout
    assert "No module named 'no_such_framework'" in done.stdout


def test_a_backend_that_crashes_its_process_is_reported_as_crashed(tmp_path: Path) -> None:
    crash = tmp_path / "crash.py"
    die = "        import os\n        os._exit(3)\n        rng ="
    crash.write_text(EXAMPLE.read_text().replace("        rng =", die))
    done = run(f"{crash}:backend")
    assert done.returncode == 1
    assert "CRASHED" in done.stdout
    assert "status 3" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nump"], "there is no backend 'nump'; there are numpy, array_api_strict, torch"),
        (["numpy", "--profile", "slow"], "there is no profile 'slow'; there are quick, thorough."),
        (["numpy", "--report", "r.pdf"], "--report needs a file .html, .md or .json, got 'r.pdf'."),
        (["numpy", "--skips", "no_such_file"], "no_such_file"),
    ],
)
def test_errors_are_one_line(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    error = capsys.readouterr().err.strip()
    assert text in error
    assert "\n" not in error.splitlines()[-1]
    assert "Traceback" not in error


def test_an_object_that_is_no_backend_is_told_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("class B:\n    name = 'b'\nbackend = B()\n")
    with pytest.raises(TypeError, match="it is a B without initializers, sample"):
        load(f"{tmp_path / 'half.py'}:backend")


def test_claims_of_unknown_initializers_are_refused() -> None:
    class Claims:
        name, portable, dtypes, initializers = "claims", False, ("float32",), ("no_such",)

        def sample(self, *_: Any, **__: Any) -> None: ...

    with pytest.raises(ValueError, match="claims initializers that are not specified: no_such"):
        conform([Claims()])


def test_the_documentation_shows_the_example_and_every_check_as_they_are() -> None:
    from initcore_conformance import CHECKS

    text = (EXAMPLE.parents[1] / "conformance.md").read_text()
    code = EXAMPLE.read_text()
    method = code[code.index("    def sample") : code.index("\n\n\nbackend")]
    assert method in text
    results = conform([load(f"{EXAMPLE}:backend")])
    for failure in (o.failure for o in results.failures if o.check in ("statistics", "rejection")):
        assert failure is not None
        assert all(f"  {line}" in text for line in str(failure).splitlines()), failure
    for check in CHECKS:
        assert f"| {check.title} | `{check.id}` | {check.proves} |" in text
