"""The page on the frameworks' own initializers, docs/peers.md: the suite's report, and habits
between calls and between backends that no single kernel shows.

python -m tests.tools.peers [REPORT.json...]
python -m tests.tools.peers --source [FOLDER]

Reports of `initcore conform torch.nn.init jax.nn.initializers keras.initializers` may be given, so
that the checks do not run again. dks is checked too where it is installed. With `--source` the
frameworks' own tests run on ours instead (`tests.tools.own_tests`): those of FOLDER, which holds
checkouts of the frameworks, and those that are installed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from initcore_conformance import Results, conform
from initcore_conformance._load import KERAS_BACKENDS
from initcore_conformance._markdown import body
from initcore_conformance._report import split_links
from tests.tools import own_tests

PAGE = Path(__file__).parents[2] / "docs" / "peers.md"
DKS = "docs/examples/dks_backend.py:backend"
PEERS = ("torch.nn.init", "jax.nn.initializers", "keras.initializers")


@dataclass(frozen=True)
class Habit:
    """A habit of a framework that a few lines of Python show.

    Attributes:
        title: The habit as a sentence.
        code: Prints one line.
        seen: Whether the lines printed show it.
        threads: Links to its issues, as in the lists of known failures.
        keras: The Keras backends to run it on; none if it does not use Keras.
    """

    title: str
    code: str
    seen: Callable[[Sequence[str]], bool]
    threads: str = ""
    keras: tuple[str, ...] = ()


def prints(text: str) -> Callable[[Sequence[str]], bool]:
    """Whether any line is `text`."""
    return lambda lines: text in lines


HABITS = (
    Habit(
        "An instance without a seed gives every layer it is used for the same weights.",
        """
import keras

shared = keras.initializers.GlorotUniform()
layers = [keras.layers.Dense(64, kernel_initializer=shared) for _ in range(2)]
for layer in layers:
    layer.build((None, 64))
first, second = (keras.ops.convert_to_numpy(layer.kernel) for layer in layers)
print("the same weights" if (first == second).all() else "different weights")
""",
        prints("the same weights"),
        "https://github.com/keras-team/keras-hub/issues/352 "
        "https://github.com/deel-ai/deel-lip/issues/64",
        KERAS_BACKENDS,
    ),
    Habit(
        "The second draw of `SeedGenerator(1)` is the first of `SeedGenerator(2)`.",
        """
import keras

def draw(generator):
    return keras.ops.convert_to_numpy(keras.random.normal((64,), seed=generator))

one, two = keras.random.SeedGenerator(1), keras.random.SeedGenerator(2)
draw(one)
print("the same values" if (draw(one) == draw(two)).all() else "different values")
""",
        prints("the same values"),
        "https://github.com/keras-team/keras-core/pull/434",
        KERAS_BACKENDS,
    ),
    Habit(
        "One seed gives different weights on different backends.",
        """
import keras

w = keras.ops.convert_to_numpy(keras.initializers.RandomNormal(seed=42)((3,)))
print(*(f"{value:.6f}" for value in w))
""",
        lambda lines: len(set(lines)) > 1,
        "",
        KERAS_BACKENDS,
    ),
    Habit(
        "A truncated normal of `stddev=1` has a smaller standard deviation: `stddev` is that of "
        "the normal before truncation.",
        """
import keras

w = keras.initializers.TruncatedNormal(stddev=1.0, seed=0)((1000, 1000))
print(f"{keras.ops.convert_to_numpy(w).std():.2f}")
""",
        lambda lines: any(float(line) < 0.95 for line in lines),
        "",
        KERAS_BACKENDS,
    ),
    Habit(
        "`jax.nn.initializers.truncated_normal` does the same, and documents it.",
        """
import jax

w = jax.nn.initializers.truncated_normal(stddev=1.0)(jax.random.key(0), (1000, 1000))
print(f"{w.std():.2f}")
""",
        lambda lines: any(float(line) < 0.95 for line in lines),
    ),
    Habit(
        "JAX's bfloat16 normals have only 128 values, none of them in the tails.",
        """
import jax

w = jax.nn.initializers.normal(stddev=1.0)(jax.random.key(0), (1_000_000,), "bfloat16")
print(f"{len(jax.numpy.unique(w))} different values, the largest {abs(w).max():.2f}")
""",
        lambda lines: int(lines[0].split()[0]) <= 256,
        "https://github.com/jax-ml/jax/pull/26974",
    ),
    Habit(
        "A small standard deviation makes `torch.nn.init.trunc_normal_` put values onto its cuts.",
        """
import torch

torch.manual_seed(0)
w = torch.nn.init.trunc_normal_(torch.empty(10_000_000, dtype=torch.bfloat16), std=0.02)
print(f"{int((w.abs() >= 0.2).sum())} of {w.numel()} values beyond ten deviations")
""",
        lambda lines: not lines[0].startswith("0 "),
        "https://github.com/pytorch/pytorch/issues/155588 "
        "https://github.com/pytorch/torchtitan/issues/2269 "
        "https://github.com/pytorch/pytorch/pull/174997",
    ),
    Habit(
        "bfloat16 normals of `torch.randn` on the CPU end before 3.5 standard deviations.",
        """
import torch

torch.manual_seed(0)
w = torch.nn.init.normal_(torch.empty(10_000_000, dtype=torch.bfloat16))
print(f"largest of {w.numel()}: {w.abs().max().item():.3f}")
""",
        lambda lines: float(lines[0].split()[-1]) <= 3.5,
        "https://github.com/pytorch/pytorch/issues/166853",
    ),
)


def run(habit: Habit) -> dict[str, str]:
    """The line that it prints, by Keras backend."""
    found = {}
    for backend in habit.keras or ("",):
        where = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
        if backend:
            where["KERAS_BACKEND"] = backend
        done = subprocess.run(
            [sys.executable, "-c", habit.code], env=where, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{habit.title} {backend}\n{done.stderr}")
        found[backend] = done.stdout.strip()
    return found


def section(habit: Habit, found: dict[str, str]) -> str:
    """Its section of the page."""
    seen = habit.seen(list(found.values()))
    _, threads = split_links(habit.threads)
    status = f"{'Seen' if seen else 'Not seen'} with these versions."
    if threads:
        status += f" Upstream: {', '.join(f'[{k}]({v})' for k, v in threads.items())}."
    lines = "\n".join(f"{where:<12}{line}".lstrip() for where, line in found.items())
    code = f"```python\n{habit.code.strip()}\n```"
    return f"### {habit.title}\n\n{status}\n\n{code}\n\n```text\n{lines}\n```"


def page(results: Results, found: Sequence[dict[str, str]], date: str) -> str:
    """The whole page."""
    habits = "\n\n".join(section(h, f) for h, f in zip(HABITS, found, strict=True))
    dks = WITH_DKS if DKS in results.backends else WITHOUT_DKS
    return HEAD.format(dks=dks, date=date) + body(results) + BETWEEN + habits + "\n"


def merged(reports: Sequence[Results]) -> Results:
    """Several runs as one; the last outcome of each check counts."""
    whole, *rest = reports
    for part in rest:
        outcomes = {o.id: o for o in (*whole.outcomes, *part.outcomes)}
        whole.outcomes = list(outcomes.values())
        whole.versions |= part.versions
    return whole


HEAD = """# Initializers of PyTorch, JAX and Keras, checked

This library's conformance suite, run on the frameworks' own initializers. Only calls that a
framework documents are tried, with its own order of axes. Every failure comes with the smallest
case found and the lines that reproduce it. A failure is a difference from [the
specification](spec/index.md). Some are matters of convention; then the sentence above says whose.

{dks}

Made by `python -m tests.tools.peers` on {date}, on a CPU. Errors of rounding on GPUs, as in
[tensorflow/tensorflow#22226](https://github.com/tensorflow/tensorflow/issues/22226), do not show.

"""
WITH_DKS = """[dks](examples/dks_backend.py) reads PyTorch's kernels as `(in, out, ...)`, but they
are `(out, in, ...)`. Its weights are isometric and scaled for the transposed layer."""
WITHOUT_DKS = "dks was not installed."
BETWEEN = """
## Between calls and between backends

Some habits do not show in a single kernel. The lines below were run as they are, those about Keras
on each of its backends; what they printed follows.

"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("reports", nargs="*", type=Path)
    parser.add_argument("--source", nargs="?", type=Path, const=Path(), metavar="FOLDER")
    given = parser.parse_args()
    if given.source is not None:
        sys.exit(own_tests.main(given.source))
    if given.reports:
        results = merged([Results.from_json(json.loads(p.read_text())) for p in given.reports])
    else:
        results = conform([*PEERS, DKS] if find_spec("dks") else PEERS)
    date = time.strftime("%Y-%m-%d", time.gmtime())
    PAGE.write_text(page(results, [run(habit) for habit in HABITS], date))
    print(PAGE)
