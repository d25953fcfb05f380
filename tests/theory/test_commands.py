"""The commands of the theory: numbers, JSON, pictures, and errors of one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from initcore import gain, theory
from tests.tools.command import Run


def test_the_command_is_a_module_too() -> None:
    command = [sys.executable, "-m", "initcore", "gain"]
    done = subprocess.run([*command, "relu"], capture_output=True, text=True, check=True)
    assert "1.4142" in done.stdout
    done = subprocess.run([*command, "tahn"], capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_every_command_prints_what_the_library_computes(run: Run) -> None:
    assert json.loads(run("gain", "gelu", "--json").stdout)["gain"] == gain("gelu")
    found = json.loads(run("critical", "tanh", "--q", 0.1, "--json").stdout)
    assert found["sigma_w"] == theory.critical_point("tanh", 0.1).sigma_w
    found = json.loads(run("critical", "tanh", "--depth", 200, "--json").stdout)
    assert found["sigma_b"] == theory.isometric("tanh", 200).sigma_b
    found = json.loads(run("phase", "tanh", "--sigma-w", 2, "--json").stdout)
    assert (found["phase"], found["stable"]) == ("chaotic", [False, True])
    found = json.loads(run("spectrum", "relu", "--depth", 8, "--json").stdout)
    assert found["edges"] == [0.0, pytest.approx(20.37200, abs=1e-5)]
    assert "1.533530441" in run("gain", "gelu").stdout


def test_pictures_are_written(tmp_path: Path, run: Run) -> None:
    for n, arguments in enumerate(
        (
            ("critical", "tanh", "--q", 0.2),
            ("phase", "relu", "--sigma-w", 1.2),
            ("spectrum", "hard_tanh", "--depth", 20),
        )
    ):
        path = tmp_path / "new" / f"{n}.png"
        done = run(*arguments, "--plot", path)
        assert done.returncode == 0, done.stderr
        assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("gain", "tahn"), "did you mean"),
        (("critical", "tanh"), "--q or --depth"),
        (("critical", "relu", "--depth", 50), "initcore.mirrored"),
        (("phase", "tanh", "--sigma-w", -1), "sigma_w"),
        (("spectrum", "tanh", "--depth", 0), "depth"),
        (("spectrum", "relu", "--depth", 2, "--plot", "a.foo"), "--plot needs a file"),
    ],
)
def test_an_error_is_one_line_and_an_exit_status(
    arguments: tuple[object, ...], text: str, run: Run
) -> None:
    done = run(*arguments)
    assert done.returncode != 0
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
