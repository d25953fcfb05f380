"""A stranger's package beside ours: its own tests, the plugin with its lists, the command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "docs" / "examples" / "third_party_package"
CLAIMS = ("evenkeel.conformance:orthogonal", "evenkeel.conformance:normal")


def run(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "evenkeel"))


def test_its_own_tests_pass_with_the_skips_and_failures_it_lists(package: Path) -> None:
    places = (package / "src", ROOT, ROOT / "conformance")
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    done = run(sys.executable, "-m", "pytest", "-q", "-rsx", cwd=package, env=where)
    assert done.returncode == 0, done.stdout
    assert "14 passed, 9 skipped, 2 xfailed" in done.stdout
    assert "arguments are left to NumPy" in done.stdout
    assert "spared: one large draw" in done.stdout


def test_its_function_for_pytorch_is_right_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from initcore_conformance import conform, load

    monkeypatch.syspath_prepend(PACKAGE / "src")
    results = conform(
        [load("evenkeel.conformance:torch_orthogonal")], xfails={"*::rejection": "left to PyTorch"}
    )
    assert results.ok, results
    assert results.count("passed", check="layers") == 1


@pytest.mark.thorough
def test_it_is_checked_where_both_are_installed(package: Path, tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    done = run(python, "-m", "pip", "install", "--quiet", f"{wheel}[conformance]", package)
    assert done.returncode == 0, done.stderr
    for command in (("-m", "initcore_conformance"), (python.parent / "initcore", "conform")):
        words = [python, *command] if command[0] == "-m" else command
        done = run(*words, *CLAIMS, "--xfails", package / "tests" / "xfails.txt", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert run(python, "-m", "pytest", "-q", cwd=package).returncode == 0
    done = run(python, "-m", "initcore_conformance", "evenkeel.conformance:torch_orthogonal")
    assert (done.returncode, "No module named 'torch'" in done.stdout) == (1, True)
