"""Residual networks without normalization: default, Fixup, IDInit with each order of the taps.

    python examples/idinit_residual.py [--blocks 16] [--epochs 10] [--out out]

A convolutional network of residual blocks and a small transformer, both without any normalization,
on scikit-learn's digits. Each initialization trains at the best of three learning rates (by its
final training loss). Prints two tables and writes `idinit_residual.png`.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from _digits import best_of, digits, train
from torch.nn import functional

import initcore_torch as init

RATES = (1e-1, 3e-2, 1e-2)


class Block(torch.nn.Module):
    """`x + scale * second(relu(first(x)))`, with the scalars that Fixup adds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.last = torch.nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.shift = torch.nn.Parameter(torch.zeros(4))
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, x: Any) -> Any:
        y = torch.relu(self.first(x + self.shift[0]) + self.shift[1])
        return x + self.scale * self.last(y + self.shift[2]) + self.shift[3]


class Attention(torch.nn.Module):
    """A transformer block: four heads and a feed-forward layer, no normalization."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = torch.nn.Linear(width, 3 * width)
        self.out = torch.nn.Linear(width, width)
        self.first, self.last = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        heads = (*x.shape[:2], 4, x.shape[2] // 4)
        q, k, v = (t.reshape(heads).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1))
        y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + self.out(y)
        return x + self.last(torch.relu(self.first(x)))


class ConvNet(torch.nn.Module):
    def __init__(self, blocks: int, width: int = 16) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(1, width, 3, padding=1)
        self.blocks = torch.nn.Sequential(*[Block(width) for _ in range(blocks)])
        self.head = torch.nn.Linear(width * 16, 10)

    def forward(self, x: Any) -> Any:
        x = self.blocks(self.stem(x))
        return self.head(functional.avg_pool2d(x, 2).flatten(1))


class Transformer(torch.nn.Module):
    """The eight rows of an image are eight words."""

    def __init__(self, blocks: int, width: int = 32) -> None:
        super().__init__()
        self.stem = torch.nn.Linear(8, width)
        self.place = torch.nn.Parameter(torch.randn(8, width) * 0.1)
        self.blocks = torch.nn.Sequential(*[Attention(width) for _ in range(blocks)])
        self.head = torch.nn.Linear(width, 10)

    def forward(self, x: Any) -> Any:
        x = self.blocks(torch.relu(self.stem(x[:, 0])) + self.place)
        return self.head(x.mean(dim=1))


def initialize(net: Any, scheme: str, seed: int = 0) -> None:
    """Fill the kernels of `net` in place; biases and scalars keep 0 and 1."""
    if scheme == "default":
        return
    blocks = list(net.blocks)
    for b, block in enumerate(blocks):
        branches = [(block.first, block.last)]
        if isinstance(block, Attention):
            branches.append((block.qkv, block.out))
        for first, last in branches:
            if scheme == "Fixup":
                # B ** (-1 / (2m - 2)) with m = 2 layers a branch
                init.he_normal_(first.weight, seed=seed + b)
                with torch.no_grad():
                    first.weight.mul_(len(blocks) ** -0.5)
                init.zeros_(last.weight)
            else:
                init.idinit_(first.weight, taps=scheme, seed=seed + b)
                init.idinit_zero_(last.weight, taps=scheme)
            for layer in (first, last):
                if layer.bias is not None:
                    init.zeros_(layer.bias)
    if scheme == "Fixup":
        init.zeros_(net.head.weight)
    else:
        init.idinit_(net.stem.weight, taps=scheme, seed=seed)
    init.zeros_(net.head.bias)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--blocks", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("out"))
    how = parser.parse_args()
    data = digits(images=True)
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for kind, axis in zip((ConvNet, Transformer), axes, strict=True):
        schemes = ["default", "Fixup", "center"]
        schemes += ["corner", "patch"] if kind is ConvNet else []
        print(f"\n{kind.__name__}, {how.blocks} blocks, {how.epochs} epochs\n")
        print("| initialization | rate | final loss | test accuracy |")
        print("| --- | ---: | ---: | ---: |", flush=True)
        for scheme in schemes:

            def run(rate: float, kind: Any = kind, scheme: str = scheme) -> Any:
                torch.manual_seed(0)
                net = kind(how.blocks)
                initialize(net, scheme)
                return train(net, data, epochs=how.epochs, rate=rate)

            final, accuracy, rate, losses = best_of(RATES, run)
            name = scheme if scheme in ("default", "Fixup") else f'IDInit, taps="{scheme}"'
            print(f"| {name} | {rate:g} | {final:.4f} | {accuracy:.1%} |", flush=True)
            axis.semilogy(losses, lw=1, label=name)
        axis.set(xlabel="step", ylabel="cross-entropy", title=f"{kind.__name__}, no normalization")
        axis.set_ylim(1e-4, 10)
        axis.legend()
    how.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(how.out / "idinit_residual.png", dpi=120)


if __name__ == "__main__":
    main()
