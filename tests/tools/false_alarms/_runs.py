"""One run of the suite on the independent implementation."""

import time
from dataclasses import dataclass, field

from initcore_conformance import conform
from tests.conformance.independent import Independent

from ._statistics import counted

__all__ = ["Run", "run"]


@dataclass(frozen=True)
class Run:
    """One run of the quick profile.

    Attributes:
        seed: Seed of the search for cases, and stream of the implementation.
        date: Day on which it ended.
        checks: Number of checks of an initializer that ran.
        cases: Number of calls, or groups of calls, that they tried.
        statistics: Number of statistics evaluated, each with its own small probability of a false
            alarm.
        failures: Reports by id.
    """

    seed: int
    date: str
    seconds: float
    checks: int
    cases: int
    statistics: int
    failures: dict[str, str] = field(default_factory=dict)


def run(seed: int, keyword: str | None = None) -> Run:
    """The run of one seed, on the initializers whose name contains `keyword`."""
    start = time.monotonic()
    with counted() as tally:
        results = conform([Independent(seed)], seed=seed, keyword=keyword)
    outcomes = [o for o in results.outcomes if o.status != "skipped"]
    return Run(
        seed, time.strftime("%Y-%m-%d", time.gmtime()), round(time.monotonic() - start, 1),
        len(outcomes), sum(o.examples for o in outcomes), round(tally.count),
        {o.id: str(o.failure) for o in results.failures},
    )  # fmt: skip
