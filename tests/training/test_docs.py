"""The page on training runs."""

from pathlib import Path

import pytest

from tests.test_docs_pages import DOCS, blocks

pytest.importorskip("lightning")


@pytest.mark.filterwarnings("ignore")  # the trainers' own
def test_the_recipes_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    found = blocks(DOCS / "training.md")
    assert len(found) == 5
    for code in found:
        exec(compile(code, "training.md", "exec"), names)
    assert "initcore/gradient_least" in names["numbers"]  # type: ignore[operator]
