"""The page docs/false_alarms.md: a pure function of a summary, which it holds as a comment."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from initcore import __version__
from initcore.invariants import FALSE_ALARM

from ._runs import Run

__all__ = ["PAGE", "Summary", "page"]

PAGE = Path(__file__).parents[3] / "docs" / "false_alarms.md"
CONFIDENCE = 0.95
TEXT = """# False positives

How often does the suite report a failure of a right implementation? `tests/conformance/independent`
implements the whole specification a second time in plain NumPy, without a line of the library. It
is right, so whatever the suite reports is a false alarm. `python -m tests.tools.false_alarms` runs
the quick profile on it with one search seed after the other, and writes this page.

| | |
| --- | --- |
| measured | {date}, with initcore {version} |
| runs | {runs}, seeds {first} to {last}, {seconds:.1f} s each |
| checks | {checks} |
| cases | {cases} |
| statistics | {statistics} |
| failures | {failed} |

Each statistic promises to raise a false alarm with a probability below {promised:g}, so that all
of them together raise {expected:.2g} at most on average. {verdict}

{failures}

<!-- {data} -->
"""


@dataclass(frozen=True)
class Summary:
    """All runs together; failures are `(seed, id, text)`."""

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
        """The summary of `runs`, and of the earlier ones in `before`."""
        sums = [] if before is None else [before]
        count = len(runs) + sum(s.runs for s in sums)
        failures = [(r.seed, id_, text) for r in runs for id_, text in sorted(r.failures.items())]
        seconds = sum(r.seconds for r in runs) + sum(s.seconds * s.runs for s in sums)
        both: list[Run | Summary] = [*sums, *runs]
        return cls(
            max(b.date for b in both), __version__, count,
            min([s.first for s in sums] + [r.seed for r in runs]),
            max([s.last for s in sums] + [r.seed for r in runs]),
            seconds / count, sum(b.checks for b in both), sum(b.cases for b in both),
            sum(b.statistics for b in both), (*(f for s in sums for f in s.failures), *failures),
        )  # fmt: skip

    @classmethod
    def read(cls, page: str) -> "Summary":
        """The summary that a page holds."""
        data: dict[str, Any] = json.loads(page.rpartition("<!-- ")[2].partition(" -->")[0])
        return cls(**{**data, "failures": tuple(tuple(f) for f in data["failures"])})

    @property
    def expected(self) -> float:
        """The largest number of false alarms that is promised on average."""
        return self.statistics * FALSE_ALARM

    @property
    def likely(self) -> float:
        """Probability of this many alarms or more, if the promise is just kept."""
        from scipy.stats import poisson

        return float(poisson.sf(len(self.failures) - 1, self.expected))


def page(s: Summary) -> str:
    """The text of the page."""
    count = len(s.failures)
    if count == 0:
        bound = -math.log(1 - CONFIDENCE) / s.statistics
        verdict = (f"There were none, which bounds the rate by {bound:.2g} with {CONFIDENCE:.0%} "
                   "confidence.")  # fmt: skip
    else:
        verdict = (
            f"There were {count}; if the promise is just kept, this many or more have the "
            f"probability {s.likely:.2g}."
        )
    listed = [f"- seed {seed}, `{id_}`: {' '.join(text.split())}" for seed, id_, text in s.failures]
    text = TEXT.format(
        **{**asdict(s), "failures": "\n".join(["## Failures", "", *listed] if listed else [])},
        failed=count, promised=FALSE_ALARM, expected=s.expected, verdict=verdict,
        data=json.dumps(asdict(s)).replace("-->", "-- >"),
    )  # fmt: skip
    return text.replace("\n\n\n", "\n")
