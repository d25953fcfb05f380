"""A plain ReLU network of 100 layers: He, Gaussian submatrix (GSM), orthogonal mirrored.

    python examples/gsm_100_layers.py [--layers 100] [--epochs 20] [--out out]

No skips, no normalization, width 128, scikit-learn's digits. Prints the distribution of the
output's squared length over 200 draws of the weights, then the training of one network each, at the
best of three learning rates; writes `gsm_100_layers.png`.
"""

import argparse
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from _digits import best_of, digits, train

import initcore

WIDTH, RATES = 128, (1e-2, 1e-3, 1e-4)
SCHEMES = ("He", "GSM", "orthogonal mirrored")


def kernels(scheme: str, depth: int, seed: int) -> list[Any]:
    """Kernels of a network `64 -> WIDTH -> ... -> WIDTH -> 10`."""
    rng = initcore.Rng(seed)
    shapes = [(WIDTH, 64), *[(WIDTH, WIDTH)] * (depth - 2), (10, WIDTH)]
    parts = ["first", *["hidden"] * (depth - 2), "last"]
    made = []
    for i, (shape, part) in enumerate(zip(shapes, parts, strict=True)):
        if scheme == "He":
            scale = 1.0 if part == "first" else 2.0  # nothing was cut off in front of the first
            made.append(
                initcore.variance_scaling(rng.fold_in(i), shape, scale=scale, distribution="normal")
            )
        else:
            base = "normal" if scheme == "GSM" else "orthogonal"
            made.append(initcore.mirrored(rng.fold_in(i), shape, part=part, base=base))
    return made


class Net(torch.nn.Module):
    def __init__(self, made: list[Any]) -> None:
        super().__init__()
        self.w = torch.nn.ParameterList(torch.from_numpy(w) for w in made)
        self.b = torch.nn.ParameterList(torch.zeros(len(w)) for w in made)

    def forward(self, x: Any) -> Any:
        last = len(self.w) - 1
        for i, (w, b) in enumerate(zip(self.w, self.b, strict=True)):
            x = torch.nn.functional.linear(x, w, b)
            x = x if i == last else torch.relu(x)
        return x


def lengths(scheme: str, depth: int, draws: int, x: Any) -> Any:
    """Squared length of the last hidden layer over that of the first, over draws of the weights."""
    found = []
    for seed in range(draws):
        made = kernels(scheme, depth, seed)
        first = made[0] @ x
        h = np.maximum(first, 0)
        start = (h**2).sum()
        for w in made[1:-1]:
            h = np.maximum(w @ h, 0)
        found.append(float((h**2).sum() / start))
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("out"))
    how = parser.parse_args()
    data = digits()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    print("| initialization | squared length: 5 % | median | 95 % | rate | loss | test accuracy |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for scheme in SCHEMES:
        ratio = lengths(scheme, how.layers, how.draws, data[0][0].numpy())

        def run(rate: float, scheme: str = scheme) -> Any:
            return train(Net(kernels(scheme, how.layers, 0)), data, epochs=how.epochs, rate=rate)

        final, accuracy, rate, losses = best_of(RATES, run)
        low, middle, high = np.quantile(ratio, [0.05, 0.5, 0.95])
        print(
            f"| {scheme} | {low:.2g} | {middle:.2g} | {high:.2g} | {rate:g} | {final:.3f} "
            f"| {accuracy:.1%} |",
            flush=True,
        )
        bins = np.linspace(-4.05, 3.05, 72)  # 0 in the middle of one
        counts, *_ = left.hist(
            np.log10(np.maximum(ratio, 1e-4)), bins=bins, alpha=0.6, label=scheme
        )
        if counts.max() > how.draws / 8:
            left.text(0.12, how.draws / 9, f"{counts.max():.0f} in this bin")
        right.plot(losses, lw=1, label=f"{scheme}, rate {rate:g}")
    left.set(
        xlabel="log10 of the squared length after all layers",
        ylim=(0, how.draws / 8),
        title=f"{how.draws} ReLU networks of {how.layers} layers",
    )
    right.set(xlabel="step", ylabel="cross-entropy", title="training, no skips, no normalization")
    left.legend()
    right.legend()
    how.out.mkdir(parents=True, exist_ok=True)
    figure.savefig(how.out / "gsm_100_layers.png", dpi=120)


if __name__ == "__main__":
    main()
