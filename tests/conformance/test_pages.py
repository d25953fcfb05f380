"""Pages of measurements have the form that their tools write, and the tools run at a small size."""

import re

from initcore_conformance import CHECKS, conform
from tests.tools import faults
from tests.tools.false_alarms import _page
from tests.tools.false_alarms._page import Summary
from tests.tools.false_alarms._runs import Run, run
from tests.tools.false_alarms._statistics import counted

from .independent import Independent


def test_the_page_of_faults_is_a_dated_table_of_checks() -> None:
    text = faults.PAGE.read_text()
    rows = text.split("| --- | --- | --- |\n")[1].splitlines()
    (count,) = re.findall(r"(\d+) if the initializers", text)
    (date,) = re.findall(r"on (\d{4}-\d\d-\d\d) with", text)
    assert faults.page(rows, int(count), date) == text
    ids = {check.id for check in CHECKS}
    for row in rows:
        _, names, fault, found_by, _ = row.split(" | ".strip())
        assert names.strip()
        assert fault.strip()
        found = [word.strip() for word in found_by.split(",")]
        assert {word.strip("*") for word in found} <= ids
        assert sum(word.startswith("**") for word in found) == 1


def test_a_row_of_faults_names_the_checks_that_find_them() -> None:
    (zeros,) = [k for k in faults.kinds() if k[0].make.__name__ == "Uninitialized"]
    row = faults.row(zeros)
    assert row.startswith("| `zeros` | hands out memory that nobody has filled | ")
    assert "**invariants**, low_precision, layers |" in row


def test_the_page_of_false_alarms_is_the_one_that_its_numbers_make() -> None:
    text = _page.PAGE.read_text()
    summary = Summary.read(text)
    assert _page.page(summary) == text
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", summary.date)
    assert summary.last - summary.first == summary.runs - 1 >= 0
    assert summary.checks > 200 * summary.runs
    assert summary.cases > summary.checks
    assert summary.statistics > 3000 * summary.runs
    assert not summary.failures


def test_a_run_for_false_alarms_counts_what_it_tries() -> None:
    one = run(0, "glorot_uniform")
    assert (one.seed, one.failures) == (0, {})
    assert 0 < one.checks <= len(CHECKS)
    assert one.cases > one.checks
    assert one.statistics > 5


def test_summaries_of_runs_add_up() -> None:
    runs = [Run(s, f"2026-01-{s + 1:02}", 2.0 + s, 10, 100, 50 * s) for s in range(5)]
    assert Summary.of(runs[3:], Summary.of(runs[:3])) == Summary.of(runs)
    assert "There were none" in _page.page(Summary.of(runs))
    wrong = Run(5, "2026-01-06", 2.0, 10, 100, 50, {"a::b::c": "got 1"})
    text = _page.page(Summary.of([wrong], Summary.of(runs)))
    assert Summary.read(text).failures == ((5, "a::b::c", "got 1"),)
    assert "- seed 5, `a::b::c`: got 1" in text


def test_statistics_are_counted_where_there_are_any() -> None:
    with counted() as tally:
        conform([Independent()], keyword="zeros,hadamard")
    assert tally.count == 0
    with counted() as tally:
        conform([Independent()], keyword="delta_orthogonal")
    assert tally.count > 14
