"""The recipes of docs/scale.md run, in real processes and on several virtual devices."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tools.ranks import printed

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "scale"
DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
# Processes, environment, and what is printed.
HOW: dict[str, tuple[int, dict[str, str], str]] = {
    "megatron_part": (2, {}, "as in one process: True True"),
    "zero3": (2, {}, "as in one process: True True"),
    "empty_weights": (1, {}, "from the start: True"),
    "lightning_fsdp": (1, {}, "as in one process: True"),
    "flax_mesh": (1, DEVICES, "shards: {(64, 32)}\nas on one device: True"),
    "keras_model_parallel": (
        1,
        {**DEVICES, "KERAS_BACKEND": "jax"},
        "shards: {(64, 32)}\nas on one device: True",
    ),
}
NEEDS = {"empty_weights": "transformers", "lightning_fsdp": "lightning", "flax_mesh": "flax"}


def test_every_recipe_is_tried() -> None:
    assert {path.stem for path in RECIPES.glob("[a-z]*.py")} == {*HOW, "fsdp2_tp"}


@pytest.mark.parametrize("name", HOW)
def test_a_recipe_runs(name: str) -> None:
    if name in NEEDS and not find_spec(NEEDS[name]):
        pytest.skip(f"{NEEDS[name]} is not installed")
    ranks, more, wanted = HOW[name]
    assert wanted in printed(RECIPES / f"{name}.py", ranks, more=more)[0]


def test_a_model_has_one_line_however_it_is_shared_out() -> None:
    recipe = RECIPES / "fsdp2_tp.py"
    told = [printed(recipe, ranks, "--tp", str(tp), "--prove")[0] for ranks, tp in ((1, 1), (4, 2))]
    assert all("initcore plan" in text for text in told)
    lines = {text.splitlines()[-1] for text in told}
    assert len(lines) == 1
    other = printed(recipe, 1, "--prove", "--width", "32")[0].splitlines()[-1]
    assert other not in lines
