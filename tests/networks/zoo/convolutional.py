"""Convolutional networks for telephones, in plain PyTorch, as their papers have them."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["ZOO"]

Function = Callable[[Tensor], Tensor]


class Unit(nn.Module):
    """A convolution, a normalization, and an activation or none."""

    def __init__(self, fan_in: int, fan_out: int, size: int = 1, stride: int = 1, groups: int = 1,
                 phi: Function | None = None) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(fan_in, fan_out, size, stride, size // 2, groups=groups, bias=False)
        self.norm, self.phi = nn.BatchNorm2d(fan_out), phi

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv(x))
        return x if self.phi is None else self.phi(x)


class Excite(nn.Module):
    """Every channel weighed by what all of them are on average."""

    def __init__(self, width: int, small: int, phi: Function, gate: Function) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(width, small, 1), nn.Conv2d(small, width, 1)
        self.phi, self.gate = phi, gate

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.up(self.phi(self.down(F.adaptive_avg_pool2d(x, 1)))))


class Inverted(nn.Module):
    """A bottleneck turned inside out: wide in the middle, where each channel is on its own."""

    def __init__(self, fan_in: int, wide: int, fan_out: int, stride: int, phi: Function,
                 excite: Excite) -> None:  # fmt: skip
        super().__init__()
        self.expand = Unit(fan_in, wide, phi=phi)
        self.depth = Unit(wide, wide, 3, stride, wide, phi)
        self.excite, self.project = excite, Unit(wide, fan_out)
        self.shortcut = stride == 1 and fan_in == fan_out

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.excite(self.depth(self.expand(x))))
        return x + y if self.shortcut else y


class Small(nn.Module):
    """A stem, two blocks and a head."""

    def __init__(self, phi: Function, excite: Callable[[int, int], Excite], head: bool) -> None:
        super().__init__()
        self.stem = Unit(3, 8, 3, 2, phi=phi)
        self.turn = Inverted(8, 24, 12, 2, phi, excite(24, 8))
        self.keep = Inverted(12, 48, 12, 1, phi, excite(48, 12))
        self.last = Unit(12, 32, phi=phi)
        self.wide = nn.Linear(32, 32) if head else None
        self.phi, self.classifier = phi, nn.Linear(32, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.keep(self.turn(self.stem(x)))).mean((2, 3))
        return self.classifier(x if self.wide is None else self.phi(self.wide(x)))


def mobile() -> Small:
    return Small(F.hardswish, lambda n, m: Excite(n, m, F.relu, F.hardsigmoid), head=True)


def efficient() -> Small:
    return Small(F.silu, lambda n, m: Excite(n, m, F.silu, torch.sigmoid), head=False)


TABLE = """
    *.bias                       bias
    *.norm.*                     normalization
    stem.conv.weight             first {0}
    *.expand.conv.weight         hidden {0}
    *.depth.conv.weight          depthwise {0}
    *.excite.down.weight         hidden {1}
    *.excite.up.weight           gate {2}
    turn.project.conv.weight     hidden
    keep.project.conv.weight     branch_last
    last.conv.weight             hidden {0}
    classifier.weight            output
"""

ZOO: dict[str, tuple[Any, Any, str]] = {
    "MobileNetV3": (mobile, torch.zeros(1, 3, 32, 32), TABLE.format(
        "hard_silu", "relu", "hard_sigmoid") + "wide.weight hidden hard_silu"),
    "EfficientNet": (efficient, torch.zeros(1, 3, 32, 32), TABLE.format(
        "silu", "silu", "sigmoid")),
}  # fmt: skip
