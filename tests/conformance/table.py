"""The table of faults and of the checks that find them, docs/faults.md.

python -m tests.conformance.table
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from rich.progress import track

from initcore import specs
from initcore_conformance import CHECKS, _runner
from initcore_conformance._runner import examine

from .zoo import FAULTS, Fault
from .zoo._fault import GROUPED, RANDOM

HANGS = 5.0  # seconds of work after which a fault is not waited for
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# Faults and checks

What the suite is worth: {kinds} kinds of wrong implementations, {count} with the initializers that
each is tried on, filed in `tests/conformance/zoo`, and the checks of the quick profile that find
them. The check meant for it is in bold; the tests fail if it does not find its fault with each of
these initializers. What else finds it is told of one of them. Made by
`python -m tests.conformance.table`.

| initializers | what is wrong | found by |
| --- | --- | --- |
"""


def kinds() -> Iterator[list[Fault]]:
    """The faults, those that differ in the initializer alone together."""
    found: dict[tuple[str, str], list[Fault]] = {}
    for fault in FAULTS:
        found.setdefault((fault.name, fault.check), []).append(fault)
    yield from found.values()


def subject(faults: list[Fault]) -> str:
    """The cells of a row that say what is wrong, and with what."""
    return f"| {_names([fault.initializer for fault in faults])} | {faults[0].name} | "


def _names(names: list[str]) -> str:
    """The names, or what nearly all of them are."""
    for what, all_ in (("all", tuple(specs)), ("all random ones", RANDOM), ("all grouped", GROUPED),
                       ("all random, grouped", [n for n in RANDOM if n in GROUPED])):  # fmt: skip
        missing = [name for name in all_ if name not in names]
        if set(names) <= set(all_) and len(missing) <= 2:
            return what + (f" but {_listed(missing)}" if missing else "")
    return _listed(names)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def row(faults: list[Fault]) -> str:
    """A row of Markdown."""
    first = faults[0]
    backend, spec = first.make(), specs[first.initializer]
    # Any failing case will do. A warning is an error here as it is in the tests.
    patient = mock.patch.multiple(_runner, SHRINKING=0.0, TIME_LIMIT=HANGS)
    with patient, warnings.catch_warnings(action="error"):
        hits = [c.id for c in CHECKS if not c.skip(backend, spec) and examine(c, backend, spec)[0]]
    return subject(faults) + ", ".join(f"**{h}**" if h == first.check else h for h in hits) + " |"


if __name__ == "__main__":
    rows = [row(faults) for faults in track(list(kinds()), "faults")]
    PAGE.write_text(HEAD.format(kinds=len(rows), count=len(FAULTS)) + "\n".join(rows) + "\n")
    print(PAGE)
