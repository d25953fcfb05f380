"""Every input that fuzzing starts from or has found runs again, and a finding is noticed."""

import contextlib
import time
from collections.abc import Callable

import pytest

from fuzz import command, library
from fuzz._case import Finding, cases, judge, limited, to_line, words_of
from fuzz._mutate import mutator
from fuzz.run import READ, ROOT

TARGETS: dict[str, Callable[[bytes], bool]] = {"command": command.run, "library": library.run}
FILED = [(target, data) for target in TARGETS for data in cases(target)]


@pytest.mark.parametrize(("target", "data"), FILED, ids=[to_line(d)[:60] for _, d in FILED])
def test_every_filed_input_gets_a_result_or_one_clear_error(target: str, data: bytes) -> None:
    try:
        TARGETS[target](data)
    except library.Skip:
        pytest.fail("a filed input is one that is run")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OverflowError("too large"), "OverflowError instead"),
        (ValueError(""), "not one line"),
        (ValueError("two\nlines"), "not one line"),
        (TypeError("x" * 3000), "not one line"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_no_clear_error_is_a_finding(error: Exception, kind: str) -> None:
    with pytest.raises(Finding, match=kind):
        judge(error)
    judge(ValueError("gain needs to be a number, got 'a'."))


def test_a_hang_is_a_finding_even_where_errors_are_swallowed() -> None:
    def busy() -> None:
        end = time.process_time() + 5
        while time.process_time() < end:
            with contextlib.suppress(Exception):
                sum(range(1000))

    with pytest.raises(Finding, match="no answer"), limited(0.05):
        busy()


def test_a_command_that_leaves_a_traceback_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("initcore.cli._show.find", broken)
    with pytest.raises(Finding, match="traceback: RuntimeError"):
        command.run(b"show orthogonal")


def test_a_file_that_a_failed_command_leaves_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(file: object, array: object) -> None:
        with open("w.npy", "wb") as out:
            out.write(b"\x93NUM")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("initcore.cli._show.np.save", half)
    with pytest.raises(Finding, match=r"left w\.npy"):
        command.run(b"sample zeros --shape 2 --out w.npy")


@pytest.mark.parametrize("path", sorted({path for paths in READ.values() for path in paths}))
def test_files_whose_coverage_is_reported_exist(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_are_inputs_too_and_the_same_for_the_same_seed(target: str) -> None:
    mutate = mutator(target)
    made = [mutate(b"sample orthogonal --shape 4,6", 200, seed) for seed in range(300)]
    assert made == [mutate(b"sample orthogonal --shape 4,6", 200, seed) for seed in range(300)]
    assert len(set(made)) > 200
    assert all(len(data) <= 200 and words_of(data) for data in made)
