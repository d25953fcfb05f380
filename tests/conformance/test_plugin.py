"""The pytest plugin, as a stranger's package uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BACKEND = """
import math
import numpy as np


class Mine:
    name, portable = "mine", False
    initializers, dtypes = ("orthogonal", "zeros"), ("float32",)

    def sample(self, name, shape, *, seed, dtype="float32", gain=1.0, groups=1):
        if name == "zeros":
            return np.ones(shape, dtype)
        rng = np.random.default_rng(seed)
        out, fan_in = shape[0] // groups, math.prod(shape[1:])
        w = rng.standard_normal((groups, max(out, fan_in), min(out, fan_in)))
        q = np.linalg.qr(w)[0]
        return (gain * (q if out >= fan_in else q.swapaxes(1, 2))).reshape(shape).astype(dtype)


backend = Mine()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package of one's own, beside ours."""
    (tmp_path / "mine.py").write_text(BACKEND)
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nconform = ["mine:backend"]\n'
    )
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "initcore_conformance.plugin", "-q",
               "-p", "no:cacheprovider", *arguments]  # fmt: skip
    places = (project, ROOT, ROOT / "adapters", ROOT / "conformance")
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    return subprocess.run(command, cwd=project, env=where, capture_output=True, text=True)


def test_every_check_is_a_test_with_a_readable_failure(project: Path) -> None:
    done = run(project, "-k", "zeros")
    assert done.returncode == 1, done.stdout
    assert "zeros: What the specification says of a kernel is true" in done.stdout
    for word in ("got ", "should be ", "call ", "backend.sample('zeros'"):
        assert word in done.stdout
    assert "FAILED conform::mine:backend::zeros::invariants" in done.stdout
    assert "examine(" not in done.stdout
    assert "conform::mine:backend::orthogonal" not in done.stdout


def test_it_runs_beside_ones_own_tests_and_names_its_skips(project: Path) -> None:
    done = run(project, "-rsf", "--conform-profile", "quick", "--conform-seed", "3")
    assert "SKIPPED" in done.stdout
    assert "claims no portable stream" in done.stdout
    assert "FAILED conform::mine:backend::orthogonal::statistics" in done.stdout
    assert run(project, "test_own.py", "-k", "own").returncode == 0


def test_expected_failures_must_fail_and_lines_for_nothing_are_warned_about(project: Path) -> None:
    listed = project / "xfails.txt"
    listed.write_text("mine:backend::*::*  # known\nmine:backend::ones::*  # there is none\n")
    done = run(project, "-k", "zeros and (invariants or determinism)",
               "--conform-xfails", str(listed))  # fmt: skip
    assert "1 xfailed" in done.stdout
    assert "XPASS(strict)" in done.stdout
    assert "mine:backend::ones::* matches nothing" in done.stdout
    skips = project / "skips.txt"
    skips.write_text("mine:backend::zeros::*  # not now\n")
    done = run(project, "-k", "zeros", "--conform-skips", str(skips))
    assert (done.returncode, "failed" in done.stdout) == (0, False)


def test_one_check_runs_by_its_name_and_says_how_to_load_its_backend(project: Path) -> None:
    names = (f"conform::mine:backend::zeros::{check}" for check in ("invariants", "determinism"))
    done = run(project, *names, "test_own.py")
    assert "1 failed, 2 passed" in done.stdout
    assert 'backend   initcore_conformance.load("mine:backend")' in done.stdout


def test_a_file_of_ones_own_runs_alone(project: Path) -> None:
    done = run(project, "test_own.py")
    assert (done.returncode, "1 passed in" in done.stdout) == (0, True)


def test_lists_in_the_configuration_lie_beside_it(project: Path) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('conform_skips = "lists/skips"\nconform_xfails = "lists/xfails"\n')
    (project / "lists").mkdir()
    (project / "lists" / "skips").write_text("*::*::rejection  # not ours\n")
    (project / "lists" / "xfails").write_text("*::zeros::[!d]*  # known to be ones\n")
    done = run(project, "-rs", "-k", "zeros and (rejection or invariants or determinism)")
    assert "1 passed, 1 skipped" in done.stdout
    assert "1 xfailed" in done.stdout
    assert "not ours" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--conform", "torhc"), "there is no backend 'torhc'"),
        (("--conform", "nowhere.at_all:backend"), "No module named 'nowhere'"),
        (("--conform", "mine:nothing"), "has no object 'nothing'"),
        (("--conform-skips", "absent.txt"), "absent.txt"),
        (("conform::mine:backend::ones::seeds",), "no check conform::mine:backend::ones::seeds"),
    ],
)
def test_bad_names_are_told_at_once(project: Path, arguments: tuple[str, ...], text: str) -> None:
    done = run(project, *arguments)
    assert done.returncode == 4
    assert text in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
