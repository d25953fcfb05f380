"""The demo's part in PyTorch: GPT-2, and a deep plain tanh network on digits."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import initcore_torch as init
from initcore import theory
from initcore.cli._measure import PROBES, frame_error, report, seed_of

from ._backend import backend

__all__ = ["main"]

DEPTH, WIDTH, EPOCHS, BATCH = 64, 100, 20, 64
LEARNING_RATE = 0.004
Q = 0.025  # length of the pre-activations: the Jacobian's spread grows with DEPTH * Q**2


def main(task: str, out: Path, small: bool) -> None:
    """Run `task`, `"network"` or `"train"`; arrays go to the folder `out`."""
    torch.manual_seed(0)
    if task == "network":
        network(out, small)
    else:
        train(out, 1 if small else EPOCHS)


def network(out: Path, small: bool) -> None:
    """GPT-2 (124 million weights), every matrix orthogonal."""
    from transformers import GPT2Config, GPT2LMHeadModel

    report(what="building GPT-2", done=0, total=1)
    start = time.perf_counter()
    size: dict[str, Any] = {"n_layer": 1, "vocab_size": 1024} if small else {}
    model = GPT2LMHeadModel(GPT2Config(**size))
    built = time.perf_counter() - start
    weights = [
        (f"{path}.weight", module.weight, type(module).__name__ == "Conv1D")
        for path, module in model.named_modules()
        if getattr(module, "weight", None) is not None and module.weight.ndim == 2
    ]
    weights = list({id(w): (path, w, turned) for path, w, turned in weights}.values())
    spent, worst = 0.0, 0.0
    for i, (path, weight, turned) in enumerate(weights):
        report(what="GPT-2 in PyTorch", done=i, total=len(weights))
        start = time.perf_counter()
        init.orthogonal_(weight, seed=seed_of(path), transposed=turned)
        spent += time.perf_counter() - start
        worst = max(worst, frame_error(weight.detach().numpy()))
    count = sum(p.numel() for p in model.parameters())
    _probes(out)
    report(framework="PyTorch", network="GPT-2, 1 layer" if small else "GPT-2", weights=count,
           built=built, seconds=spent, error=worst, probes=str(out / "torch.npz"))  # fmt: skip


def _probes(out: Path) -> None:
    drawn = {str(i): backend.sample(n, s, seed=0).numpy() for i, (n, s) in enumerate(PROBES)}
    np.savez(out / "torch.npz", **drawn)


def plain_network(fill: Callable[[nn.Linear, bool], None] | None) -> nn.Sequential:
    """64 -> WIDTH -> ... -> 10, DEPTH tanh layers, no skips, no normalization."""
    layers: list[nn.Module] = []
    for i in range(DEPTH + 1):
        last = i == DEPTH
        layers.append(nn.Linear(64 if i == 0 else WIDTH, 10 if last else WIDTH))
        if fill is not None:
            fill(layers[-1], last)  # type: ignore[arg-type]
        if not last:
            layers.append(nn.Tanh())
    return nn.Sequential(*layers)


def critical(layer: nn.Linear, last: bool) -> None:
    """Orthogonal weights at the critical gain of tanh, biases of the critical deviation."""
    point = theory.critical_point("tanh", Q)
    init.orthogonal_(layer.weight, gain=1.0 if last else point.sigma_w)
    init.normal_(layer.bias, std=0.0 if last else point.sigma_b)


def jacobian(model: nn.Sequential, x: torch.Tensor) -> Any:
    """Singular values of the Jacobian from the first hidden layer to the last, one input."""
    hidden = model[1:-1]
    with torch.no_grad():
        h = model[0](x)
    rows = torch.func.jacrev(hidden)(h)
    return torch.linalg.svdvals(rows.detach().double()).numpy()


def train(out: Path, epochs: int) -> None:
    """The default initialization against ours, on scikit-learn's digits."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = digits.data - digits.data.mean(0)
    # Lengths such that the first pre-activations have the critical length Q already.
    x *= np.sqrt(WIDTH * Q) / np.linalg.norm(x, axis=1, keepdims=True)
    inputs, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(digits.target)
    results: dict[str, Any] = {}
    total = 2 * epochs
    for n, (name, fill) in enumerate({"default": None, "orthogonal": critical}.items()):
        torch.manual_seed(0)
        model = plain_network(fill)
        results[f"{name}_singular"] = np.array([jacobian(model, inputs[i]) for i in range(8)])
        losses, accuracy = [], []
        optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
        for epoch in range(epochs):
            report(what=f"training {DEPTH} tanh layers, {name}", done=n * epochs + epoch,
                   total=total)  # fmt: skip
            order = torch.randperm(1500)
            for batch in torch.split(order, BATCH):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
                torch.autograd.backward(loss)
                optimizer.step()
                losses.append(loss.item())
            with torch.no_grad():
                hits = model(inputs[1500:]).argmax(1) == labels[1500:]
            accuracy.append(hits.double().mean().item())
        results[f"{name}_loss"], results[f"{name}_accuracy"] = np.array(losses), np.array(accuracy)
    np.savez(out / "training.npz", **results, depth=DEPTH, width=WIDTH, epochs=epochs)
    report(training=str(out / "training.npz"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), "small" in sys.argv[3:])
