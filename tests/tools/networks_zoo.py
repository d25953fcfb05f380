"""`make networks`: the zoo's networks, what is right of each and how their signals fare.

Writes docs/networks_zoo.md. Every framework, and every backend of Keras, has a process of its own.
"""

import datetime
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import initcore
from initcore.reports import progress
from tests.networks.zoo import FAMILIES, zoo
from tests.networks.zoo._running import initialized, largest_changes
from tests.networks.zoo._table import differences, parsed

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "networks_zoo.md"
GROUPS = {  # framework, backend of Keras, families
    "PyTorch": ("torch", "", FAMILIES["torch"]),
    "JAX": ("jax", "", FAMILIES["jax"]),
    "Keras on PyTorch": ("keras", "torch", FAMILIES["keras"]),
    "Keras on JAX": ("keras", "jax", ("keras_language", "keras_small")),
}
HEAD = """# Networks tried

Real networks in small configurations, {count} of them right in every weight. What each of their
weights is was written by hand, from the architectures' code and papers: `tests/networks/zoo`.
"Right" counts weights whose role, rows, kernels and activation `initialize(model, "orthogonal")`
finds as written there; "signal" and "gradient" are the largest changes of a mean square among
layers of one role and size, after it.

Made by `make networks` on {date} with initcore {version}.
"""
TABLE = """
## {group}

| network | weights | right | wrong | signal | gradient | seconds |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def row(framework: str, name: str, make: Any, sample: Any, table: str) -> dict[str, Any]:
    """What is found of a network."""
    model = make()
    start = time.perf_counter()
    report = initialized(framework, model, sample)
    took = time.perf_counter() - start
    wrong = differences(parsed(table), report.network.weights)
    signal, gradient = largest_changes(report)
    return {"name": name, "weights": len(report), "wrong": wrong, "signal": signal,
            "gradient": gradient, "seconds": took}  # fmt: skip


def rows(group: str) -> None:
    """Print the lines of a group, as JSON."""
    framework, _, families = GROUPS[group]
    networks = [item for family in families for item in zoo(family).items()]
    for name, (make, sample, table) in progress(networks, group):
        print(json.dumps(row(framework, name, make, sample, table)), flush=True)


def found(group: str) -> list[dict[str, Any]]:
    """The lines of a group, from a process of its own."""
    backend = {"KERAS_BACKEND": GROUPS[group][1]} if GROUPS[group][1] else {}
    run = subprocess.run(
        [sys.executable, "-m", "tests.tools.networks_zoo", group], cwd=ROOT, check=True,
        env={**os.environ, **backend}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def page() -> str:
    """All of it."""
    with ThreadPoolExecutor(2) as pool:
        groups = dict(zip(GROUPS, pool.map(found, GROUPS), strict=True))
    text, mistakes = "", []
    for group, lines in groups.items():
        text += TABLE.format(group=group)
        for line in lines:
            signal, gradient = ("" if line[what] is None else f"{line[what]:.2g}"
                                for what in ("signal", "gradient"))  # fmt: skip
            wrong = len(line["wrong"])
            text += (f"| {line['name']} | {line['weights']} | {line['weights'] - wrong} | {wrong} |"
                     f" {signal} | {gradient} | {line['seconds']:.2f} |\n")  # fmt: skip
            mistakes += [f"- {group}, {line['name']}: {one}" for one in line["wrong"]]
    if mistakes:
        text += "\nWrong:\n\n" + "\n".join(mistakes) + "\n"
    every = [line for lines in groups.values() for line in lines]
    count = f"{sum(not line['wrong'] for line in every)} of {len(every)}"
    head = HEAD.format(count=count, date=datetime.date.today().isoformat(),
                       version=initcore.__version__)  # fmt: skip
    return head + text


if __name__ == "__main__":
    if len(sys.argv) > 1:
        rows(sys.argv[1])
    else:
        PAGE.write_text(page(), "utf-8")
        print(PAGE)
