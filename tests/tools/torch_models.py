"""Networks of PyTorch that several tests initialize."""

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """A stem, residual blocks of two layers, a head."""

    def __init__(self, width: int = 16, blocks: int = 4, convolutions: bool = False) -> None:
        super().__init__()

        def layer(n: int, m: int) -> nn.Module:
            return nn.Conv2d(n, m, 3, padding=1) if convolutions else nn.Linear(n, m)

        self.stem = layer(width, width)
        self.first = nn.ModuleList(layer(width, 2 * width) for _ in range(blocks))
        self.last = nn.ModuleList(layer(2 * width, width) for _ in range(blocks))
        self.head = layer(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))
        return self.head(x)

    def stages(self, x: Tensor) -> Tensor:
        for first, last in zip(self.first, self.last, strict=True):
            x = x + last(torch.relu(first(x)))
        return x
