"""A plain tanh network of 1000 layers, seven weights in eight exactly 0, trained on digits.

    python examples/eoi_1000_layers.py [--layers 1000] [--epochs 10] [--out out]

Four initializations of the same network, without skips or normalization, width 128, density 0.125,
on tanh's critical line at q* = .0259 (sigma_w 1.0247, sigma_b .00448): exact sparse orthogonal
(EOI), a critical Gaussian pruned to the density at random and by magnitude, and a sparse Gaussian
rescaled for its density. Writes `eoi_1000_layers.png`, and prints the table of the docs.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from _digits import digits, row_of, save, train

import initcore
import initcore_torch

WIDTH, DENSITY = 128, 0.125
SIGMA_W, SIGMA_B, Q = 1.0247, 0.00448, 0.0259
WIDTHS = (1.5, 7, 4, 1)  # the losses of those that do not train lie on each other
FLOOR = 1e-24  # of the picture: the pruned networks are at 1e-150 and at 0


def weights(scheme: str, depth: int, seed: int) -> tuple[Any, Any]:
    """`(depth, WIDTH, WIDTH)` kernels and their masks."""
    rng, shape = initcore.Rng(seed), (depth * WIDTH, WIDTH)
    if scheme == "EOI":
        w = initcore_torch.sparse_orthogonal_(
            torch.empty(shape), density=DENSITY, gain=SIGMA_W, groups=depth, seed=seed
        ).view(depth, WIDTH, WIDTH)
        return w, w != 0
    w = initcore.normal(rng, shape, std=SIGMA_W / WIDTH**0.5)
    if scheme == "Gaussian, pruned by magnitude":
        mask = abs(w) > np.quantile(abs(w), 1 - DENSITY)
    else:
        mask = initcore.uniform(rng.fold_in("mask"), shape) < DENSITY
    if scheme == "sparse Gaussian, rescaled":
        w = w / DENSITY**0.5
    w, mask = (torch.from_numpy(a).view(depth, WIDTH, WIDTH) for a in (w * mask, mask))
    return w, mask


class Net(torch.nn.Module):
    """`depth` masked tanh layers between a dense one at each end."""

    def __init__(self, scheme: str, depth: int, seed: int = 0) -> None:
        super().__init__()
        w, self.mask = weights(scheme, depth, seed)
        self.w = torch.nn.Parameter(w)
        b = torch.empty(depth, WIDTH)
        self.b = torch.nn.Parameter(initcore_torch.normal_(b, std=SIGMA_B, seed=seed + 1))
        first, last = torch.empty(WIDTH, 64), torch.empty(10, WIDTH)
        # Standardised inputs give pre-activations of mean square q*.
        initcore_torch.scaled_orthogonal_(first, gain=Q**0.5, seed=seed + 2)
        initcore_torch.orthogonal_(last, seed=seed + 3)
        self.first, self.last = torch.nn.Parameter(first), torch.nn.Parameter(last)

    def forward(self, x: Any, upto: int | None = None) -> Any:
        h = torch.tanh(x @ self.first.T)
        for w, b in zip(self.w.unbind()[:upto], self.b.unbind(), strict=False):
            h = torch.tanh(torch.addmm(b, h, w.T))
        return h if upto is not None else h @ self.last.T


def singular_values(net: Net, x: Any) -> Any:
    """Of the Jacobian from the first hidden layer to the last, at `x`."""
    with torch.no_grad():
        h = torch.tanh(x @ net.first.T)
        jacobian = torch.eye(WIDTH, dtype=torch.float64)
        for w, b in zip(net.w.unbind(), net.b.unbind(), strict=True):
            h = torch.tanh(w @ h + b)
            jacobian = (1 - h.double() ** 2)[:, None] * (w.double() @ jacobian)
    return torch.linalg.svdvals(jacobian).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--schemes", nargs="*")
    parser.add_argument("--out", type=Path, default=Path("out"))
    how = parser.parse_args()
    data = digits()
    schemes = how.schemes or [
        "EOI",
        "sparse Gaussian, rescaled",
        "Gaussian, pruned by magnitude",
        "Gaussian, pruned at random",
    ]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    print("| initialization | median singular value | largest | final loss | test accuracy | s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for i, scheme in enumerate(schemes):
        start = time.perf_counter()
        net = Net(scheme, how.layers)
        s = singular_values(net, data[0][0])

        def keep_zeros(net: Net = net) -> None:
            """Weights that start outside the mask stay 0."""
            net.w.grad.mul_(net.mask)

        losses, accuracy = train(
            net, data, epochs=how.epochs, rate=how.rate, after_gradient=keep_zeros
        )
        assert not net.w.detach()[~net.mask].any()
        print(row_of(scheme, s, losses, accuracy, start), flush=True)
        left.plot(losses, label=scheme, lw=WIDTHS[i])
        right.semilogy(np.maximum(s, FLOOR), "..|."[i], ms=(6, 6, 14, 3)[i], label=scheme)
    save(
        figure,
        left,
        right,
        title=f"{how.layers} tanh layers, density 1/8",
        floor=FLOOR,
        path=how.out / "eoi_1000_layers.png",
    )


if __name__ == "__main__":
    main()
