"""docs/peers.md has every known failure of the frameworks, and the lines of Python of its tool."""

import re
from pathlib import Path

import pytest

from initcore_conformance import Failure, Outcome, Results
from initcore_conformance._id_lists import upstream
from initcore_conformance._load import known_names
from initcore_conformance._markdown import _plain
from initcore_conformance._report import split_links
from tests.tools.peers import DKS, HABITS, PAGE, Habit, merged, page, prints, run, section

TEXT = PAGE.read_text()


def test_the_page_tells_every_known_failure_with_its_threads() -> None:
    for reason in upstream().entries.values():
        sentence, threads = split_links(reason)
        assert _plain(sentence) in TEXT
        assert all(f"[{name}]({url})" in TEXT for name, url in threads.items())


@pytest.mark.parametrize(
    "text",
    [
        """"geqrf_cpu" not implemented for 'BFloat16'""",
        "128 different values, the largest 2.89",
        "### `torch.nn.init` `sparse` determinism",
        "tap (1,) has an entry 1, only the centre (0,) may",
        "seeds 0 and 9223372036854775808 give the same values",
        "ZeroDivisionError: float division by zero",
        f"### `{DKS}` `scaled_orthogonal` invariants",
    ],
)
def test_the_faults_of_peers_show(text: str) -> None:
    assert text in TEXT


def test_sparse_differs_from_call_to_call() -> None:
    # Its places come from the global generator: each making of the page finds another example.
    part = TEXT.split("### `torch.nn.init` `sparse` determinism")[1].split("\n### ")[0]
    assert re.search(r"backend\.sample\('sparse', .*, dtype='float32', .*\), twice", part)


def test_the_page_says_what_passes_for_every_backend() -> None:
    table = TEXT.split("## What passes")[1].split("\n## ")[0]
    head, _, *rows = (line for line in table.splitlines() if line.startswith("|"))
    for name in known_names():
        assert (f"`{name}`" in head) == ("initializers" in name or name == "torch.nn.init")
    assert len(rows) >= 15
    assert all(any(cell.strip()[:1].isdigit() for cell in row.split("|")) for row in rows)


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.title)
def test_habits_stand_on_the_page_as_they_are_run(habit: Habit) -> None:
    assert f"### {habit.title}\n\n" in TEXT
    assert habit.code.strip() in TEXT
    part = TEXT.split(f"### {habit.title}\n\n")[1].split("\n### ")[0]
    shown = part.split("```text\n")[1].split("\n```")[0].splitlines()
    found = dict(line.split(None, 1) if habit.keras else ("", line) for line in shown)
    assert tuple(found) == (habit.keras or ("",))
    assert section(habit, found) == f"### {habit.title}\n\n{part}".rstrip()


def test_a_habit_is_what_its_lines_print_and_an_error_is_none() -> None:
    habit = Habit("Two is two.", "print(2)", prints("2"))
    assert run(habit) == {"": "2"}
    assert "\n\nSeen with" in section(habit, run(habit))
    assert "\n\nNot seen with" in section(habit, {"": "3"})
    with pytest.raises(RuntimeError, match="NameError"):
        run(Habit("No.", "print(no_such_name)", prints("2")))


def test_runs_are_put_together() -> None:
    failed = Outcome(DKS, "zeros", "seeds", "failed", failure=Failure("1", "2"))
    one = Results("quick", 0, [Outcome("a", "zeros", "seeds", "passed")], {"a": {"a": "1"}})
    both = merged([one, Results("quick", 0, [failed], {"b": {"b": "2"}})])
    assert both.backends == ["a", DKS]
    again = Results("quick", 0, [Outcome(DKS, "zeros", "seeds", "passed")])
    assert [o.status for o in merged([both, again]).outcomes] == ["passed", "passed"]
    made = page(both, [{"": "0"} for _ in HABITS], "2026-01-01")
    assert "a 1, b 2" in made
    assert "on 2026-01-01" in made


def test_the_page_is_where_it_is_linked() -> None:
    root = Path(__file__).parents[2]
    assert "(peers.md)" in (root / "docs" / "conformance.md").read_text()
    assert "(docs/peers.md)" in (root / "README.md").read_text()
    assert "\npeers\n" in (root / "docs" / "index.md").read_text()
