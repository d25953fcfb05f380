"""The report in the terminal: progress, failures, one table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ._report import others, split_links, tally
from ._results import Outcome, Results
from .checks import CHECKS

__all__ = ["progress", "show"]

MOST = 30  # failures shown in full
CELL = 7  # characters of a cell: 24/24 and a letter


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each backend."""
    bars = Progress(
        TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip
    tasks = {}

    def update(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=total)
        bars.update(tasks[name], completed=done, total=max(total, done))

    with bars:
        yield update


def show(results: Results, console: Console) -> None:
    """Every failure with its smallest example, then the table."""
    # Outside of a terminal, as wide as the table needs.
    needed = sum(max(len(c.title), CELL) + 1 for c in CHECKS)
    needed += 2 + max((len(name) for name in (*results.backends, "backend")), default=0)
    wide = console if console.is_terminal else Console(file=console.file, width=needed)
    alike = [group for group in results.alike if group[0].status != "xfailed"]
    for group in alike[:MOST]:
        _failure(group, wide)
    if len(alike) > MOST:
        wide.print(f"... and {len(alike) - MOST} more kinds: use --report to see them\n")
    if any(o.check != "*" for o in results.outcomes):
        _table(results, wide)
    for warning in results.warnings:
        wide.print(f"warning: {escape(warning)}", style="yellow", highlight=False)
    verdict = f"{len(results.failures)} failed" if results.outcomes else "nothing ran"
    verdict = "all passed" if results.ok else verdict
    wide.print(
        f"{verdict}, {results.count('passed')} passed, {results.count('skipped')} skipped, "
        f"{results.count('xfailed')} failed as expected; profile {results.profile}, "
        f"seed {results.seed}, {results.seconds:.0f} s",
        style="bold green" if results.ok else "bold red", highlight=False,
    )  # fmt: skip


def _failure(group: list[Outcome], console: Console) -> None:
    outcome = group[0]
    title = outcome.backend if outcome.check == "*" else outcome.id
    status = f"[bold red]{outcome.status.upper()}[/]"
    console.print(f"{status} [bold]{escape(title)}[/]", highlight=False)
    text = str(outcome.failure) if outcome.failure else ""
    reason, threads = split_links(outcome.reason)
    if outcome.status == "xpassed":
        text = f"it passed, but was expected to fail: {reason}"
    elif reason:
        text = f"{reason}\n{text}".rstrip()
    if threads:
        text += f"\nupstream  {', '.join(threads)}"
    if len(group) > 1:
        text += f"\nalso in   {others(group)}"
    for line in text.splitlines():
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def _table(results: Results, console: Console) -> None:
    table = Table(
        title="initializers that pass, or pass/tried", title_justify="left", box=box.SIMPLE_HEAD,
        pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    table.add_column("backend", no_wrap=True)
    for check in CHECKS:
        table.add_column(check.title, justify="right")
    notes: dict[str, str] = {}
    for backend in results.backends:
        whole = next(iter(results.of(backend=backend, check="*")), None)
        if whole:
            text = f"[bold red]{whole.status.upper()}[/]"
            table.add_row(backend, text, *[""] * (len(CHECKS) - 1))
            continue
        table.add_row(backend, *(_cell(results, backend, c.id, notes) for c in CHECKS))
    console.print(table)
    for note, letter in notes.items():
        console.print(f"  {letter}  {escape(note)}", style="dim", highlight=False)


def _cell(results: Results, backend: str, check: str, notes: dict[str, str]) -> str:
    """The number that pass, of how many if not all, and letters that refer to reasons."""
    t = tally(results, backend, check)
    texts = [f"failed as expected: {reason}" for reason in t.expected]
    texts += [f"skipped: {reason}" for reason in t.skipped]
    letters = "".join(notes.setdefault(note, _letter(len(notes))) for note in texts)
    style = "bold red" if not t.fine else "yellow" if t.expected else "green"
    cell = f"[{style}]{t}[/] " if t.tried else ""
    return f"{cell}[dim]{letters}[/]" if letters else cell.rstrip()


def _letter(n: int) -> str:
    return chr(ord("a") + n) if n < 26 else f"[{n}]"
