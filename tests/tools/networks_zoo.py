"""`make networks`: the zoo's networks, what is right of each and how their signals fare.

Writes docs/networks_zoo.md.
"""

import datetime
import time
from pathlib import Path
from typing import Any

import initcore
import initcore_torch
from initcore.reports import progress
from tests.networks.zoo import language, small, vision
from tests.networks.zoo._table import differences, parsed

PAGE = Path(__file__).parents[2] / "docs" / "networks_zoo.md"
FAMILIES = {"language": language.ZOO, "vision and speech": vision.ZOO, "small": small.ZOO}
HEAD = """# Networks tried

Real networks in small configurations. What each of their weights is was written by hand, from the
architectures' code and papers: `tests/networks/zoo`. "Right" counts weights whose role, rows,
kernels and activation `initialize(model, "orthogonal")` finds as written there; "signal" and
"gradient" are the largest changes of a mean square among layers of one role and size, after it.

Made by `make networks` on {date} with initcore {version}.

| network | weights | right | wrong | signal | gradient | seconds |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def row(name: str, make: Any, sample: Any, table: str) -> tuple[str, list[str]]:
    """A line of the page, and what is wrong."""
    from initcore.diagnostics._judgement import changes

    model = make()
    start = time.perf_counter()
    report = initcore_torch.initialize(model, "orthogonal", sample_input=sample)
    took = time.perf_counter() - start
    wrong = differences(parsed(table), report.network.weights)
    worst = []
    for what in ("signal", "gradient"):
        found = [] if isinstance(report.signals, str) else changes([*report.signals.values()], what)
        ratios = [max(c.ratio, 1 / c.ratio) for c in found]
        worst.append(f"{max(ratios):.2g}" if ratios else "")
    count = len(report)
    line = (f"| {name} | {count} | {count - len(wrong)} | {len(wrong)} | {worst[0]} | {worst[1]} | "
            f"{took:.2f} |")  # fmt: skip
    return line, wrong


def page() -> str:
    """All of it."""
    text = HEAD.format(date=datetime.date.today().isoformat(), version=initcore.__version__)
    mistakes = []
    for family, zoo in FAMILIES.items():
        for name, (make, sample, table) in progress(list(zoo.items()), family):
            line, wrong = row(name, make, sample, table)
            text += line + "\n"
            mistakes += [f"- {name}: {w}" for w in wrong]
    if mistakes:
        text += "\nWrong:\n\n" + "\n".join(mistakes) + "\n"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE)
