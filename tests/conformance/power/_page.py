"""The page docs/power.md: a pure function of what was measured, which it holds as a comment."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from initcore.invariants import FALSE_ALARM

from ._alarms import LEVEL

__all__ = ["PAGE", "Alarms", "Measured", "Power", "page", "read", "so_far"]

PAGE = Path(__file__).parents[3] / "docs" / "power.md"
TEXT = """# What the statistics find, and how often they are wrong

Made by `python -m tests.conformance.power` on {date}.

## The smallest fault that is found

A right implementation is spoilt by so much, and the check meant for the fault is run on it with
{runs} search seeds. The table has the smallest size, in steps of a factor 2^(1/4), at which at
least 99 % of the runs find it; `-` where none up to the largest tried is found so often. Which
shapes, groups and parameters a run looks at is left to chance, as for every user.

| check | initializer | the size is | quick | thorough |
| --- | --- | --- | ---: | ---: |
{powers}

## False alarms

Every statistic is promised to raise a false alarm with a probability below {promised:g}: too rare
to be counted, [all runs together](false_alarms.md) bound it from above. So the bounds were put
where they promise {level:g} instead, and the [independent implementation](false_alarms.md), which
is right, was run with {alarm_runs} search seeds and as many streams of draws. A check that keeps
its promise has no more alarms than promised, but for chance.

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
    """All that a page says, of one version of checks and dials."""

    date: str
    version: str
    runs: int
    alarm_runs: int
    powers: tuple[Power, ...]
    alarms: tuple[Alarms, ...]


def so_far(version: str, runs: int, alarm_runs: int) -> Measured:
    """What the page tells of this version, if it is of as many runs."""
    nothing = Measured("", version, runs, alarm_runs, (), ())
    told = read(PAGE.read_text()) if PAGE.exists() else nothing
    same = (told.version, told.runs, told.alarm_runs) == (version, runs, alarm_runs)
    return told if same else nothing


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
        date=m.date, runs=m.runs, alarm_runs=m.alarm_runs, powers="\n".join(powers),
        alarms="\n".join(alarms), promised=FALSE_ALARM, level=LEVEL, data=json.dumps(asdict(m)),
    )  # fmt: skip


def read(text: str) -> Measured:
    """What was measured, from the page that says so."""
    data = json.loads(text.rpartition("<!-- ")[2].partition(" -->")[0])
    powers = tuple(Power(**p) for p in data.pop("powers"))
    alarms = tuple(Alarms(**a) for a in data.pop("alarms"))
    return Measured(**data, powers=powers, alarms=alarms)
