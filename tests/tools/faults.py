"""The table of injected faults and of the checks that find them, docs/faults.md.

python -m tests.tools.faults
"""

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from rich.progress import track

from initcore import __version__, specs
from initcore_conformance import CHECKS, _runner
from initcore_conformance._runner import examine
from tests.conformance.zoo import FAULTS, HANGS, Fault
from tests.conformance.zoo._fault import GROUPED, RANDOM

__all__ = ["PAGE", "kinds", "page", "row"]

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# Injected faults

Which checks of the quick profile find which faults? `tests/conformance/zoo` has {kinds} kinds of
wrong implementations, {count} if the initializers with the same fault are counted one by one. The
check meant for a fault is in bold, and the tests fail if it does not find it in every initializer
listed; the other checks are those that find it in the first one. Made by
`python -m tests.tools.faults` on {date} with initcore {version}.

| initializers | fault | found by |
| --- | --- | --- |
"""


def kinds() -> Iterator[list[Fault]]:
    """The faults, those that differ only in the initializer grouped together."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for fault in FAULTS:
        found.setdefault((fault.name, fault.check), []).append(fault)
    yield from found.values()


def _names(names: list[str]) -> str:
    """The names, or a phrase that covers nearly all of them."""
    for what, all_ in (("all", tuple(specs)), ("all random ones", RANDOM), ("all grouped", GROUPED),
                       ("all random, grouped", [n for n in RANDOM if n in GROUPED])):  # fmt: skip
        missing = [name for name in all_ if name not in names]
        if set(names) <= set(all_) and len(missing) <= 2:
            return what + (f" but {_listed(missing)}" if missing else "")
    return _listed(names)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def row(faults: list[Fault]) -> str:
    """A row of the table."""
    first = faults[0]
    backend, spec = first.make(), specs[first.initializer]
    # Any failing case will do. A warning is an error here as it is in the tests.
    limits = mock.patch.multiple(_runner, SHRINKING=0.0, TIME_LIMIT=HANGS)
    with limits, warnings.catch_warnings(action="error"):
        hits = [c.id for c in CHECKS if not c.skip(backend, spec) and examine(c, backend, spec)[0]]
    names = _names([fault.initializer for fault in faults])
    found_by = ", ".join(f"**{h}**" if h == first.check else h for h in hits)
    return f"| {names} | {first.name} | {found_by} |"


def page(rows: list[str], count: int, date: str) -> str:
    """The text of the page."""
    head = HEAD.format(kinds=len(rows), count=count, date=date, version=__version__)
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    rows = [row(faults) for faults in track(list(kinds()), "faults")]
    PAGE.write_text(page(rows, len(FAULTS), time.strftime("%Y-%m-%d", time.gmtime())))
    print(PAGE)
