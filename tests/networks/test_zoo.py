"""Real networks, and what an expert expects of their weights."""

from typing import Any

import pytest

from tests.networks.zoo import FAMILIES, zoo
from tests.networks.zoo._running import initialized
from tests.networks.zoo._table import differences, parsed

# Keras has a process for each backend: tests/keras_adapter/test_zoo.py.
NETWORKS = [(framework, family, name) for framework in ("torch", "jax")
            for family in FAMILIES[framework] for name in zoo(family)]  # fmt: skip

# What is not found yet, and why; `make networks` lists it.
WRONG: dict[tuple[str, str], str] = {}


def _case(framework: str, family: str, name: str) -> Any:
    reason = WRONG.get((family, name))
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(framework, family, name, marks=marks)


@pytest.mark.parametrize(("framework", "family", "name"), [_case(*case) for case in NETWORKS])
def test_every_weight_is_what_an_expert_says(framework: str, family: str, name: str) -> None:
    make, sample, table = zoo(family)[name]
    report = initialized(framework, make(), sample)
    assert differences(parsed(table), report.network.weights) == []


def test_the_table_sees_every_difference() -> None:
    make, sample, table = zoo("language")["Phi-3"]
    weights = initialized("torch", make(), sample).network.weights
    lines = parsed(table)
    assert differences(lines, weights) == []
    for wrong in (
        "*.o_proj.weight attention_value", "*.o_proj.weight attention_output relu",
        "*.o_proj.weight 2 x attention_output", "*.gate_up_proj.weight feed_forward_in silu",
        "*.gate_up_proj.weight feed_forward_in + feed_forward_in silu", "*.no_such bias",
    ):  # fmt: skip
        assert differences([*lines, *parsed(wrong)], weights), wrong
    assert "says nothing" in differences(lines[1:], weights)[0]
