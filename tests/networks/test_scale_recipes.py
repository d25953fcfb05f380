"""The recipes of docs/scale.md run, in real processes and on several virtual devices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "scale"
DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
# Processes, arguments, environment, and what is printed.
HOW: dict[str, tuple[int, list[str], dict[str, str], str]] = {
    "megatron_part": (2, [], {}, "as in one process: True True"),
    "zero3": (2, [], {}, "as in one process: True True"),
    "empty_weights": (1, [], {}, "from the start: True"),
    "lightning_fsdp": (1, [], {}, "as in one process: True"),
    "flax_mesh": (1, [], DEVICES, "shards: {(64, 32)}\nas on one device: True"),
    "keras_model_parallel": (
        1, [], {**DEVICES, "KERAS_BACKEND": "jax"}, "shards: {(64, 32)}\nas on one device: True",
    ),
}  # fmt: skip
WITH_GLOO = pytest.mark.skipif(
    not torch.distributed.is_available() or sys.platform != "linux",
    reason="torch.distributed with gloo is not built into this PyTorch",
)
NEEDS = {"empty_weights": "transformers", "lightning_fsdp": "lightning", "flax_mesh": "flax"}


def printed(name: str, ranks: int, arguments: list[str], more: dict[str, str]) -> str:
    """What the first process of a recipe prints."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "adapters")])
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": str(ranks),
              "MASTER_PORT": str(20000 + (os.getpid() + 11) % 20000), "OMP_NUM_THREADS": "1",
              "PYTHONPATH": paths, **more}  # fmt: skip
    processes = [
        subprocess.Popen([sys.executable, str(RECIPES / f"{name}.py"), *arguments],
                         env={**shared, "RANK": str(rank)}, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for rank in range(ranks)
    ]  # fmt: skip
    found = [process.communicate(timeout=240) for process in processes]
    for process, (_, errors) in zip(processes, found, strict=True):
        assert process.returncode == 0, errors[-2000:]
    return found[0][0]


def test_every_recipe_is_tried() -> None:
    assert {path.stem for path in RECIPES.glob("[a-z]*.py")} == {*HOW, "fsdp2_tp"}


@WITH_GLOO
@pytest.mark.parametrize("name", HOW)
def test_a_recipe_runs(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    ranks, arguments, more, wanted = HOW[name]
    assert wanted in printed(name, ranks, arguments, more)


@WITH_GLOO
def test_a_model_has_one_line_however_it_is_shared_out() -> None:
    told = [
        printed("fsdp2_tp", ranks, ["--tp", str(tp), "--prove"], {})
        for ranks, tp in ((1, 1), (4, 2))
    ]
    assert all("initcore plan" in text for text in told)
    lines = {text.splitlines()[-1] for text in told}
    assert len(lines) == 1
    other = printed("fsdp2_tp", 1, ["--prove", "--width", "32"], {}).splitlines()[-1]
    assert other not in lines
