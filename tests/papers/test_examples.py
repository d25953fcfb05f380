"""The examples run, at sizes that take seconds, and leave their pictures."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = {
    "eoi_1000_layers": ["--layers", "6", "--epochs", "1"],
    "eoi_deep_conv": ["--layers", "6", "--epochs", "1"],
    "gsm_100_layers": ["--layers", "6", "--epochs", "1", "--draws", "8"],
    "idinit_residual": ["--blocks", "2", "--epochs", "1"],
}


@pytest.fixture
def as_found(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An example changes PyTorch's threads, random state and subnormal numbers; all come back."""
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    yield monkeypatch
    sys.modules.pop("_digits", None)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)
    torch.set_rng_state(state)


def test_every_example_is_tried() -> None:
    assert {p.stem for p in EXAMPLES.glob("[a-z]*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_an_example_runs_and_draws_its_picture(
    name: str,
    tmp_path: Path,
    as_found: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = str(EXAMPLES / f"{name}.py")
    as_found.setattr(sys, "argv", [script, *SMALL[name], "--out", str(tmp_path)])
    runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().out.count("|") > 10, "the table is missing"
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000


def test_subnormal_numbers_are_there_after_the_examples() -> None:
    assert torch.tensor(1e-310, dtype=torch.float64).mul(1).item() > 0
