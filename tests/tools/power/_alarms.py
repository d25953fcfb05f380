"""Alarms that a right implementation raises."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import NormalDist
from unittest import mock

from initcore import specs
from initcore_conformance import Check
from initcore_conformance import _runner as runner
from tests.conformance.independent import Independent
from tests.tools.false_alarms._statistics import counted

from ._measure import unshrunk

__all__ = ["LEVEL", "alarms"]

BOUNDED = ("initcore.invariants", "initcore_conformance.checks")  # they hold the bounds
LEVEL = 1e-3  # a rate at which false alarms are frequent enough to be counted


def alarms(check: Check, seed: int) -> tuple[int, float]:
    """The false alarms at `LEVEL` of one quick search per initializer, and the statistics tried.

    The implementation is right, each search has a stream of its own, and ends with its first alarm.
    """
    right, count = Independent(seed), 0
    with unshrunk(), _at_level(LEVEL), counted() as tally:
        for name in right.initializers:
            if not check.skip(right, specs[name]):
                count += runner.examine(check, right, specs[name], seed=seed)[0] is not None
    return count, tally.count


@contextmanager
def _at_level(level: float) -> Iterator[None]:
    """Every bound as if the promised rate of false alarms were `level`."""
    values = {"FALSE_ALARM": level, "SIGMAS": NormalDist().inv_cdf(1 - level / 2)}
    with ExitStack() as stack:
        for module in [m for n, m in sys.modules.items() if n.startswith(BOUNDED)]:
            for name, value in values.items():
                if hasattr(module, name):
                    stack.enter_context(mock.patch.object(module, name, value))
        yield
