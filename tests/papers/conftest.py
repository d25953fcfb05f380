"""The net that the tests of scores share."""

import pytest
import torch

from tests.tools.scored_net import Net


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net().double()
