"""The page docs/power.md: a pure function of what was measured, which it holds as a comment."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from initcore.invariants import FALSE_ALARM

from ._alarms import LEVEL

__all__ = ["PAGE", "Alarms", "Measured", "Power", "page", "read", "so_far"]

PAGE = Path(__file__).parents[3] / "docs" / "power.md"
TEXT = """# Statistical power and false positives

This page shows the smallest fault that each statistical check finds, and how often a check fails on
a correct implementation. `python -m tests.conformance.power` made it on {date}.

## Statistical power

A fault of a given size is added to a correct implementation, and the check designed for the fault
runs on it with {runs} search seeds. The table shows the smallest size, in steps of a factor
2^(1/4), at which at least 99 % of the runs find the fault. A `-` means that no size up to the
largest one tried is found that often. Each run chooses its shapes, groups and parameters at random,
as for every user. In the table, "deviation" is the standard deviation.

| check | initializer | the size is | quick | thorough |
| --- | --- | --- | ---: | ---: |
{powers}

## False positives (false alarms)

Every statistic is designed to raise a false alarm with a probability below {promised:g}. This is
too rare to count; [all runs together](false_alarms.md) give an upper bound. For this table the
bounds of the statistics were therefore set to a false alarm probability of {level:g}. The
[independent implementation](false_alarms.md), which is correct, was tested with {alarm_runs} search
seeds and the same number of streams of draws. Apart from chance, a check that keeps its promise has
no more alarms than promised.

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
