"""python -m tests.tools.false_alarms [--runs 200] [--jobs 1] [--resume]

Writes docs/false_alarms.md after each run. With `--resume` it goes on after the runs on the page.
"""

from concurrent.futures import ProcessPoolExecutor
from typing import Annotated

import typer
from rich.progress import track

from ._page import PAGE, Summary, page
from ._runs import run


def main(
    runs: Annotated[int, typer.Option(min=1, help="Search seeds to run, from 0 on.")] = 200,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
    resume: Annotated[bool, typer.Option(help="Go on after the runs on the page.")] = False,
) -> None:
    """Run the quick profile on the independent implementation, and write docs/false_alarms.md."""
    total = Summary.read(PAGE.read_text()) if resume else None
    first = total.last + 1 if total else 0
    with ProcessPoolExecutor(jobs) as pool:
        for one in track(pool.map(run, range(first, runs)), "runs", total=runs - first):
            total = Summary.of([one], total)
            PAGE.write_text(page(total))
            for id_, text in one.failures.items():
                print(f"seed {one.seed}: {id_}\n{text}")
    print(PAGE)
    raise typer.Exit(1 if total and total.failures else 0)


if __name__ == "__main__":
    typer.run(main)
