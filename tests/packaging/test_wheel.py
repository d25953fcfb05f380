"""The wheel in a clean environment: what is inside, and what it says of what is not installed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build
from tests.tools.imports import PACKAGES, ROOT


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel and its base dependencies only."""
    home = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", home)
    done = run(home / "bin" / "python", "-m", "pip", "install", "--quiet", wheel)
    assert done.returncode == 0, done.stderr
    return home / "bin" / "python"


@pytest.mark.thorough
def test_the_wheel_has_every_package_with_its_types_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert all(f"{package}/py.typed" in names for package in PACKAGES)
    roots = {n.split("/")[0] for n in names if ".dist-info" not in n}
    assert roots == set(PACKAGES)
    assert any(n.endswith("licenses/LICENSE") for n in names)


@pytest.mark.thorough
@pytest.mark.skipif(hatch_build.compiler() is None, reason="there is no C compiler")
def test_the_wheel_has_compiled_draws_for_every_python(wheel: Path, python: Path) -> None:
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    done = run(python, "-c", "from initcore.random import is_compiled; print(is_compiled())")
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.thorough
def test_the_core_needs_its_base_dependencies_only(python: Path) -> None:
    code = "import initcore as i; print(i.orthogonal(i.Rng(0), (3, 3)).shape, i.gain('gelu'))"
    done = run(python, "-c", code)
    assert done.stdout.startswith("(3, 3) 1.53353"), done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("package", sorted(set(PACKAGES) - {"initcore"}))
def test_what_is_missing_is_said_in_one_line(python: Path, package: str) -> None:
    done = run(python, "-c", f"import {package}")
    last = done.stderr.strip().splitlines()[-1]
    assert f'pip install "initcore[{package.removeprefix("initcore_")}]"' in last


@pytest.mark.thorough
def test_the_command_says_what_it_needs(python: Path) -> None:
    done = run(python.parent / "initcore", "list")
    assert done.returncode == 1
    assert "initcore[cli]" in done.stderr
    assert "Traceback" not in done.stderr
