"""The results of a run: one outcome for each backend, initializer and check."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ._case import Failure

__all__ = ["BAD", "Outcome", "Results"]

STATUSES = {
    "passed": "passed", "skipped": "skipped", "xfailed": "failed as expected", "failed": "failed",
    "xpassed": "passed unexpectedly", "missing": "missing", "crashed": "crashed",
}  # fmt: skip
BAD = ("failed", "xpassed", "missing", "crashed")
REPR = 240  # characters; pytest cuts longer ones in the middle


@dataclass(frozen=True)
class Outcome:
    """One check of one initializer in one backend.

    Attributes:
        backend: Name of the backend.
        initializer: Name of the initializer.
        check: Name of the check.
        status: `passed`, `failed`, `skipped` (with reason), `xfailed` (failed as expected),
            `xpassed` (passed, though a failure is expected); a whole backend is `missing` if its
            framework is not installed, `crashed` if its process ended early.
        reason: Why it was skipped, or is expected to fail, or is missing; what is known upstream
            of a failure.
        examples: Cases tried.
        seconds: Time they took.
        failure: The smallest failing case found.
    """

    backend: str
    initializer: str
    check: str
    status: str
    reason: str = ""
    examples: int = 0
    seconds: float = 0.0
    failure: Failure | None = None

    @property
    def id(self) -> str:
        """`backend::initializer::check`, as files of skips name it."""
        return f"{self.backend}::{self.initializer}::{self.check}"

    def __str__(self) -> str:
        parts = [f"{self.status.upper()} {self.id}", self.reason, str(self.failure or "")]
        return "\n  ".join(line for text in parts for line in text.splitlines())

    @property
    def headline(self) -> str:
        """The id and what is wrong, in one line."""
        what = self.failure.got if self.failure else self.reason or self.status
        return f"{self.id}: {' '.join(what.split())}"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Outcome":
        """The outcome whose `dataclasses.asdict` is `data`."""
        failure = data.get("failure")
        return cls(**{**data, "failure": Failure(**failure) if failure else None})


@dataclass
class Results:
    """All outcomes of a run, in the order the backends were named.

    `assert results.ok, str(results)` shows every failure in full.

    Attributes:
        profile: `"quick"` or `"thorough"`.
        seed: Seed of the search.
        outcomes: One for each check of an initializer.
        seconds: Time of the whole run.
        versions: Versions of each backend's packages.
        warnings: Patterns of skips that matched nothing, keywords that selected nothing.
    """

    profile: str
    seed: int
    outcomes: list[Outcome] = field(default_factory=list)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every chosen check ran, and passed or failed as expected."""
        return bool(self.outcomes) and not any(o.status in BAD for o in self.outcomes)

    @property
    def backends(self) -> list[str]:
        """Names, in order."""
        return list(dict.fromkeys(o.backend for o in self.outcomes))

    @property
    def failures(self) -> list[Outcome]:
        """What makes the run fail."""
        return [o for o in self.outcomes if o.status in BAD]

    @property
    def alike(self) -> list[list[Outcome]]:
        """The failures, those with one known reason or one expectation grouped together."""
        groups: dict[tuple[str, ...], list[Outcome]] = {}
        for o in self.outcomes:
            if o.status not in (*BAD, "xfailed"):
                continue
            if o.failure and o.reason:
                key: tuple[str, ...] = (o.reason,)
            elif o.failure and not o.failure.trace:  # one expectation, by whatever check
                key = (o.backend, o.failure.should)
            else:
                key = (o.backend, o.check, o.failure.should if o.failure else "")
            groups.setdefault((o.status, *key), []).append(o)
        return list(groups.values())

    def count(self, status: str, **where: str) -> int:
        """Outcomes of a status, of a `backend`, `initializer` or `check`."""
        return sum(o.status == status for o in self.of(**where))

    def of(self, **where: str) -> Iterable[Outcome]:
        """Outcomes with these attributes."""
        for o in self.outcomes:
            if all(getattr(o, name) == value for name, value in where.items()):
                yield o

    @property
    def summary(self) -> str:
        """The number of outcomes of each status, or why there are none."""
        counts = [f"{n} {word}" for status, word in STATUSES.items() if (n := self.count(status))]
        return ", ".join(counts) or "; ".join(["nothing ran", *self.warnings])

    def __str__(self) -> str:
        """Every failure, then the summary."""
        return "\n\n".join([*map(str, self.failures), self.summary])

    def __repr__(self) -> str:
        """The summary and the first failure, as short as pytest shows a `repr`."""
        text, failures = f"Results: {self.summary}", self.failures
        if failures:
            text += f"; {failures[0].headline}"
        more = f"; {len(failures) - 1} more, see print(results)" if len(failures) > 1 else ""
        room = REPR - len(more) - 2
        text = text if len(text) <= room else text[: room - 3] + "..."
        return f"<{text}{more}>"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Results":
        """The results whose `to_json` is `data`."""
        outcomes = [Outcome.from_json(o) for o in data["outcomes"]]
        return cls(**{k: v for k, v in data.items() if k != "ok"} | {"outcomes": outcomes})

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {**dataclasses.asdict(self), "ok": self.ok}
