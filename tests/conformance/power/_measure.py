"""Runs that find a fault or not."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from initcore import specs
from initcore_conformance import CHECKS
from initcore_conformance import _runner as runner
from tests.conformance.false_alarms._runs import version as of_the_suite

from ._dials import Dial

__all__ = ["CHECK", "FINEST", "STATISTICAL", "misses", "smallest", "unshrunk", "version"]

CHECK = {check.id: check for check in CHECKS}
STATISTICAL = ("invariants", "statistics", "across_seeds", "seeds", "low_precision")
FINEST = 40  # the smallest size tried is 2**(-FINEST / 4) of the largest


@contextmanager
def unshrunk() -> Iterator[None]:
    """The first failing case will do."""
    with mock.patch.object(runner, "SHRINKING", 0.0):
        yield


def misses(dial: Dial, size: float, profile: str, runs: int, most: int) -> int:
    """How many of `runs` searches do not find the fault; counting ends above `most`."""
    check, backend, spec = CHECK[dial.check], dial.backend(size), specs[dial.initializer]
    count = 0
    with unshrunk():
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


def version() -> str:
    """Changes with the checks, the cases, the invariants, the implementation and the dials."""
    here = Path(__file__).parent
    files = (here / "_dials.py", here / "_measure.py", here / "_alarms.py")
    of_power = b"\0".join(file.read_bytes() for file in files)
    return hashlib.sha256(of_the_suite().encode() + of_power).hexdigest()[:16]
