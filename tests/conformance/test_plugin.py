"""The pytest plugin, as another package uses it."""

import os
import subprocess
import sys
import warnings

import pytest

import initcore_conformance.plugin  # noqa: F401  (else every run below imports it anew)

pytest_plugins = ["pytester"]

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
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """The folder of another package, in which pytest runs."""
    pytester.makepyfile(mine=BACKEND, test_own="def test_own():\n    pass\n")
    settings = '[tool.pytest.ini_options]\nconform = ["mine:backend"]\n'
    (pytester.path / "pyproject.toml").write_text(settings)
    pytester.syspathinsert()
    return pytester


PLUGIN = ("-p", "initcore_conformance.plugin", "-q", "-p", "no:cacheprovider")


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # there a warning is no error
        return project.runpytest_inprocess(*PLUGIN, *arguments)


def test_every_check_is_a_test_with_a_readable_failure(project: pytest.Pytester) -> None:
    done = run(project, "-k", "zeros")
    assert done.ret == 1, str(done.stdout)
    assert "zeros: What the specification says of a kernel is true" in str(done.stdout)
    for word in ("got ", "should be ", "call ", "backend.sample('zeros'"):
        assert word in str(done.stdout)
    assert "FAILED conform::mine:backend::zeros::invariants" in str(done.stdout)
    assert "examine(" not in str(done.stdout)
    assert "conform::mine:backend::orthogonal" not in str(done.stdout)


def test_it_runs_beside_ones_own_tests_and_names_its_skips(project: pytest.Pytester) -> None:
    done = run(project, "-rsf", "--conform-profile", "quick", "--conform-seed", "3")
    assert "SKIPPED" in str(done.stdout)
    assert "claims no portable stream" in str(done.stdout)
    assert "FAILED conform::mine:backend::orthogonal::statistics" in str(done.stdout)
    assert run(project, "test_own.py", "-k", "own").ret == 0


def test_expected_failures_must_fail_and_lines_for_nothing_are_warned_about(
    project: pytest.Pytester,
) -> None:
    listed = project.path / "xfails.txt"
    listed.write_text("mine:backend::*::*  # known\nmine:backend::ones::*  # there is none\n")
    done = run(project, "-k", "zeros and (invariants or determinism)",
               "--conform-xfails", str(listed))  # fmt: skip
    assert "1 xfailed" in str(done.stdout)
    assert "XPASS(strict)" in str(done.stdout)
    assert "mine:backend::ones::* matches nothing" in str(done.stdout)
    skips = project.path / "skips.txt"
    skips.write_text("mine:backend::zeros::*  # not now\n")
    done = run(project, "-k", "zeros", "--conform-skips", str(skips))
    assert (done.ret, "failed" in str(done.stdout)) == (0, False)


def test_one_check_runs_by_its_name_and_says_how_to_load_its_backend(
    project: pytest.Pytester,
) -> None:
    names = (f"conform::mine:backend::zeros::{check}" for check in ("invariants", "determinism"))
    done = run(project, *names, "test_own.py")
    assert "1 failed, 2 passed" in str(done.stdout)
    assert 'backend   initcore_conformance.load("mine:backend")' in str(done.stdout)


def test_a_file_of_the_package_runs_alone_in_a_process_too(project: pytest.Pytester) -> None:
    run(project, "test_own.py").assert_outcomes(passed=1)
    path = os.pathsep.join(map(str, (project.path, *filter(None, sys.path))))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "test_own.py"],
        cwd=project.path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, "1 passed in" in done.stdout) == (0, True)


def test_lists_in_the_configuration_lie_beside_it(project: pytest.Pytester) -> None:
    with (project.path / "pyproject.toml").open("a") as file:
        file.write('conform_skips = "lists/skips"\nconform_xfails = "lists/xfails"\n')
    (project.path / "lists").mkdir()
    (project.path / "lists" / "skips").write_text("*::*::rejection  # not ours\n")
    (project.path / "lists" / "xfails").write_text("*::zeros::[!d]*  # known to be ones\n")
    done = run(project, "-rs", "-k", "zeros and (rejection or invariants or determinism)")
    assert "1 passed, 1 skipped" in str(done.stdout)
    assert "1 xfailed" in str(done.stdout)
    assert "not ours" in str(done.stdout)


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
def test_bad_names_are_told_at_once(
    project: pytest.Pytester, arguments: tuple[str, ...], text: str
) -> None:
    done = run(project, *arguments)
    assert done.ret == 4
    assert text in str(done.stdout) + str(done.stderr)
    assert "Traceback" not in str(done.stderr)
