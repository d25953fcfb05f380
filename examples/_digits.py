"""What the examples share: scikit-learn's digits, and a plain training loop."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

__all__ = ["best_of", "digits", "row_of", "save", "train"]

# Products of a hundred rows and columns: a second thread waits more than it works.
torch.set_num_threads(1)


def digits(*, images: bool = False) -> tuple[Any, Any, Any, Any]:
    """Standardised pixels and classes: 1437 to train on, 360 to test."""
    x, y = load_digits(return_X_y=True)
    x = ((x - x.mean(0)) / (x.std(0) + 1e-3)).clip(-4, 4).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = torch.from_numpy(x[order]), torch.from_numpy(y[order])
    if images:
        x = x.view(-1, 1, 8, 8)
    return x[:1437], y[:1437], x[1437:], y[1437:]


def train(
    net: torch.nn.Module,
    data: tuple[Any, Any, Any, Any],
    *,
    epochs: int,
    rate: float,
    batch: int = 128,
    after_gradient: Callable[[], Any] = lambda: None,
) -> tuple[list[float], float]:
    """Losses step by step of SGD with momentum 0.9, and the accuracy on the test images."""
    x, y, x_test, y_test = data
    optimiser = torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9)
    generator, losses = torch.Generator().manual_seed(0), []
    for _ in range(epochs):
        for some in torch.randperm(len(x), generator=generator).split(batch):
            loss = torch.nn.functional.cross_entropy(net(x[some]), y[some])
            losses.append(float(loss.detach()))
            if not np.isfinite(losses[-1]):
                return losses, float((y_test == 0).float().mean())
            optimiser.zero_grad()
            loss.backward()
            after_gradient()
            optimiser.step()
    with torch.no_grad():
        accuracy = float((net(x_test).argmax(1) == y_test).float().mean())
    return losses, accuracy


Run = tuple[list[float], float]


def best_of(rates: Sequence[float], run: Callable[[float], Run]) -> tuple[float, float, float, Any]:
    """Final loss, accuracy, rate and losses of the rate whose last steps have the least loss."""
    found = []
    for rate in rates:
        losses, accuracy = run(rate)
        final = float(np.mean(losses[-12:]))
        found.append((final if np.isfinite(final) else np.inf, accuracy, rate, losses))
    return min(found, key=lambda one: one[0])


def row_of(scheme: str, s: Any, losses: list[float], accuracy: float, start: float) -> str:
    """A line of the table: singular values, final loss, accuracy and seconds since `start`."""
    return (
        f"| {scheme} | {np.median(s):.2g} | {s.max():.2g} | {np.mean(losses[-12:]):.3f} "
        f"| {accuracy:.1%} | {time.perf_counter() - start:.0f} |"
    )


def save(figure: Any, left: Any, right: Any, *, title: str, floor: float, path: Path) -> None:
    """Label the losses on the left and the singular values on the right, and save the picture."""
    left.set(xlabel="step", ylabel="cross-entropy", title=title)
    right.set(
        xlabel="index",
        ylabel=f"cut off at {floor:g}",
        title="singular values of the Jacobian at initialization",
    )
    left.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
