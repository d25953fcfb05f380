"""The command in processes of its own: `--json` of the long ones, and code pages of Windows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
BACKEND = """
import numpy as np
from initcore_conformance import of_numpy

print("told at import")

def zeros(shape, rng):
    print("told at every call")
    return np.full(shape, {value})

backend = of_numpy(zeros, "zeros")
"""


def initcore(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "adapters", "conformance"))
    return subprocess.run(
        [sys.executable, "-m", "initcore", *map(str, arguments)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )  # fmt: skip


@pytest.mark.parametrize(("value", "status"), [(0.0, 0), (1.0, 1)])
def test_conform_prints_its_report_and_nothing_else(
    tmp_path: Path, value: float, status: int
) -> None:
    file, report = tmp_path / "mine.py", tmp_path / "r.json"
    file.write_text(BACKEND.format(value=value), "utf-8")
    done = initcore("conform", f"{file}:backend", "--json", "--report", report)
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"]) == (status, not status), done.stderr
    assert found == json.loads(report.read_text("utf-8"))
    assert {o["initializer"] for o in found["outcomes"]} == {"zeros"}
    assert "report: " in done.stderr


@pytest.mark.thorough
def test_demo_prints_its_numbers_and_nothing_else(tmp_path: Path) -> None:
    done = initcore("demo", "--small", "--json", "--out", tmp_path)
    found = json.loads(done.stdout)
    networks, training = found["networks"], found["training"]
    assert len(networks) + (training is not None) + len(found["left out"]) == 4, done.stderr
    assert networks or training
    for one in networks:
        assert one["error"] < 1e-5
        assert one["difference"] < 1e-6
    if training is not None:
        default, orthogonal = (one["singular values"] for one in training)
        assert default[1] < 1e-10 < 1e-2 < orthogonal[0]
    assert [str(path) for path in tmp_path.iterdir()] == [found["picture"]] * bool(training)


def test_letters_that_a_code_page_lacks_are_replaced(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"w→": np.eye(4, dtype="float32")})
    done = initcore("audit", tmp_path / "w.npz", PYTHONIOENCODING="cp1252", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "w?" in done.stdout
