"""`make new-initializer` starts one; what it cannot start it refuses, and changes nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.imports import ROOT
from tests.tools.new_initializer import main


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "initcore", tmp_path / "initcore")
    return tmp_path


def tree(folder: Path) -> dict[str, str]:
    return {str(p): p.read_text() for p in folder.rglob("*.py")}


def test_it_is_filed_exported_and_says_what_is_left(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main("reflection", copy)
    shown = capsys.readouterr().out
    assert "initcore/initializers/_reflection.py" in shown
    assert "class Reflection" in shown
    code = "import initcore; print(initcore.specs['reflection'].function is initcore.reflection)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"
    for face in (copy / "initcore" / "__init__.py", copy / "initcore/initializers/__init__.py"):
        imports = [line for line in face.read_text().splitlines() if "reflection" in line]
        assert len(imports) == 1


@pytest.mark.parametrize("name", ["orthogonal", "Reflection", "class", "", "a-b", "lecun_normal"])
def test_names_that_are_taken_or_none_change_nothing(name: str, copy: Path) -> None:
    before = tree(copy)
    with pytest.raises(ValueError, match=r"is taken|needs NAME"):
        main(name, copy)
    assert tree(copy) == before
