"""Side by side: two functions in turn, so that a machine that drifts drifts for both."""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Duel", "duel", "growth", "megabytes", "row", "timed", "title"]


class Duel(NamedTuple):
    """Two functions side by side.

    Attributes:
        ours, theirs: Median seconds of each.
        ratio: Median of the ratios ours / theirs, pair by pair.
        least: The ratio of the fastest calls, which the rest of the machine disturbs least.
    """

    ours: float
    theirs: float
    ratio: float
    least: float

    @property
    def ratios(self) -> tuple[str, str]:
        """Both ratios, as cells of a table."""
        return f"{self.ratio:.2f}", f"{self.least:.2f}"


def duel(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int = 9) -> Duel:
    """Call both in turn, after one call of each that does not count."""
    ours(), theirs()
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    first, second = zip(*pairs, strict=True)
    ratio = statistics.median(a / b for a, b in pairs)
    return Duel(
        statistics.median(first), statistics.median(second), ratio, min(first) / min(second)
    )


def _seconds(f: Callable[[], Any]) -> float:
    # Threads of a library spin on for some 50 ms after its last product, and take the cores
    # from the library that is measured next.
    time.sleep(0.1)
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def megabytes() -> float:
    """Largest resident memory of the process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def resident() -> float:
    """Megabytes in use now (Linux; elsewhere the record)."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096 / 2**20
    except OSError:
        return megabytes()


def growth(f: Callable[[], Any]) -> float:
    """Megabytes that a call needs at most beyond what is in use before it.

    The record so far may be higher than what is in use: ballast fills up to it.
    """
    ballast = np.ones(int(max(0.0, megabytes() - resident()) * 2**20) // 8)
    before = megabytes()
    f()
    del ballast
    return megabytes() - before


def timed(label: str, n: int, times: Duel, *more: str, calls: int = 1, digits: int = 1) -> None:
    """A row: the milliseconds of one call of each, both ratios, and what else there is."""
    shown = (f"{seconds / calls * 1e3:.{digits}f}" for seconds in times[:2])
    row(label, str(n), *shown, *times.ratios, *more)


def title(*cells: str) -> None:
    """The head of a Markdown table."""
    row(*cells)
    row("---", *["---:"] * (len(cells) - 1))


def row(*cells: str) -> None:
    """A row of a Markdown table."""
    print("| " + " | ".join(cells) + " |", flush=True)
