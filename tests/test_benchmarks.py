"""`benchmarks/all.py` and the page it writes; how long anything takes is not tested."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "benchmarks" / "all.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def made() -> dict[str, str]:
    """By benchmark, what the page says it prints."""
    pattern = runpy.run_path(str(ROOT / "benchmarks" / "all.py"))["MADE"]
    return {m[2]: m[3] for m in pattern.finditer(PAGE.read_text("utf-8"))}


def test_the_page_has_a_table_of_every_benchmark_it_names() -> None:
    found = made()
    assert found.pop("all").startswith("Measured on 20")
    assert len(found) >= 6
    for name, table in found.items():
        assert (ROOT / "benchmarks" / f"{name}.py").is_file()
        assert "| ---" in table, name


def test_a_quick_run_prints_such_a_table_and_leaves_the_page_alone() -> None:
    before = PAGE.read_bytes()
    done = run("theory", "--quick")
    assert done.returncode == 0, done.stderr
    head = made()["theory"].splitlines()[0]
    assert head in done.stdout
    assert [line.split("|")[1] for line in done.stdout.splitlines() if line.startswith("| a ")] == [
        line.split("|")[1] for line in made()["theory"].splitlines() if line.startswith("| a ")
    ]
    assert PAGE.read_bytes() == before


ORTHOGONAL = (
    "| framework | n | ours | theirs | ratio |\n| - | - | - | - | - |\n| torch | 9 | 1 | 2 | {} |"
)
SHOWN = (
    "b\n<!-- from docs/benchmarks.md; a test compares -->\n| n | PyTorch |\n| - | - |\n| 9 | {} |\n"
)
SHOWN += "<!-- end of the ratios -->\n"


def test_what_it_prints_takes_the_place_of_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_ = runpy.run_path(str(ROOT / "benchmarks" / "all.py"))
    page, readme = tmp_path / "page.md", tmp_path / "README.md"
    head = "## Orthogonal matrices\n<!-- made by: python benchmarks/orthogonal.py -->\n"
    page.write_text(f"{head}old\n<!-- end -->\nz\n")
    readme.write_text(SHOWN.format("0.9"))
    scope = all_["main"].__globals__
    monkeypatch.setitem(scope, "PAGE", page)
    monkeypatch.setitem(scope, "README", readme)
    monkeypatch.setitem(scope, "printed", lambda name, quick: ORTHOGONAL.format("0.5"))
    monkeypatch.setattr(sys, "argv", ["all.py"])
    all_["main"]()
    assert page.read_text() == f"{head}{ORTHOGONAL.format('0.5')}\n<!-- end -->\nz\n"
    assert readme.read_text() == SHOWN.format("0.5")


def test_an_unknown_name_is_an_error_that_lists_the_known() -> None:
    done = run("theori", "--quick")
    assert done.returncode == 1
    assert "no benchmark theori; there are orthogonal, stream" in done.stderr
