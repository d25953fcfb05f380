"""What the tables of the pages name exists: functions, schemes, commands, threads."""

import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

import initcore
from initcore.cli._app import app
from initcore.networks import SCHEMES
from tests.tools.alone import alone

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
THREAD = re.compile(
    r"\[([\w.-]+)#(\d+)\]\(https://github\.com/([\w.-]+)/([\w.-]+)/(?:issues|pull)/(\d+)\)"
)
ADAPTERS = {
    "core": "initcore", "PyTorch": "initcore_torch", "JAX": "initcore_jax",
    "Keras": "initcore_keras", "MLX": "initcore_mlx",
}  # fmt: skip


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without the lines that rule them."""
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("column", ADAPTERS)
def test_the_names_of_the_porting_table_exist(column: str) -> None:
    if column == "MLX" and find_spec("mlx") is None:
        pytest.skip("MLX has wheels for Apple silicon and for Linux on x86-64 only")
    page = (DOCS / "porting.md").read_text("utf-8")
    head, *table = rows(page.split("## Names")[1].split("\n## ")[0])
    assert head == list(ADAPTERS)
    cells = [row[head.index(column)] for row in table if len(row) == len(head)]
    names = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert len(names) >= 8
    if column == "Keras":
        code = f"import initcore_keras as m; print(*(n for n in {names} if not hasattr(m, n)))"
        missing = alone(code, KERAS_BACKEND="numpy").split()
    else:
        module = import_module(ADAPTERS[column])
        missing = [name for name in names if not hasattr(module, name)]
    assert not missing


def test_the_schemes_of_the_table_exist() -> None:
    page = (DOCS / "which.md").read_text("utf-8")
    table = rows(page.split("| your model |")[1].split("\n\n")[0])
    named = {name for row in table for name in re.findall(r'"(\w+)"', row[1])}
    assert len(named) >= 9
    assert named - {"density", "forget_bias"} <= {*SCHEMES, *initcore.specs}


@pytest.mark.parametrize("page", [README, DOCS / "howto" / "command.md", DOCS / "gallery.md"])
def test_the_commands_exist_with_their_options(page: Path) -> None:
    text = page.read_text("utf-8")
    shown = re.findall(r"(?:^\$ |`)(initcore [a-z][^`\n]*)", text, re.MULTILINE)
    assert shown
    for line in shown:
        name, *arguments = shlex.split(line)[1:]
        if name == "...":
            continue
        done = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
        assert done.exit_code == 0, line
        for option in (a for a in arguments if a.startswith("--")):
            assert option in done.output, line


def test_the_console_of_a_page_is_what_the_command_prints() -> None:
    page = (DOCS / "howto" / "command.md").read_text("utf-8")
    ((line, shown),) = re.findall(r"```console\n\$ (.*?)\n(.*?)```", page, re.DOTALL)
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert [text.rstrip() for text in done.output.splitlines()] == shown.splitlines()


def test_every_question_names_a_thread() -> None:
    page = (DOCS / "faq.md").read_text("utf-8")
    questions = page.split("\n## ")[1:]
    asked = [q for q in questions if THREAD.search(q.split("\n\n")[1])]
    assert len(asked) >= 12
    assert len(questions) - len(asked) <= 1
    for short, number, _, name, linked in THREAD.findall(page):
        assert (short.lower(), number) == (name.lower(), linked)
