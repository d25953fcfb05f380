"""A plain convolutional tanh network of 500 layers, seven weights in eight exactly 0, on digits.

    python examples/eoi_deep_conv.py [--layers 500] [--epochs 6] [--out out]

Circular 3x3 convolutions of 32 channels, no skips, no normalization, on tanh's critical line at
q* = .0259 (sigma_w 1.0247, sigma_b .00448). Exact sparse orthogonal kernels (EOI) are at the centre
taps, with sqrt(density) of those full, and the rest of the trainable weights are zeros that may
grow; against it a critical Gaussian pruned to the same count by magnitude, and a sparse Gaussian
rescaled for its density. The masks are kept by `initcore_torch.apply_masks`. Writes
`eoi_deep_conv.png`, and prints the table of the docs.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from _digits import digits, row_of, save, train
from torch import nn

import initcore_torch as init

WIDTH, DENSITY = 32, 0.125
SIGMA_W, SIGMA_B, Q = 1.0247, 0.00448, 0.0259
SCHEMES = ("EOI", "sparse Gaussian, rescaled", "Gaussian, pruned by magnitude")
FLOOR = 1e-20  # of the picture
WIDTHS = (1.5, 5, 2)  # the losses of those that do not train lie on each other


def fill(w: torch.Tensor, scheme: str, seed: int) -> torch.Tensor:
    """Fill a kernel, and return its mask."""
    if scheme == "EOI":
        init.sparse_orthogonal_(w, DENSITY, SIGMA_W, tap_density="more", seed=seed)
        return init.sparse_orthogonal_mask(w, DENSITY, tap_density="more", seed=seed)
    init.normal_(w, std=SIGMA_W / (w[0].numel()) ** 0.5, seed=seed)
    if scheme == "Gaussian, pruned by magnitude":
        return init.masks_from_scores({"w": w.detach().abs()}, DENSITY)["w"]
    with torch.no_grad():
        w.mul_(DENSITY**-0.5)
    order = init.uniform_(torch.empty_like(w), seed=seed + 1)
    return init.masks_from_scores({"w": order}, DENSITY)["w"]


class Net(nn.Sequential):
    """Masked tanh convolutions between a patch embedding and a dense layer."""

    def __init__(self, scheme: str, depth: int) -> None:
        first = nn.Conv2d(1, WIDTH, 2, stride=2)
        # Standardised inputs give pre-activations of mean square q*.
        init.scaled_orthogonal_(first.weight, gain=Q**0.5, seed=1)
        init.zeros_(first.bias)
        layers: list[nn.Module] = [first, nn.Tanh()]
        masks = {}
        for i in range(depth):
            conv = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, padding_mode="circular")
            masks[f"{len(layers)}.weight"] = fill(conv.weight, scheme, 3 * i + 10)
            init.normal_(conv.bias, std=SIGMA_B, seed=3 * i + 12)
            layers += [conv, nn.Tanh()]
        last = nn.Linear(WIDTH * 16, 10)
        init.orthogonal_(last.weight, seed=2)
        init.zeros_(last.bias)
        super().__init__(*layers, nn.Flatten(), last)
        init.apply_masks(self, masks)
        self.masks = masks


def singular_values(net: Net, x: Any) -> Any:
    """Of the Jacobian from the first hidden layer to the last, at `x`."""
    with torch.no_grad():
        h = torch.tanh(net[0](x[None]))
        size = h.numel()
        jacobian = torch.eye(size, dtype=torch.float64).view(size, *h.shape[1:])
        for conv in list(net)[2:-2:2]:
            h = torch.tanh(conv(h))
            sides = nn.functional.pad(jacobian, (1, 1, 1, 1), mode="circular")
            jacobian = nn.functional.conv2d(sides, conv.weight.double()) * (1 - h.double() ** 2)
    return torch.linalg.svdvals(jacobian.view(size, size)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--schemes", nargs="*", default=SCHEMES)
    parser.add_argument("--out", type=Path, default=Path("out"))
    how = parser.parse_args()
    data = digits(images=True)
    torch.set_flush_denormal(True)  # vanishing signals end there, and cost ten times the time
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    print("| initialization | median singular value | largest | final loss | test accuracy | s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for i, scheme in enumerate(how.schemes):
        start = time.perf_counter()
        net = Net(scheme, how.layers)
        s = singular_values(net, data[0][0])
        losses, accuracy = train(net, data, epochs=how.epochs, rate=how.rate)
        for name, mask in net.masks.items():
            assert not net.get_submodule(name.partition(".")[0]).weight[~mask].any()
        print(row_of(scheme, s, losses, accuracy, start), flush=True)
        left.plot(losses, label=scheme, lw=WIDTHS[i])
        right.semilogy(np.maximum(s, FLOOR), ".", ms=4, label=scheme)
    save(
        figure,
        left,
        right,
        title=f"{how.layers} convolutions, density 1/8",
        floor=FLOOR,
        path=how.out / "eoi_deep_conv.png",
    )


if __name__ == "__main__":
    main()
