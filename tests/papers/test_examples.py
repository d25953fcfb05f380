"""The examples run, at sizes that take seconds, and leave their pictures."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = {
    "eoi_1000_layers": ["--layers", "6", "--epochs", "1"],
    "eoi_deep_conv": ["--layers", "6", "--epochs", "1"],
    "gsm_100_layers": ["--layers", "6", "--epochs", "1", "--draws", "8"],
    "idinit_residual": ["--blocks", "2", "--epochs", "1"],
}


def test_every_example_is_tried() -> None:
    assert {p.stem for p in EXAMPLES.glob("[a-z]*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_an_example_runs_and_draws_its_picture(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *SMALL[name], "--out", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("|") > 10, "the table is missing"
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
