"""Runs that find a fault or not, and alarms that a right implementation raises."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import NormalDist
from unittest import mock

from initcore import specs
from initcore_conformance import CHECKS, Check
from initcore_conformance import _runner as runner
from tests.conformance.false_alarms._runs import version as of_the_suite
from tests.conformance.false_alarms._statistics import counted
from tests.conformance.independent import Independent

from ._dials import Dial

__all__ = ["FINEST", "LEVEL", "STATISTICAL", "alarms", "smallest", "version"]

CHECK = {check.id: check for check in CHECKS}
STATISTICAL = ("invariants", "statistics", "across_seeds", "seeds", "low_precision")
FINEST = 40  # the smallest size tried is 2**(-FINEST / 4) of the largest
BOUNDED = ("initcore.invariants", "initcore_conformance.checks")  # where bounds are taken
LEVEL = 1e-3  # where false alarms are frequent enough to be counted


@contextmanager
def _unshrunk() -> Iterator[None]:
    """The first failing case will do."""
    with mock.patch.object(runner, "SHRINKING", 0.0):
        yield


def misses(dial: Dial, size: float, profile: str, runs: int, most: int) -> int:
    """How many of `runs` searches do not find the fault; counting ends above `most`."""
    check, backend, spec = CHECK[dial.check], dial.backend(size), specs[dial.initializer]
    count = 0
    with _unshrunk():
        for seed in range(runs):
            found, _ = runner.examine(check, backend, spec, profile=profile, seed=seed)
            count += found is None
            if count > most:
                break
    return count


def smallest(
    dial: Dial, profile: str, runs: int, tell: Callable[[float], None] = lambda _: None
) -> float | None:
    """The smallest size, in steps of `2**(1/4)`, that 99 % of the searches find, by bisection.

    None if not even the largest one is found so often.
    """

    def enough(step: int) -> bool:
        tell(dial.most * 2 ** (-step / 4))
        return misses(dial, dial.most * 2 ** (-step / 4), profile, runs, runs // 100) <= runs // 100

    if not enough(0):
        return None
    found, missed = 0, FINEST
    while missed - found > 1:
        step = (found + missed) // 2
        found, missed = (step, missed) if enough(step) else (found, step)
    return dial.most * float(2 ** (-found / 4))


def alarms(check: Check, seed: int) -> tuple[int, float]:
    """False alarms at `LEVEL` of one quick search on each initializer, and statistics looked at.

    The implementation is right; a search ends with its first alarm.
    """
    right, count = Independent(), 0
    with _unshrunk(), _at_level(LEVEL), counted() as tally:
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


def version() -> str:
    """Changes with the checks, the cases, the invariants, the implementation and the dials."""
    here = Path(__file__).parent
    files = (here / "_dials.py", here / "_measure.py")
    of_dials = b"\0".join(file.read_bytes() for file in files)
    return hashlib.sha256(of_the_suite().encode() + of_dials).hexdigest()[:16]
