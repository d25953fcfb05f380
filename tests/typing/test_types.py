"""A user's program is checked by mypy and by pyright, against packages as they are installed.

The packages lie on the path of a new environment, as after `pip install`. There both checkers read
types only of a package with `py.typed`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSUMER = Path(__file__).with_name("consumer.py").read_text()
PLACES = (ROOT, ROOT / "adapters", ROOT / "conformance")
for checker in ("mypy", "basedpyright"):
    pytest.importorskip(checker, reason=f"{checker} checks the types")


def marked(program: str) -> set[int]:
    """Lines of `program` with a call that is wrong.

    >>> marked("f(1)\\nf('1')  # wrong")
    {2}
    """
    return {n for n, line in enumerate(program.splitlines(), 1) if line.endswith("# wrong")}


def environment(home: Path, *places: Path) -> Path:
    """The Python of a new environment that sees `places` and what this one has installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = next(p for p in home.glob("*/python*") if p.stem == "python")
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    here = sysconfig.get_path("purelib")  # its own .pth files are not followed from there
    Path(site, "places.pth").write_text("\n".join(map(str, (*places, here))) + "\n")
    return python


def reported(folder: Path, program: str, python: Path) -> Mapping[str, dict[int, str]]:
    """What mypy and pyright say of `program`, by line; both run at once."""
    folder.mkdir()
    (folder / "consumer.py").write_text(program)
    settings = {
        "include": ["consumer.py"],
        "typeCheckingMode": "strict",
        "reportMissingTypeStubs": "error",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    cache = ROOT / ".mypy_cache" / "typing"
    mypy = ["mypy", "--config-file=", "--strict", "--no-error-summary", "--hide-error-context"]
    mypy += ["--python-executable", str(python), "--cache-dir", str(cache), "consumer.py"]
    pyright = ["basedpyright", "-p", ".", "--pythonpath", str(python), "--outputjson"]
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MYPYPATH")}
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, env=clean, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for words in (mypy, pyright)
    ]  # fmt: skip
    (said, trouble), (told, _) = (run.communicate() for run in runs)
    assert runs[0].returncode in (0, 1), said + trouble
    found = re.findall(r"^consumer\.py:(\d+): error: (.*)$", said, re.MULTILINE)
    diagnostics = json.loads(told)["generalDiagnostics"]
    return {
        "mypy": {int(n): text for n, text in found},
        "pyright": {
            d["range"]["start"]["line"] + 1: d["message"]
            for d in diagnostics
            if d["severity"] == "error"
        },
    }


def test_right_calls_pass_and_each_wrong_one_is_reported(tmp_path: Path) -> None:
    python = environment(tmp_path / "env", *PLACES)
    wrong = marked(CONSUMER)
    assert len(wrong) > 10
    for checker, found in reported(tmp_path / "program", CONSUMER, python).items():
        assert not wrong - found.keys(), f"{checker} lets these lines of consumer.py pass"
        extra = {n: text for n, text in found.items() if n not in wrong}
        assert not extra, f"{checker} reports right calls: {extra}"


def test_both_miss_a_package_without_its_types(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "initcore", tmp_path / "bare" / "initcore")
    (tmp_path / "bare" / "initcore" / "py.typed").unlink()
    python = environment(tmp_path / "env", tmp_path / "bare")
    found = reported(tmp_path / "program", "import initcore\n\nprint(initcore.specs)\n", python)
    assert "py.typed" in found["mypy"][1]
    assert "tub file not found" in found["pyright"][1]
