"""The README tells the truth: its table is the specifications', its Python runs, its links hold."""

import re
import subprocess
import sys
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
    found = README.split("a test compares -->\n")[1].split("\n<!-- end -->")[0]
    assert found == markdown_table(), "write the output of `initcore list --markdown` there"


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
        assert made or found.exists(), f"{page.name} links to {target}"
