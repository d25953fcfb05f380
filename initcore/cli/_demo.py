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
from ._theory import Json

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
    small: Annotated[bool, typer.Option("--small", help="Small networks, one epoch.")] = False,
    as_json: Json = False,
) -> None:
    """Initialize real networks in every installed framework, train a deep one, draw a picture."""
    out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"networks": [], "training": None, "picture": None, "left out": []}
    with Progress(
        TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:  # fmt: skip
        for module, arguments, environment, needs in (*NETWORKS, TRAINING):
            absent = [n for n in needs if find_spec(n) is None]
            if absent:
                found["left out"].append(f"{module.split('.')[0]}: {', '.join(absent)}")
                continue
            task = progress.add_task(module, total=None)
            for message in _run(module, (*arguments, str(out), *["small"] * small), environment):
                if "what" in message:
                    _show(progress, task, message)
                elif "training" in message:
                    path = Path(message["training"])
                    run = dict(np.load(path))
                    path.unlink()
                    found["training"] = _told(run)
                    found["picture"] = _picture(run, out / "demo.png")
                else:
                    found["networks"].append(message)
                    message["difference"] = _difference(Path(message.pop("probes")))
            progress.update(task, total=1, completed=1)
    if as_json:
        print(json.dumps(found))
    else:
        _print(found, Console())


def _print(found: dict[str, Any], console: Console) -> None:
    console.print(_table(found["networks"]))
    for line in found["left out"]:
        console.print(f"left out: {line} not installed")
    for one in found["training"] or ():
        low, high = one["singular values"]
        console.print(
            f"{one['depth']} tanh layers, {one['initialization']} initialization: singular values "
            f"of the Jacobian {low:.1e} to {high:.1e}, loss {one['loss']:.3f}, "
            f"{one['accuracy']:.1%} of the test digits right"
        )
    if found["picture"]:
        console.print(f"picture: {found['picture']}")
    elif found["training"]:
        console.print('no picture: pip install "initcore[plot]" brings matplotlib')


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
    progress.update(
        task,
        description=message["what"],
        completed=message["done"],
        total=message["total"],
    )


def _table(networks: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("framework", "network", "weights", "filled in", "worst |W W'-I|",
                 "off NumPy's"):  # fmt: skip
        table.add_column(name, justify="left" if name in ("framework", "network") else "right")
    for r in networks:
        table.add_row(
            r["framework"], r["network"], f"{r['weights'] / 1e6:.1f} M", f"{r['seconds']:.1f} s",
            f"{r['error']:.1e}", f"{r['difference']:.1e}",
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


def _told(run: dict[str, Any]) -> list[dict[str, Any]]:
    """What has come of each initialization."""
    return [
        {
            "initialization": name, "depth": int(run["depth"]),
            "singular values": [float(end(run[f"{name}_singular"])) for end in (np.min, np.max)],
            "loss": float(run[f"{name}_loss"][-20:].mean()),
            "accuracy": float(run[f"{name}_accuracy"][-1]),
        }
        for name in ("default", "orthogonal")
    ]  # fmt: skip


def _picture(run: dict[str, Any], target: Path) -> str | None:
    """Loss curves, and the Jacobian's singular values before the first step; the file's name."""
    if find_spec("matplotlib") is None:
        return None
    from matplotlib.figure import Figure

    depth, steps = int(run["depth"]), run["default_loss"].size
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
    return str(target)
