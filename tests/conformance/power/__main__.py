"""python -m tests.conformance.power [--runs 100] [--alarm-runs 20]

Takes about half an hour; writes docs/power.md.
"""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ._dials import DIALS
from ._measure import CHECK, STATISTICAL, alarms, smallest
from ._page import PAGE, Alarms, Measured, Power, page

COLUMNS = (TextColumn("{task.description:<70}"), BarColumn(), MofNCompleteColumn(),
           TimeElapsedColumn())  # fmt: skip


def main(
    runs: Annotated[int, typer.Option(min=100, help="Search seeds for each size.")] = 100,
    alarm_runs: Annotated[int, typer.Option(min=1, help="Search seeds for false alarms.")] = 20,
) -> None:
    """Measure the power of the statistical checks, and their false alarms."""
    powers: list[Power] = []
    counts: list[Alarms] = []
    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=2 * len(DIALS) + alarm_runs * len(STATISTICAL))
        for dial in sorted(DIALS, key=lambda d: STATISTICAL.index(d.check)):
            found = {}
            for profile in ("quick", "thorough"):
                what = f"{dial.check} {dial.initializer} {profile}"
                found[profile] = smallest(
                    dial, profile, runs,
                    lambda size, what=what: progress.update(task, description=f"{what} {size:.2g}"),
                )  # fmt: skip
                progress.advance(task)
            powers.append(Power(dial.check, dial.initializer, dial.size_is, **found))
            progress.console.print(powers[-1], markup=False)
        for id_ in STATISTICAL:
            progress.update(task, description=f"{id_} false alarms")
            raised, looked = 0, 0.0
            for seed in range(alarm_runs):
                count, statistics = alarms(CHECK[id_], seed)
                raised, looked = raised + count, looked + statistics
                progress.advance(task)
            counts.append(Alarms(id_, looked, raised))
            progress.console.print(counts[-1], markup=False)
    date = time.strftime("%Y-%m-%d", time.gmtime())
    PAGE.write_text(page(Measured(date, runs, alarm_runs, tuple(powers), tuple(counts))))
    print(PAGE)


if __name__ == "__main__":
    typer.run(main)
