"""`initcore audit`: files of weights are recognized, and their faults found."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import initcore
import initcore_torch as init
from initcore.diagnostics import audit
from tests.tools.command import Run

NAMES = ("he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_uniform")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(128, 96), (64, 32, 3, 3)])
def test_common_initializers_are_recognized(name: str, shape: tuple[int, ...]) -> None:
    w = getattr(initcore, name)(initcore.Rng(3), shape)
    assert audit([("w", "float32", w)])["w"].like == f"{name}()"
    keras = np.moveaxis(w, (0, 1), (-1, -2))  # where the outputs are the last axis
    assert audit([("w", "float32", keras)])["w"].like == f"{name}()"


@pytest.mark.parametrize(
    ("w", "like"),
    [
        (nn.Linear(96, 64).weight, "uniform, +-1/sqrt(96): PyTorch's default"),
        (0.02 * torch.randn(64, 96, generator=torch.Generator().manual_seed(0)), "normal(std=0.02"),
        (
            init.orthogonal_(torch.empty(64, 96), gain=1.5, seed=0).bfloat16(),
            "orthogonal(gain=1.5)",
        ),
        (torch.zeros(4), "zeros()"),
        (torch.ones(4), "ones()"),
        (torch.full((3, 3), 0.5), "constant(0.5)"),
        (torch.eye(5), "identity()"),
    ],
)
def test_others_are_too(w: Any, like: str) -> None:
    found = audit([("w", "float32", w.detach().float().numpy())])["w"]
    assert found.like.startswith(like)


def test_faults_are_the_verdict(tmp_path: Path, run: Run) -> None:
    w = init.he_normal_(torch.empty(64, 96), seed=0)
    sick = {"a": w, "b": w.clone(), "c": torch.tensor([1.0, float("nan")]), "d": torch.zeros(9)}
    save_file({**sick, "e": torch.zeros(9), "n": torch.arange(4)}, tmp_path / "w.safetensors")
    done = run("audit", tmp_path / "w.safetensors")
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("5 tensors, ")
    assert "not finite: c; the same numbers twice" in first
    assert "b and a" in first
    assert "e and d" not in first  # biases begin at 0
    told = json.loads(run("audit", tmp_path / "w.safetensors", "--json").stdout)
    assert (told["weights"]["b"]["twin"], told["weights"]["a"]["like"]) == ("a", "he_normal()")


def test_sound_weights_pass_and_are_told_by_blocks(tmp_path: Path, run: Run) -> None:
    blocks = {f"h.{i}.w": init.orthogonal_(torch.empty(8, 8), seed=i) for i in range(6)}
    save_file(blocks, tmp_path / "w.safetensors")
    done = run("audit", tmp_path / "w.safetensors")
    assert done.returncode == 0
    assert "all finite, no two kernels the same" in done.stdout
    assert "h.0 to h.5: 6 blocks, alike" in done.stdout
