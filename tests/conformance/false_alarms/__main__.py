"""python -m tests.conformance.false_alarms [--runs 200] [--jobs 1]

Runs already done with the same checks, invariants and implementation are taken from
out/false_alarms.jsonl; what is stopped goes on where it was, and the page always tells of the runs
that are done.
"""

from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)  # fmt: skip

from ._page import Summary, page, write
from ._runs import Run, keep, kept, run, version

COLUMNS = (
    TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    TimeRemainingColumn(),
)  # fmt: skip


def silent(_: float) -> None:
    """What another process has done of a run is not told."""


def main(
    runs: Annotated[int, typer.Option(min=1, help="Search seeds to run, from 0 on.")] = 200,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
) -> None:
    """Run the quick profile on the independent implementation, and write docs/false_alarms.md."""
    now, console = version(), Console(stderr=True)
    done = {seed: one for seed, one in kept(now).items() if seed < runs}
    todo = [seed for seed in range(runs) if seed not in done]

    with Progress(*COLUMNS, console=console) as progress:
        whole = progress.add_task("runs", total=runs, completed=len(done))

        def end(one: Run) -> None:
            keep(one)
            done[one.seed] = one
            write(Summary.of([done[seed] for seed in sorted(done)]))
            progress.update(whole, completed=len(done))
            for id_, text in one.failures.items():
                progress.console.print(f"seed {one.seed}: {id_}\n{text}", markup=False)

        if jobs == 1:
            for seed in todo:
                end(run(seed, now, lambda f: progress.update(whole, completed=len(done) + f)))
        else:
            with ProcessPoolExecutor(jobs) as pool:
                futures: list[Future[Run]] = [pool.submit(run, s, now, silent) for s in todo]
                for future in as_completed(futures):
                    end(future.result())

    summary = Summary.of([done[seed] for seed in sorted(done)])
    print(page(summary).partition("\n<!--")[0])
    print(write(summary))
    raise typer.Exit(1 if summary.failures else 0)


if __name__ == "__main__":
    typer.run(main)
