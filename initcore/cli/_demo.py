"""`initcore demo`: real networks in every installed framework, and one picture."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from .. import Rng, specs
from ._measure import PROBES

__all__ = ["register"]

Worker = tuple[str, tuple[str, ...], dict[str, str], tuple[str, ...]]
# Each worker runs in its own process: module, arguments, environment, and what it needs installed.
# The command must work from a wheel, and the core imports no framework, so the workers are private
# modules of the adapters and not files in examples/.
NETWORKS: tuple[Worker, ...] = (
    ("initcore_torch._demo", ("network",), {}, ("torch", "transformers")),
    ("initcore_keras._demo", (), {"KERAS_BACKEND": "tensorflow"}, ("keras", "tensorflow")),
    ("initcore_jax._demo", (), {}, ("jax", "flax")),
)
TRAINING: Worker = ("initcore_torch._demo", ("train",), {}, ("torch", "sklearn"))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(demo)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the picture.")] = Path("out"),
) -> None:
    """Initialise real networks in every installed framework, train a deep one, draw a picture."""
    out.mkdir(parents=True, exist_ok=True)
    console = Console()
    results, missing = [], []
    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        for module, arguments, environment, needs in (*NETWORKS, TRAINING):
            absent = [n for n in needs if find_spec(n) is None]
            if absent:
                missing.append(f"{module.split('.')[0]}: {', '.join(absent)} not installed")
                continue
            task = progress.add_task(module, total=None)
            for message in _run(module, (*arguments, str(out)), environment):
                results += [message] if "what" not in message else []
                _show(progress, task, message)
            progress.update(task, total=1, completed=1)
    networks = [r for r in results if "network" in r]
    console.print(_table(networks))
    for line in missing:
        console.print(f"left out: {line}")
    for result in results:
        if "training" in result:
            _picture(Path(result["training"]), out / "demo.png", console)
            Path(result["training"]).unlink()


def _run(module: str, arguments: tuple[str, ...], environment: dict[str, str]) -> Iterator[Any]:
    """Messages of `python -m module`; its error output is shown only if it fails."""
    worker = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )
    stdout, stderr = worker.stdout, worker.stderr
    if stdout is None or stderr is None:  # pragma: no cover
        raise OSError(f"{module} has no output to read.")
    for line in stdout:
        if line.startswith("@"):
            yield json.loads(line[1:])
    trouble = stderr.read()
    if worker.wait():
        last = (trouble.strip().splitlines() or ["no output"])[-1]
        raise OSError(f"{module} failed: {last}")


def _show(progress: Progress, task: TaskID, message: dict[str, Any]) -> None:
    if "what" in message:
        progress.update(
            task,
            description=message["what"],
            completed=message["done"],
            total=message["total"],
        )


def _table(networks: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("framework", "network", "weights", "filled in", "worst |WWᵀ-I|",
                 "off NumPy's"):  # fmt: skip
        table.add_column(name, justify="left" if name in ("framework", "network") else "right")
    for r in networks:
        table.add_row(
            r["framework"], r["network"], f"{r['weights'] / 1e6:.1f} M", f"{r['seconds']:.1f} s",
            f"{r['error']:.1e}", f"{_difference(Path(r['probes'])):.1e}",
        )  # fmt: skip
    return table


def _difference(probes: Path) -> float:
    """The largest difference between a framework's kernels and NumPy's, same seed and shape."""
    drawn = np.load(probes)
    worst = 0.0
    for i, (name, shape) in enumerate(PROBES):
        expected = specs[name].function(Rng(0), shape)
        worst = max(worst, float(abs(drawn[str(i)] - expected).max()))
    drawn.close()
    probes.unlink()
    return worst


def _picture(training: Path, target: Path, console: Console) -> None:
    """Loss curves, and the Jacobian's singular values before the first step."""
    run = dict(np.load(training))
    depth, steps = int(run["depth"]), run["default_loss"].size
    for name in ("default", "orthogonal"):
        s = run[f"{name}_singular"]
        console.print(
            f"{depth} tanh layers, {name} initialization: singular values of the Jacobian "
            f"{s.min():.1e} to {s.max():.1e}, loss {run[f'{name}_loss'][-20:].mean():.3f}, "
            f"{run[f'{name}_accuracy'][-1]:.1%} of the test digits right"
        )
    if find_spec("matplotlib") is None:
        console.print('no picture: pip install "initcore[plot]" brings matplotlib')
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    looks = {"default": ("#9a9a9a", "framework's default"),
             "orthogonal": ("#0b6e99", "initcore: orthogonal, critical gain")}  # fmt: skip
    epochs = np.arange(steps) / (steps / int(run["epochs"]))
    for name, (color, label) in looks.items():
        values = run[f"{name}_singular"].reshape(-1)
        left.hist(np.log10(values), bins=60, color=color, label=label)
        loss = run[f"{name}_loss"]
        smooth = np.convolve(loss, np.ones(12) / 12, "valid")
        right.plot(epochs[: smooth.size], smooth, color=color, label=label, linewidth=2)
    left.set_title("Before training: what the network does to a small change")
    left.set_xlabel(f"log₁₀ of the singular values of the Jacobian through {depth - 1} layers")
    left.set_ylabel("how many")
    left.axvline(0, color="#d1495b", linewidth=1)
    left.annotate("isometry", (0, left.get_ylim()[1]), (-4, -4), textcoords="offset points",
                  color="#d1495b", ha="right", va="top")  # fmt: skip
    right.set_title("Training on handwritten digits, same data, same steps")
    right.set_xlabel("epoch")
    right.set_ylabel("cross-entropy")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False, loc="center right")
    figure.suptitle(
        f"A plain tanh network of {depth} layers: no skip connections, no normalization",
        fontweight="bold",
    )
    figure.savefig(target, dpi=150)
    console.print(f"picture: {target}")
