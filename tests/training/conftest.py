"""Small models and data for training loops."""

import pytest
import torch
from torch import nn


class Poisoned(nn.Module):
    """Hands on NaN from its third call in training mode on."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += self.training
        return x / 0 if self.calls > 2 else x


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2)
    )


@pytest.fixture
def sick(net: nn.Sequential) -> nn.Sequential:
    """Two layers with a kernel come after the one that hands on NaN."""
    return nn.Sequential(*net[:1], Poisoned(), *net[1:])
