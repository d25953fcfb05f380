"""The table of faults and of the checks that find them, docs/faults.md.

python -m tests.conformance.table
"""

from pathlib import Path

from initcore import specs
from initcore_conformance import CHECKS
from initcore_conformance._runner import examine

from .zoo import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# Faults and checks

What the suite is worth: {count} wrong implementations, filed in `tests/conformance/zoo`, and the
checks of the quick profile that find each. The check meant for it is in bold; the tests fail if it
does not find its fault. Made by `python -m tests.conformance.table`.

| initializer | what is wrong | found by |
| --- | --- | --- |
"""


def rows() -> list[str]:
    """A row of Markdown for each fault."""
    found = []
    for fault in FAULTS:
        backend, spec = fault.make(), specs[fault.initializer]
        hits = [c.id for c in CHECKS if not c.skip(backend, spec) and examine(c, backend, spec)[0]]
        shown = ", ".join(f"**{h}**" if h == fault.check else h for h in hits)
        found.append(f"| `{fault.initializer}` | {fault.name} | {shown} |")
    return found


if __name__ == "__main__":
    PAGE.write_text(HEAD.format(count=len(FAULTS)) + "\n".join(rows()) + "\n")
    print(PAGE)
