"""A third party's package adds an initializer, a scheme and a backend by public names alone."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "docs" / "examples" / "third_party_package"
CLAIMS = ("evenkeel", "evenkeel.conformance:orthogonal", "evenkeel.conformance:normal")
SCHEME = """
import torch, initcore_torch
model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 6))
initcore_torch.initialize(model, {name!r}, seed=0)
used = [(m.weight != 0) for m in (model[0], model[2])]
assert all(int(u.sum()) == 6 and int(u.sum(0).max()) == int(u.sum(1).max()) == 1 for u in used)
print("initialized")
"""


def run(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy, with the metadata that pip writes when it installs it."""
    copy = Path(shutil.copytree(PACKAGE, tmp_path / "evenkeel"))
    project = tomllib.loads((copy / "pyproject.toml").read_text())["project"]
    info = copy / "src" / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head)
    lines = [
        line for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return copy


@pytest.fixture
def beside(package: Path) -> dict[str, str]:
    """The environment of a process in which both packages are installed."""
    places = (package / "src", ROOT, ROOT / "adapters", ROOT / "conformance")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}


def test_its_own_tests_pass_with_the_skips_and_failures_it_lists(
    package: Path, beside: dict[str, str]
) -> None:
    done = run(sys.executable, "-m", "pytest", "-q", "-rsx", cwd=package, env=beside)
    assert done.returncode == 0, done.stdout
    assert "22 passed, 22 skipped, 2 xfailed" in done.stdout
    assert "arguments are left to NumPy" in done.stdout
    assert "spared: one large draw" in done.stdout


def test_the_command_lists_shows_and_samples_its_initializer(beside: dict[str, str]) -> None:
    listed = run(sys.executable, "-m", "initcore", "list", env=beside)
    assert "signed_permutation" in listed.stdout, listed.stderr
    shown = run(sys.executable, "-m", "initcore", "show", "signed_permutation", env=beside)
    assert "each row and each column has one entry at most" in " ".join(shown.stdout.split())
    assert "the authors of evenkeel" in shown.stdout


def test_the_suite_checks_its_initializer_in_our_backends_and_its_own(
    beside: dict[str, str],
) -> None:
    command = (sys.executable, "-m", "initcore", "conform", "-k", "signed_permutation")
    done = run(*command, "numpy", "array_api_strict:no_x64", "evenkeel", env=beside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "evenkeel" in done.stdout
    assert "all passed" in done.stdout


@pytest.mark.parametrize("name", ["signed_permutation", "even_keel"])
def test_initialize_takes_its_initializer_and_its_scheme(name: str, beside: dict[str, str]) -> None:
    pytest.importorskip("torch")
    done = run(sys.executable, "-c", SCHEME.format(name=name), env=beside)
    assert done.stdout.strip() == "initialized", done.stderr


def test_its_function_for_pytorch_is_right_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("torch")
    from initcore import specs
    from initcore_conformance import conform, load

    monkeypatch.syspath_prepend(PACKAGE / "src")
    known = dict(specs._filed)
    try:
        results = conform(
            [load("evenkeel.conformance:torch_orthogonal")],
            xfails={"*::rejection": "left to PyTorch"},
        )
    finally:
        specs._filed.clear()
        specs._filed.update(known)
    assert results.ok, str(results)
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
    command = python.parent / "initcore"
    assert "signed_permutation" in run(command, "list", cwd=tmp_path).stdout
    assert run(command, "show", "signed_permutation", cwd=tmp_path).returncode == 0
    done = run(command, "conform", "numpy", "-k", "signed_permutation", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ((python, "-m", "initcore_conformance"), (command, "conform")):
        done = run(*words, *CLAIMS, "--xfails", package / "tests" / "xfails.txt", cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert run(python, "-m", "pytest", "-q", cwd=package).returncode == 0
    done = run(python, "-m", "initcore_conformance", "evenkeel.conformance:torch_orthogonal")
    assert (done.returncode, "No module named 'torch'" in done.stdout) == (1, True)
