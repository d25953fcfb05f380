"""python -m tests.conformance.false_alarms [--runs 200] [--jobs 1]

Runs already done with the same checks, invariants and implementation are taken from the page and
from out/false_alarms.jsonl; what is stopped goes on where it was, and the page always tells of the
runs that are done.
"""

from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from itertools import takewhile
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
    before = Summary.published(now, runs)
    told = before.runs if before else 0
    done = {seed: one for seed, one in kept(now).items() if told <= seed < runs}
    todo = [seed for seed in range(told, runs) if seed not in done]

    def summary() -> Summary:
        """Of the seeds from 0 on, up to the first that is not done."""
        ready = list(takewhile(done.__contains__, range(told, runs)))
        return Summary.of([done[seed] for seed in ready], before)

    with Progress(*COLUMNS, console=console) as progress:
        whole = progress.add_task("runs", total=runs, completed=told + len(done))

        def tell(fraction: float = 0) -> None:
            progress.update(whole, completed=told + len(done) + fraction)

        def end(one: Run) -> None:
            keep(one)
            done[one.seed] = one
            if told in done:
                write(summary())
            tell()
            for id_, text in one.failures.items():
                progress.console.print(f"seed {one.seed}: {id_}\n{text}", markup=False)

        if jobs == 1:
            for seed in todo:
                end(run(seed, now, tell))
        else:
            with ProcessPoolExecutor(jobs) as pool:
                futures: list[Future[Run]] = [pool.submit(run, s, now, silent) for s in todo]
                for future in as_completed(futures):
                    end(future.result())

    result = summary()
    print(page(result).partition("\n<!--")[0])
    print(write(result))
    raise typer.Exit(1 if result.failures else 0)


if __name__ == "__main__":
    typer.run(main)
