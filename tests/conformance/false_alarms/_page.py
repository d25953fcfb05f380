"""The page docs/false_alarms.md: a pure function of a summary, which it holds as a comment."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from initcore.invariants import FALSE_ALARM

from ._runs import ROOT, Run

PAGE = ROOT / "docs" / "false_alarms.md"
CONFIDENCE = 0.95
TEXT = """# False positive rate

This page shows how often the suite fails on a correct implementation (a false positive, or false
alarm). `tests/conformance/independent` implements the whole specification a second time: in plain
NumPy, with QR, one rotation after the other, and without any code of the library. It is correct, so
every failure that the suite reports for it is a false alarm.
`python -m tests.conformance.false_alarms` makes this page. It runs the whole quick profile on this
implementation, with one search seed after the other.

| | |
| --- | --- |
| last run | {date} |
| runs | {runs}, seeds {first} to {last}, {seconds:.1f} s each |
| checks | {checks} |
| cases | {cases} |
| statistics | {statistics} |
| failures | {failed} |

Each statistic is designed to raise a false alarm with a probability below {promised:g}, so at most
{expected:.2g} alarms are expected in all of them. {verdict}

{failures}

<!-- {data} -->
"""


@dataclass(frozen=True)
class Summary:
    """All runs of one version together; failures are `(seed, id, text)`."""

    date: str
    version: str
    runs: int
    first: int
    last: int
    seconds: float
    checks: int
    cases: int
    statistics: int
    failures: tuple[tuple[int, str, str], ...]

    @classmethod
    def of(cls, runs: Sequence[Run], before: "Summary | None" = None) -> "Summary":
        """Of runs, those that `before` sums up first."""
        sums = [] if before is None else [before]
        count = len(runs) + sum(s.runs for s in sums)
        failures = [(r.seed, id_, text) for r in runs for id_, text in sorted(r.failures.items())]
        seconds = sum(r.seconds for r in runs) + sum(s.seconds * s.runs for s in sums)
        both: list[Run | Summary] = [*sums, *runs]
        return cls(
            max(b.date for b in both), both[0].version, count,
            min([s.first for s in sums] + [r.seed for r in runs]),
            max([s.last for s in sums] + [r.seed for r in runs]),
            seconds / count, sum(b.checks for b in both), sum(b.cases for b in both),
            sum(b.statistics for b in both), (*(f for s in sums for f in s.failures), *failures),
        )  # fmt: skip

    @classmethod
    def published(cls, version: str, runs: int) -> "Summary | None":
        """What the page tells, if that is of `version` and of the first seeds, `runs` at most."""
        if not PAGE.exists():
            return None
        told = cls.read(PAGE.read_text())
        first = told.first == 0 and told.last + 1 == told.runs <= runs
        return told if told.version == version and first else None

    @classmethod
    def read(cls, page: str) -> "Summary":
        """The summary that a page holds."""
        data: dict[str, Any] = json.loads(page.rpartition("<!-- ")[2].partition(" -->")[0])
        return cls(**{**data, "failures": tuple(tuple(f) for f in data["failures"])})

    @property
    def expected(self) -> float:
        """False alarms at most to be expected."""
        return self.statistics * FALSE_ALARM

    @property
    def likely(self) -> float:
        """Probability of as many alarms or more, if the promise is just kept."""
        from scipy.stats import poisson

        return float(poisson.sf(len(self.failures) - 1, self.expected))


def page(s: Summary) -> str:
    """The text of the page."""
    count = len(s.failures)
    if count == 0:
        bound = -math.log(1 - CONFIDENCE) / s.statistics
        verdict = (f"There was none, so with {CONFIDENCE:.0%} confidence the rate is below "
                   f"{bound:.2g}.")  # fmt: skip
    else:
        verdict = (
            f"There were {count}; at exactly the promised rate, the probability of {count} or more "
            f"is {s.likely:.2g}."
        )
    listed = [f"- seed {seed}, `{id_}`: {' '.join(text.split())}" for seed, id_, text in s.failures]
    text = TEXT.format(
        **{**asdict(s), "failures": "\n".join(["## Failures", "", *listed] if listed else [])},
        failed=count, promised=FALSE_ALARM, expected=s.expected, verdict=verdict,
        data=json.dumps(asdict(s)).replace("-->", "-- >"),
    )  # fmt: skip
    return text.replace("\n\n\n", "\n")


def write(s: Summary) -> Path:
    PAGE.write_text(page(s))
    return PAGE
