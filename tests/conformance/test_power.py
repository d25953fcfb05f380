"""The page on statistical power has the form that its tool writes, and the tool measures it."""

import pytest
from scipy.stats import poisson

from initcore import specs
from initcore_conformance._runner import examine
from tests.tools.power import _alarms
from tests.tools.power._alarms import LEVEL, alarms
from tests.tools.power._dials import DIALS, Dial
from tests.tools.power._measure import CHECK, STATISTICAL, misses, smallest
from tests.tools.power._page import PAGE, Alarms, Measured, Power, page, read

MEASURED = Measured(
    "2026-01-01", "0.1.0", 100, 20,
    (Power("seeds", "normal", "correlation", 0.125, None),), (Alarms("seeds", 20000.0, 11),),
)  # fmt: skip


def test_a_page_holds_what_was_measured() -> None:
    text = page(MEASURED)
    assert read(text) == MEASURED
    assert "| seeds | `normal` | correlation | 0.12 | - |" in text
    assert "| seeds | 20000 | 20.0 | 11 | 0.0006 |" in text


def test_every_statistical_check_has_a_dial() -> None:
    assert {d.check for d in DIALS} == set(STATISTICAL)


@pytest.mark.parametrize("dial", DIALS, ids=lambda d: f"{d.check} {d.initializer} {d.size_is}")
def test_a_dial_turned_down_is_right(dial: Dial) -> None:
    found, tried = examine(CHECK[dial.check], dial.backend(1e-12), specs[dial.initializer])
    assert found is None
    assert tried > 0


def test_a_fault_is_missed_below_the_smallest_size_and_found_above() -> None:
    (dial,) = [d for d in DIALS if d.check == "seeds" and d.initializer == "normal"]
    size = smallest(dial, "quick", 12)
    assert size
    assert misses(dial, 2 * size, "quick", 12, 12) == 0
    assert misses(dial, size / 4, "quick", 12, 12) > 0


def test_a_level_that_promises_little_raises_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_alarms, "LEVEL", 0.5)
    count, statistics = alarms(CHECK["seeds"], 0)
    assert 0 < count <= statistics


def test_the_page_is_the_one_that_its_numbers_make_and_its_alarms_are_as_promised() -> None:
    text = PAGE.read_text()
    measured = read(text)
    assert page(measured) == text
    assert measured.date
    assert measured.version
    assert {p.check for p in measured.powers} == {a.check for a in measured.alarms}
    assert measured.runs >= 100
    for alarm in measured.alarms:
        chance = poisson.sf(alarm.count - 1, alarm.statistics * LEVEL)  # of this many or more
        assert chance > 0.01, alarm
