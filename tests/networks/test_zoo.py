"""Real networks, and what an expert expects of their weights."""

import pytest

import initcore_torch
from tests.networks.zoo import language, small, vision
from tests.networks.zoo._table import differences, parsed

MODELS = {**language.ZOO, **vision.ZOO, **small.ZOO}


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_is_what_an_expert_says(name: str) -> None:
    make, sample, table = MODELS[name]
    report = initcore_torch.initialize(make(), "orthogonal", sample_input=sample)
    assert differences(parsed(table), report.network.weights) == []


def test_the_table_sees_every_difference() -> None:
    make, sample, table = MODELS["Phi-3"]
    weights = initcore_torch.initialize(make(), "orthogonal", sample_input=sample).network.weights
    lines = parsed(table)
    assert differences(lines, weights) == []
    for wrong in (
        "*.o_proj.weight attention_value", "*.o_proj.weight attention_output relu",
        "*.o_proj.weight 2 x attention_output", "*.gate_up_proj.weight feed_forward_in silu",
        "*.gate_up_proj.weight feed_forward_in + feed_forward_in silu", "*.no_such bias",
    ):  # fmt: skip
        assert differences([*lines, *parsed(wrong)], weights), wrong
    assert "says nothing" in differences(lines[1:], weights)[0]
