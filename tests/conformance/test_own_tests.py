"""The tool that runs the frameworks' own tests on ours, on test files made here."""

from pathlib import Path

import pytest

from initcore_conformance._id_lists import IdList
from tests.tools import own_tests
from tests.tools.own_tests import EXPECTED, SUITES, Comparison, Suite, compared, located, page, row

SMALL = Suite(
    "Small",
    "numpy",
    ("theirs/small_test.py",),
    (("import math as init\n", "import cmath as init\n"),),
    environment={"SMALL": "1"},
)
TESTS = """import os
import math as init
import pytest


def test_both_have_it():
    assert init.sqrt(4) == 2


def test_a_text_differs():
    with pytest.raises(ValueError):
        init.sqrt(-1)


def test_ours_lacks_it():
    assert init.floor(0.5) == 0


@pytest.mark.skipif("SMALL" in os.environ, reason="not here")
def test_nobody_runs():
    assert False


class TestAll:
    def test_both_fail(self):
        assert init.pi == 3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "checkout" / SMALL.files[0]
    file.parent.mkdir(parents=True)
    file.write_text(TESTS)
    return tmp_path


def test_a_suite_runs_on_theirs_and_on_ours_and_only_the_difference_needs_reasons(
    source: Path,
) -> None:
    (file,) = located(SMALL, source)
    assert file == source / "checkout" / SMALL.files[0]
    found = compared(SMALL, [file])
    assert [name for name, error in found.theirs.items() if error] == ["TestAll.test_both_fail"]
    assert len(found.theirs) == 4
    assert found.error("small_test.test_both_have_it") == ""
    expected = IdList.parse("Small::*lacks*::*no attribute 'floor'*  # It rounds nothing.", "x")
    assert found.reasons(expected) == {
        "small_test.test_a_text_differs": None,
        "small_test.test_ours_lacks_it": "It rounds nothing.",
    }
    assert row(found, expected) in (
        "| Small | 4 | 3 | 1 | **unknown** (1); It rounds nothing (1) |\n",
        "| Small | 4 | 3 | 1 | It rounds nothing (1); **unknown** (1) |\n",
    )
    assert "with\nnumpy " in page([found], expected, "2026-01-01")


def test_a_file_that_ours_cannot_read_fails_in_each_of_its_tests(source: Path) -> None:
    (file,) = located(SMALL, source)
    file.write_text(TESTS.replace("init.pi", "1") + "\n\nTABLE = [init.floor]\n")
    found = compared(SMALL, [file])
    assert found.error("small_test.test_both_have_it").startswith("AttributeError")
    assert set(found.reasons(IdList())) == {
        "small_test.test_both_have_it",
        "small_test.test_a_text_differs",
        "small_test.test_ours_lacks_it",
    }


def test_files_without_the_import_or_without_tests_are_an_error(source: Path) -> None:
    with pytest.raises(ValueError, match="Small: its tests have no 'import math as init"):
        own_tests.swapped("import math\n", SMALL)
    with pytest.raises(RuntimeError, match="Small: its tests do not run"):
        own_tests.outcomes(SMALL, {"small_test.py": "import math as init\n"})
    assert located(SMALL, source / "checkout" / "theirs") == []
    assert located(SMALL, None) == []


def test_the_run_fails_until_every_failure_is_expected_and_every_line_is_used(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Comparison(SMALL, {"a": "", "b": "", "c": "wrong"}, {"a": "", "b": "far off", "c": "x"})
    monkeypatch.setattr(own_tests, "SUITES", (SMALL,))
    monkeypatch.setattr(own_tests, "compared", lambda suite, files: found)
    monkeypatch.setattr(own_tests, "PAGE", source / "page.md")
    monkeypatch.setattr(own_tests, "EXPECTED", source / "expected.txt")

    def run(lines: str) -> tuple[int, str]:
        (source / "expected.txt").write_text(lines)
        return own_tests.main(source), capsys.readouterr().out

    assert run("Small::b::far*  # It is far off.")[0] == 0
    assert "It is far off (1)" in (source / "page.md").read_text()
    status, text = run("Small::a::*  # Mended since.\nOther::a::*  # Not run.")
    assert status == 1
    assert "not expected: Small::b::far off" in text
    assert "expected, but nothing fails so: Small::a::*" in text
    assert "Other" not in text


def test_the_list_of_expected_failures_names_suites_and_each_suite_has_its_own_name() -> None:
    names = [suite.name for suite in SUITES]
    assert len(set(names)) == len(names)
    for pattern in IdList.read(EXPECTED).entries:
        suite = pattern.split("::")[0]
        assert any(name.startswith(suite.rstrip("*")) for name in names), pattern


def test_the_page_is_linked_and_has_a_row_a_suite_without_unknown_failures() -> None:
    text = own_tests.PAGE.read_text()
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ")][2:]
    assert [cells[1].strip() for cells in rows] == [suite.name for suite in SUITES]
    assert all(cells[2] == cells[3] for cells in rows)  # theirs pass theirs
    assert "unknown" not in text
    index = (own_tests.PAGE.parent / "index.md").read_text()
    assert "(drop_in.md)" in index
    assert "\ndrop_in\n" in index
