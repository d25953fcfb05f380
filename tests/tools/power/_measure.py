"""Searches that find a fault or miss it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

from initcore import specs
from initcore_conformance import CHECKS
from initcore_conformance import _runner as runner

from ._dials import Dial

__all__ = ["CHECK", "FINEST", "STATISTICAL", "misses", "smallest", "unshrunk"]

CHECK = {check.id: check for check in CHECKS}
STATISTICAL = ("invariants", "statistics", "across_seeds", "seeds", "low_precision")
FINEST = 40  # the smallest size tried is 2**(-FINEST / 4) of the largest


@contextmanager
def unshrunk() -> Iterator[None]:
    """Take the first failing case as it is."""
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
    dial: Dial, profile: str, runs: int, trying: Callable[[float], None] = lambda _: None
) -> float | None:
    """The smallest size, in steps of `2**(1/4)`, that 99 % of the searches find, by bisection.

    None if not even the largest one is found so often.
    """

    def enough(step: int) -> bool:
        trying(dial.most * 2 ** (-step / 4))
        return misses(dial, dial.most * 2 ** (-step / 4), profile, runs, runs // 100) <= runs // 100

    if not enough(0):
        return None
    found, missed = 0, FINEST
    while missed - found > 1:
        step = (found + missed) // 2
        found, missed = (step, missed) if enough(step) else (found, step)
    return dial.most * float(2 ** (-found / 4))
