"""The page docs/power.md: a pure function of what was measured, which it holds as a comment."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from initcore.invariants import FALSE_ALARM

from ._alarms import LEVEL

__all__ = ["PAGE", "Alarms", "Measured", "Power", "page", "read"]

PAGE = Path(__file__).parents[3] / "docs" / "power.md"
TEXT = """# Statistical power

How small a fault do the statistical checks find? Measured by `python -m tests.tools.power` on
{date} with initcore {version}.

## The smallest fault found

A right implementation gets a fault of a given size, and the check meant for it runs with {runs}
search seeds. The table has the smallest size, in steps of a factor 2^(1/4), that at least 99 % of
the runs find; `-` if not even the largest size tried is found so often. Shapes, groups and
parameters are drawn at random, as they are for every user.

| check | initializer | the size is | quick | thorough |
| --- | --- | --- | ---: | ---: |
{powers}

## False positives (false alarms)

Every statistic promises to raise a false alarm with a probability below {promised:g}. That is too
rare to be counted: [many runs](false_alarms.md) only bound the rate from above. So the thresholds
were moved to where they promise {level:g}, and the [independent
implementation](false_alarms.md), which is right, ran with {alarm_runs} search seeds and as many
streams of draws. A check that keeps its promise raises no more alarms than promised, up to chance.

| check | statistics | alarms promised | alarms | rate |
| --- | ---: | ---: | ---: | ---: |
{alarms}

<!-- {data} -->
"""


@dataclass(frozen=True)
class Power:
    """The smallest sizes of a fault that are found, by profile."""

    check: str
    initializer: str
    size_is: str
    quick: float | None
    thorough: float | None


@dataclass(frozen=True)
class Alarms:
    """False alarms of a check at `LEVEL`."""

    check: str
    statistics: float
    count: int


@dataclass(frozen=True)
class Measured:
    """All that the page says."""

    date: str
    version: str
    runs: int
    alarm_runs: int
    powers: tuple[Power, ...]
    alarms: tuple[Alarms, ...]


def page(m: Measured) -> str:
    """The text of the page."""

    def size(value: float | None) -> str:
        return "-" if value is None else f"{value:.2g}"

    powers = [
        f"| {p.check} | `{p.initializer}` | {p.size_is} | {size(p.quick)} | {size(p.thorough)} |"
        for p in m.powers
    ]
    alarms = [
        f"| {a.check} | {a.statistics:.0f} | {a.statistics * LEVEL:.1f} | {a.count} "
        f"| {a.count / max(a.statistics, 1):.1g} |"
        for a in m.alarms
    ]
    return TEXT.format(
        date=m.date, version=m.version, runs=m.runs, alarm_runs=m.alarm_runs,
        powers="\n".join(powers), alarms="\n".join(alarms), promised=FALSE_ALARM, level=LEVEL,
        data=json.dumps(asdict(m)),
    )  # fmt: skip


def read(text: str) -> Measured:
    """The measurements that a page holds."""
    data = json.loads(text.rpartition("<!-- ")[2].partition(" -->")[0])
    powers = tuple(Power(**p) for p in data.pop("powers"))
    alarms = tuple(Alarms(**a) for a in data.pop("alarms"))
    return Measured(**data, powers=powers, alarms=alarms)
