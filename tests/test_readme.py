"""The README tells the truth: its table is the specifications', its Python runs, its links hold."""

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from initcore.cli._show import markdown_table
from initcore.specification import pages

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SPECIFICATION = pages()  # written when the documentation is built
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_table_is_made_from_the_specifications() -> None:
    found = README.split("a test compares -->\n")[2].split("\n<!-- end -->")[0]
    assert found == markdown_table(), "write the output of `initcore list --markdown` there"


def cells(table: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()]


def test_the_ratios_are_those_of_the_benchmarks() -> None:
    shown = README.split("a test compares -->\n")[1].split("\n<!-- end of the ratios -->")[0]
    measured = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    section = measured.split("## Orthogonal matrices")[1].split("\n## ")[0]
    ratios = {(row[0], row[1]): row[4] for row in cells(section) if len(row) >= 5}
    head, _, *rows = cells(shown)
    names = [name.lower().replace("pytorch", "torch") for name in head[1:]]
    assert {n for n, *_ in rows} == {n for _, n in ratios if n.isdigit()}
    for n, *given in rows:
        assert given == [ratios[name, n] for name in names]


def test_the_badges_are_true() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    badges = re.findall(r"img\.shields\.io/badge/(\w+)-([^-)]+)-blue", README)
    assert dict(badges) == {
        "python": project["project"]["requires-python"].removeprefix(">=") + "+",
        "licence": project["project"]["license"],
        "types": "strict" if project["tool"]["mypy"]["strict"] else "",
    }


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda s: s.split("\n")[0])
def test_python_in_the_readme_runs(snippet: str) -> None:
    if "import mlx" in snippet and find_spec("mlx") is None:
        pytest.skip("MLX has wheels for Apple silicon and for Linux on x86-64 only")
    if "import keras" in snippet:  # TensorFlow in a process of its own
        done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    else:
        exec(snippet, {"__name__": "__main__"})


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md")))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if target.startswith(("http:", "https:")):
            continue
        found = (page.parent / target).resolve()
        made = found.parent == ROOT / "docs" / "spec" and found.name in SPECIFICATION
        made |= found.parent == ROOT / "docs" / "api"
        assert made or found.exists(), f"{page.name} links to {target}"
