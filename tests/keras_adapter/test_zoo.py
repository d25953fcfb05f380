"""Real networks in Keras, and what an expert expects of their weights."""

import pytest

from tests.networks.zoo import zoo
from tests.networks.zoo._running import initialized
from tests.networks.zoo._table import differences, parsed


@pytest.mark.parametrize("name", zoo("keras_small"))
def test_every_weight_is_what_an_expert_says(name: str) -> None:
    make, sample, table = zoo("keras_small")[name]
    report = initialized("keras", make(), sample)
    assert differences(parsed(table), report.network.weights) == []
