"""The parts that all reports share: terminal, HTML, Markdown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ._results import BAD, Outcome, Results

__all__ = [
    "Tally", "facts", "lines", "others", "reproduce", "split_links", "tally", "verdict", "versions",
]  # fmt: skip

THREAD = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)")

FEW = 7  # more names than these are counted, not listed


@dataclass(frozen=True)
class Tally:
    """The outcomes of a check in a backend, counted.

    Attributes:
        passed: Initializers that passed it.
        tried: Initializers it ran on.
        fine: Whether all others failed it as expected.
        expected: Why they were expected to.
        skipped: Why it was skipped for still others.
    """

    passed: int
    tried: int
    fine: bool
    expected: tuple[str, ...]
    skipped: tuple[str, ...]

    def __str__(self) -> str:
        """The number that passed, and of how many if not all."""
        return f"{self.passed}" if self.passed == self.tried else f"{self.passed}/{self.tried}"


def tally(results: Results, backend: str, check: str) -> Tally:
    """One cell of the table of backends by checks."""
    found = list(results.of(backend=backend, check=check))
    tried = [o for o in found if o.status != "skipped"]
    return Tally(
        passed=sum(o.status == "passed" for o in tried),
        tried=len(tried),
        fine=not any(o.status in BAD for o in tried),
        expected=_reasons(found, "xfailed"),
        skipped=_reasons(found, "skipped"),
    )


def _reasons(outcomes: Sequence[Outcome], status: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(o.reason for o in outcomes if o.status == status))


def verdict(results: Results) -> str:
    """The result in a few words."""
    count = results.count("xfailed") if results.ok else len(results.failures)
    if not count:
        return "everything passed" if results.ok else "nothing ran"
    failures = f"{count} failure{'s' * (count > 1)}"
    return f"{failures}, expected" if results.ok else failures


def versions(results: Results) -> str:
    """The versions of all packages involved."""
    found: dict[str, str] = {}
    for part in results.versions.values():
        found.update(part)
    return ", ".join(f"{name} {version}" for name, version in found.items())


def facts(results: Results) -> dict[str, int]:
    """The numbers at the top of a report."""
    return {
        "backends": len(results.backends),
        "passed": results.count("passed"),
        "failed": len(results.failures),
        "failed as expected": results.count("xfailed"),
        "skipped": results.count("skipped"),
        "calls tried": sum(o.examples for o in results.outcomes),
    }


def lines(outcome: Outcome) -> dict[str, str]:
    """The labelled lines of a failure, without the call."""
    found = {"reason": outcome.reason}
    if outcome.failure:
        f = outcome.failure
        found |= {"got": f.got, "should be": f.should, "allowed": f.allowed}
    return {k: v for k, v in found.items() if v}


def others(group: Sequence[Outcome]) -> str:
    """The other initializers, checks and backends with the failure of the group's first member."""
    first, *rest = group
    checks: dict[tuple[str, str], list[str]] = {}
    for o in rest:
        checks.setdefault((o.backend, o.check), []).append(o.initializer)
    alike: dict[tuple[str, str], list[str]] = {}
    for (backend, check), names in checks.items():
        who = ", ".join(names) if len(names) <= FEW else f"{len(names)} initializers"
        alike.setdefault((backend, who), []).append(check)
    places: dict[str, list[str]] = {}
    for (backend, who), which in alike.items():
        same = (backend, which) == (first.backend, [first.check])
        places.setdefault(who if same else f"{who} {', '.join(which)}", []).append(backend)
    return "; ".join(
        what if where == [first.backend] else f"{what} in {', '.join(where)}"
        for what, where in places.items()
    )


def reproduce(outcome: Outcome) -> str:
    """The lines of Python that reproduce the failure."""
    assert outcome.failure is not None
    head = f'from initcore_conformance import load\n\nbackend = load("{outcome.backend}")\n'
    return head + outcome.failure.call


def split_links(text: str) -> tuple[str, dict[str, str]]:
    """A sentence, and the threads on GitHub it ends with: addresses by `owner/name#number`.

    >>> split_links("It fails. https://github.com/pytorch/pytorch/issues/9315")
    ('It fails.', {'pytorch/pytorch#9315': 'https://github.com/pytorch/pytorch/issues/9315'})
    """
    found = {f"{m[1]}#{m[2]}": m[0] for m in THREAD.finditer(text)}
    return THREAD.sub("", text).strip(), found
