"""docs/conformance.md tells the truth: its recipes run, and print what stands below them."""

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from initcore import specs
from initcore_conformance import CHECKS, conform, load
from initcore_conformance._id_lists import IdList
from initcore_conformance._terminal import show

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = FENCE.findall(PAGE)
FILES = {
    text.split("\n")[0][2:]: text for _, text in BLOCKS if re.match(r"# \w+\.(py|txt)\n", text)
}
RUNS = [text for kind, text in BLOCKS if kind == "console" and " conform my_" in text]
RUNS = [text for text in RUNS if ".py:" in text]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's files in a folder, and nothing left of what they file."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    known = dict(specs._filed)
    yield tmp_path
    specs._filed.clear()
    specs._filed.update(known)


def here(arguments: list[str], shown: list[str]) -> str:
    """What the command prints, without a process of its own; of failures, only those shown."""
    asked = [c for c in CHECKS if re.search(rf"\b{c.id}\b", "\n".join(shown))]
    checks = asked or CHECKS
    backend = load(arguments[0])
    backend.name = arguments[0]
    xfails = IdList.read(arguments[2]).entries if arguments[1:2] == ["--xfails"] else None
    told = io.StringIO()
    show(conform([backend], xfails=xfails, checks=checks), Console(file=told, width=200))
    return told.getvalue()


def apart(arguments: list[str], environment: list[str]) -> str:
    where = {**os.environ, **dict(pair.split("=") for pair in environment)}
    command = [sys.executable, "-m", "initcore_conformance", *arguments]
    where["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    return subprocess.run(command, env=where, capture_output=True, text=True).stdout


def missing(shown: list[str], printed: str) -> str | None:
    """The first line of the page that does not follow in what was printed."""
    rest = iter(printed.splitlines())
    for line in shown:
        start, _, cut = line.partition("...")
        if line != "..." and not any(
            text.startswith(start) if line != start + cut else text.rstrip() == line
            for text in rest
        ):
            return line
    return None


def test_the_page_has_recipes_and_each_is_run() -> None:
    run = {re.search(r"my_\w+\.py", text)[0] for text in RUNS}  # type: ignore[index]
    assert run == {name for name in FILES if name.endswith(".py")}
    assert len(run) == 7


@pytest.mark.parametrize("text", RUNS, ids=lambda text: text.split("\n")[0][2:])
def test_recipes_print_what_the_page_says(text: str, files: Path) -> None:
    command, *shown = text.rstrip("\n").split("\n")
    words = shlex.split(command[2:])
    arguments = words[words.index("conform") + 1 :]
    environment = words[: words.index("initcore")]
    printed = apart(arguments, environment) if environment else here(arguments, shown)
    line = missing(shown, printed)
    assert line is None, f"{line!r} does not follow in\n{printed}"


def test_a_line_that_is_not_printed_is_found() -> None:
    assert missing(["a", "..."], "a  \nb") is None
    assert missing(["a", "b"], "b\na") == "b"
    assert missing(["a 1, ..."], "a 1, 2 s") is None
    assert missing(["a 1, ..."], "a 2, 2 s") == "a 1, ..."
