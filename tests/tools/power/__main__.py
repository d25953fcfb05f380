"""python -m tests.tools.power [--runs 100] [--alarm-runs 20] [--resume]

Takes an hour or two and writes docs/power.md after each step. With `--resume` it keeps what is on
the page and measures the rest.
"""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from initcore import __version__

from ._alarms import alarms
from ._dials import DIALS
from ._measure import CHECK, STATISTICAL, smallest
from ._page import PAGE, Alarms, Measured, Power, page, read

COLUMNS = (TextColumn("{task.description:<70}"), BarColumn(), MofNCompleteColumn(),
           TimeElapsedColumn())  # fmt: skip


def main(
    runs: Annotated[int, typer.Option(min=100, help="Search seeds for each size.")] = 100,
    alarm_runs: Annotated[int, typer.Option(min=1, help="Search seeds for false alarms.")] = 20,
    resume: Annotated[bool, typer.Option(help="Keep what is on the page.")] = False,
) -> None:
    """Measure the power of the statistical checks, and their false alarms."""
    before = read(PAGE.read_text()) if resume else None
    powers, counts = (list(before.powers), list(before.alarms)) if before else ([], [])
    known = {(p.check, p.initializer, p.size_is) for p in powers} | {a.check for a in counts}

    def add(one: Power | Alarms) -> None:
        (powers if isinstance(one, Power) else counts).append(one)  # type: ignore[arg-type]
        date = time.strftime("%Y-%m-%d", time.gmtime())
        measured = Measured(date, __version__, runs, alarm_runs, tuple(powers), tuple(counts))
        PAGE.write_text(page(measured))
        progress.console.print(one, markup=False)

    with Progress(*COLUMNS, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=2 * len(DIALS) + alarm_runs * len(STATISTICAL))
        for dial in sorted(DIALS, key=lambda d: STATISTICAL.index(d.check)):
            if (dial.check, dial.initializer, dial.size_is) in known:
                progress.advance(task, 2)
                continue
            found = {}
            for profile in ("quick", "thorough"):
                what = f"{dial.check} {dial.initializer} {profile}"
                found[profile] = smallest(
                    dial, profile, runs,
                    lambda size, what=what: progress.update(task, description=f"{what} {size:.2g}"),
                )  # fmt: skip
                progress.advance(task)
            add(Power(dial.check, dial.initializer, dial.size_is, **found))
        for id_ in STATISTICAL:
            progress.update(task, description=f"{id_} false alarms")
            if id_ in known:
                progress.advance(task, alarm_runs)
                continue
            raised, looked = 0, 0.0
            for seed in range(alarm_runs):
                count, statistics = alarms(CHECK[id_], seed)
                raised, looked = raised + count, looked + statistics
                progress.advance(task)
            add(Alarms(id_, looked, raised))
    print(PAGE)


if __name__ == "__main__":
    typer.run(main)
