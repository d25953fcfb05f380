"""A progress bar for what takes longer than a moment, where there is someone to see it."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

__all__ = ["progress"]

T = TypeVar("T")
PATIENCE = 1.0  # seconds without a bar


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """`items`, with a bar on the terminal once they have taken more than a second.

    It needs rich (the `cli` extra) and a terminal; otherwise nothing is shown.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    start = time.perf_counter()
    rest = iter(items)
    done = 0
    for item in rest:
        yield item
        done += 1
        if time.perf_counter() - start > PATIENCE:
            break
    else:
        return
    yield from _shown(rest, label, done, total)


def _shown(rest: Iterator[T], label: str, done: int, total: int | None) -> Iterator[T]:
    try:
        from rich.console import Console
        from rich.progress import Progress
    except ImportError:
        yield from rest
        return
    console = Console(file=sys.stderr)
    if not console.is_terminal and not console.is_jupyter:
        yield from rest
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(label, total=total, completed=done)
        for item in rest:
            yield item
            bar.advance(task)
