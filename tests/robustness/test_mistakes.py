"""Mistakes of new users: each message says what to do, and nothing has been changed."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import initcore_torch as init
from tests.tools.mistakes import CORE, JAX, PAGE, TORCH, answer, page


@pytest.mark.parametrize("mistake", [*TORCH, *CORE, *JAX])
def test_a_mistake_is_answered_with_what_to_do(mistake: str) -> None:
    layer = nn.Linear(8, 4)
    model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 4))
    before = [p.detach().clone() for m in (layer, model) for p in m.parameters()]
    message = answer(mistake, layer, model)
    assert message.endswith({**TORCH, **CORE, **JAX}[mistake]), message
    assert "\n" not in message
    after = [p for m in (layer, model) for p in m.parameters()]
    assert all(map(torch.equal, before, after))


def test_the_page_has_every_mistake_with_its_message() -> None:
    made = page()
    assert PAGE.read_text("utf-8") == made, "run python -m tests.tools.mistakes"
    assert made.count("\n| `") >= 40


def test_a_numpy_integer_is_a_seed() -> None:
    a, b = torch.empty(4, 8), torch.empty(4, 8)
    assert torch.equal(init.orthogonal_(a, seed=np.int64(7)), init.orthogonal_(b, seed=7))


MISSING = {
    ("import initcore_torch", "torch"): 'pip install "initcore[torch]"',
    ("import initcore_jax", "jax"): 'pip install "initcore[jax]"',
    ("import initcore_keras", "keras"): 'pip install "initcore[keras]"',
    ("import os; os.environ['KERAS_BACKEND'] = 'jax'; import initcore_keras", "jax"): "or set "
    "KERAS_BACKEND to tensorflow, jax or torch, whichever is installed, before Keras is imported",
    ("import initcore.plots as p; p.phase_diagram('tanh')", "matplotlib"): 'pip install "initcore['
    'plot]"',
    ("from initcore.cli import main; main()", "typer"): 'pip install "initcore[cli]"',
}


@pytest.mark.parametrize(("code", "missing"), MISSING)
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(
    code: str, missing: str
) -> None:
    """In a process of its own."""
    hidden = f"import sys; sys.modules[{missing!r}] = None; sys.path[:0] = {sys.path!r}; {code}"
    run = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True)
    assert run.returncode
    assert run.stderr.strip().endswith(MISSING[code, missing]), run.stderr
