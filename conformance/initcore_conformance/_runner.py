"""Runs checks on a backend: Hypothesis looks for a failing case and shrinks it."""

import signal
import threading
import time
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import HypothesisException, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from initcore import Spec, specs

from ._case import Case, Failure, raised
from ._id_lists import IdList, upstream
from ._results import Outcome
from .checks import CHECKS, Check

__all__ = ["PROFILES", "examine", "run_backend", "selected"]

PROFILES = {"quick": 1, "thorough": 10}
"""Factor of the number of examples of each check, by profile."""

SHRINKING = 6.0  # seconds after which a failing case is taken as small enough

TIME_LIMIT = 60.0  # seconds of processor time after which a case counts as hanging
WALL_CLOCK = 5  # times that by the clock, for a machine that is busy with other things


class NoAnswerError(Exception):
    """A call has not returned in time."""


@contextmanager
def _time_limit() -> Iterator[None]:
    """Raise `NoAnswerError` after too much time, on systems with interval timers."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(number: int, _: Any) -> None:
        kind = "of work" if number == signal.SIGPROF else "by the clock"
        raise NoAnswerError(f"no answer after {limits[signal.Signals(number)][1]:g} s {kind}")

    limits = {
        signal.SIGPROF: (signal.ITIMER_PROF, TIME_LIMIT),
        signal.SIGALRM: (signal.ITIMER_REAL, WALL_CLOCK * TIME_LIMIT),
    }
    before = {number: signal.signal(number, ring) for number in limits}
    try:
        for timer, seconds in limits.values():
            signal.setitimer(timer, seconds)
        yield
    finally:
        for number, (timer, _) in limits.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


class _CaseError(AssertionError):
    """Raised inside Hypothesis by a failing case."""


class _TimeIsUpError(BaseException):
    """Ends Hypothesis's search; it takes an `Exception` for a failing case, and goes on."""


class _Search:
    """One search for a failing case.

    Each case runs once: a backend whose results vary cannot make Hypothesis call it flaky.
    """

    def __init__(self, check: Check, backend: Any, spec: Spec) -> None:
        self.check, self.backend, self.spec = check, backend, spec
        self.verdicts: dict[str, Failure | None] = {}
        self.smallest: Failure | None = None
        self.deadline = float("inf")

    def judge(self, case: Case) -> None:
        if time.monotonic() > self.deadline:
            raise _TimeIsUpError
        key = repr(case)
        if key not in self.verdicts:
            self.verdicts[key] = self._run(case)
        failure = self.verdicts[key]
        if failure is not None:
            self.smallest = failure  # shrinking keeps only smaller ones
            self.deadline = min(self.deadline, time.monotonic() + SHRINKING)
            raise _CaseError

    def _run(self, case: Case) -> Failure | None:
        try:
            with _time_limit():
                return self.check.run(self.backend, self.spec, case)
        except Exception as error:
            return raised(error, "a result, not an exception", case.call(self.spec))


def examine(
    check: Check, backend: Any, spec: Spec, *, profile: str = "quick", seed: int = 0
) -> tuple[Failure | None, int]:
    """The smallest failing case found, or None, and the number of cases tried."""
    budget = check.examples * PROFILES[profile]
    tried = 0
    for number, strategy in enumerate(check.cases(backend, spec)):
        search = _Search(check, backend, spec)
        # The same seed for all checks: they meet the same shapes, which compilers have cached.
        start = zlib.crc32(f"{seed}/{spec.name}/{number}".encode())
        _search(strategy, search, budget, start)
        tried += len(search.verdicts)
        if search.smallest:
            return search.smallest, tried
    return None, tried


def _search(strategy: SearchStrategy[Case], search: _Search, budget: int, start: int) -> None:
    test = hypothesis.given(strategy)(lambda case: search.judge(case))
    test = hypothesis.seed(start)(test)
    test = hypothesis.settings(
        max_examples=budget,
        deadline=None,
        database=None,
        derandomize=False,  # it would not let the seed be chosen
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )(test)
    try:
        test()
    except (_CaseError, _TimeIsUpError, Unsatisfiable):
        pass  # `search` has the failure; without a valid case it has tried none
    except HypothesisException:
        if search.smallest is None:
            raise


def selected(backend: Any, keyword: str | None) -> list[Spec]:
    """The specs that `backend` claims, of names that contain `keyword`."""
    unknown = [name for name in backend.initializers if name not in specs]
    if unknown:
        raise ValueError(
            f"{backend.name} claims initializers that are not specified: {', '.join(unknown)}."
        )
    wanted = [k for k in (keyword or "").split(",") if k]
    names = [n for n in backend.initializers if not wanted or any(k in n for k in wanted)]
    return [specs[name] for name in names]


def run_backend(
    backend: Any,
    *,
    name: str | None = None,
    profile: str = "quick",
    seed: int = 0,
    keyword: str | None = None,
    skips: IdList | None = None,
    xfails: IdList | None = None,
    checks: Sequence[Check] = CHECKS,
) -> Iterator[Outcome]:
    """Every check of every initializer that `backend` claims, one outcome at a time."""
    name = name or backend.name
    skips, xfails = skips or IdList(), xfails or IdList()
    for spec in selected(backend, keyword):
        for check in checks:
            blank = Outcome(name, spec.name, check.id, "skipped")
            expected = xfails.reason(blank.id)
            why = skips.reason(blank.id) or check.skip(backend, spec)
            if why:
                yield Outcome(name, spec.name, check.id, "skipped", why)
                continue
            start = time.monotonic()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # backends may warn
                failure, tried = examine(check, backend, spec, profile=profile, seed=seed)
            if not tried:
                yield Outcome(name, spec.name, check.id, "skipped", "claims no such call")
                continue
            if failure:
                status = "xfailed" if expected else "failed"
                known = upstream().reason(blank.id) or ""
            else:
                status, known = "xpassed" if expected else "passed", ""
            yield Outcome(
                name, spec.name, check.id, status, expected or known, tried,
                round(time.monotonic() - start, 3), failure,
            )  # fmt: skip
