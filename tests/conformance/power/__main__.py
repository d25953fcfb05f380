"""python -m tests.conformance.power [--runs 100] [--alarm-runs 20]

Takes an hour or two; writes docs/power.md after each step, and goes on from what it tells.
"""

import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ._alarms import alarms
from ._dials import DIALS
from ._measure import CHECK, STATISTICAL, smallest, version
from ._page import PAGE, Alarms, Measured, Power, page, so_far

COLUMNS = (TextColumn("{task.description:<70}"), BarColumn(), MofNCompleteColumn(),
           TimeElapsedColumn())  # fmt: skip


def main(
    runs: Annotated[int, typer.Option(min=100, help="Search seeds for each size.")] = 100,
    alarm_runs: Annotated[int, typer.Option(min=1, help="Search seeds for false alarms.")] = 20,
) -> None:
    """Measure the power of the statistical checks, and their false alarms."""
    so = so_far(version(), runs, alarm_runs)
    powers, counts = list(so.powers), list(so.alarms)
    known = {(p.check, p.initializer, p.size_is) for p in powers} | {a.check for a in counts}

    def tell(one: Power | Alarms) -> None:
        (powers if isinstance(one, Power) else counts).append(one)  # type: ignore[arg-type]
        date = time.strftime("%Y-%m-%d", time.gmtime())
        measured = Measured(date, so.version, runs, alarm_runs, tuple(powers), tuple(counts))
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
            tell(Power(dial.check, dial.initializer, dial.size_is, **found))
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
            tell(Alarms(id_, looked, raised))
    print(PAGE)


if __name__ == "__main__":
    typer.run(main)
