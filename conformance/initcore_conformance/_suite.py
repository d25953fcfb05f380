"""The suite as a function: backends in, results out."""

import dataclasses
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from initcore.arguments import short_repr

from ._backend import as_backend
from ._events import Job, events
from ._id_lists import names_other_backends
from ._load import Target, known_names, targets
from ._results import Outcome, Results
from ._runner import PROFILES
from .checks import CHECKS, Check

__all__ = ["conform"]

Progress = Callable[[str, int, int], None]
Stream = Callable[[], Iterator[dict[str, Any]]]


def conform(
    backends: Sequence[Any],
    *,
    profile: str = "quick",
    seed: int = 0,
    keyword: str | None = None,
    skips: Mapping[str, str] | None = None,
    xfails: Mapping[str, str] | None = None,
    jobs: int | None = None,
    checks: Sequence[Check] = CHECKS,
    progress: Progress | None = None,
) -> Results:
    """Run the checks on each backend.

    Args:
        backends: Names (`"torch"`, `"package.module:object"`), each run in its own process,
            or objects, run in this one; factories without arguments are called.
        profile: `"quick"`, or `"thorough"` for ten times as many cases.
        seed: Seed of the search for failing cases; the same seed tries the same cases.
        keyword: Run only initializers whose name contains it (or one of several, with commas).
        skips, xfails: Reasons by id pattern `backend::initializer::check`.
        jobs: Processes at a time; by default the number of processors.
        checks: The checks to run on objects.
        progress: Called with a backend's name, checks done and checks in all.

    Raises:
        TypeError: An object is not a backend.
        ValueError: There is no such profile or backend, or a backend claims what there is not.

    >>> from initcore_conformance.backends import numpy
    >>> conform([numpy()], keyword="zeros").ok
    True
    """
    if profile not in PROFILES:
        raise ValueError(f"there is no profile {profile!r}; there are {', '.join(PROFILES)}.")
    if isinstance(backends, str) or not isinstance(backends, Iterable):
        raise TypeError(f"conform needs a list of backends, got {short_repr(backends)}.")
    start, results = time.monotonic(), Results(profile, seed)
    show_progress: Progress = progress or (lambda *_: None)
    skips, xfails = dict(skips or {}), dict(xfails or {})
    common: dict[str, Any] = {
        "profile": profile, "seed": seed, "keyword": keyword, "skips": skips, "xfails": xfails,
    }  # fmt: skip
    streams: list[tuple[str, Stream]] = []
    for backend in backends:
        if isinstance(backend, str):
            for target in targets([backend]):
                job = Job(target.name, packages=target.packages, **common)
                streams.append((job.name, partial(_process, job, target)))
        else:
            backend = as_backend(backend)
            job = Job(backend.name, **common)
            streams.append((job.name, partial(events, job, backend, checks)))
    apart = all(isinstance(b, str) for b in backends)
    jobs = max(1, min(jobs or os.cpu_count() or 1, len(streams))) if apart else 1
    _collect(streams, jobs, results, show_progress, {*skips, *xfails})
    results.seconds = round(time.monotonic() - start, 2)
    return results


def _collect(
    streams: Sequence[tuple[str, Stream]],
    jobs: int,
    results: Results,
    show_progress: Progress,
    patterns: set[str],
) -> None:
    """Run the streams, `jobs` at a time, and collect their events in `results`."""
    outcomes: list[list[Outcome]] = [[] for _ in streams]
    totals = [0] * len(streams)
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(streams)):
        todo.put(number)
    lock, used, errors = threading.Lock(), set[str](), list[BaseException]()

    def work() -> None:
        while not errors:
            try:
                number = todo.get_nowait()
            except queue.Empty:
                return
            name, stream = streams[number]
            try:
                for event in stream():
                    with lock:
                        handle(number, name, event)
            except BaseException as error:
                errors.append(error)

    def handle(number: int, name: str, event: dict[str, Any]) -> None:
        totals[number] = event.get("total", totals[number])
        used.update(event.get("used", ()))
        if "warning" in event:
            results.warnings.append(event["warning"])
        if "versions" in event:
            results.versions[name] = event["versions"]
        if "outcome" in event:
            outcomes[number].append(Outcome.from_json(event["outcome"]))
        show_progress(name, len(outcomes[number]), totals[number] or 1)

    if jobs == 1:
        work()
    else:
        threads = [threading.Thread(target=work, daemon=True) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    results.outcomes = [outcome for part in outcomes for outcome in part]
    names = [name for name, _ in streams]
    for pattern in sorted(patterns - used):
        if names_other_backends(pattern, names, known_names()):
            continue
        results.warnings.append(f"no check has an id that matches {pattern!r}")


def _process(job: Job, target: Target) -> Iterator[dict[str, Any]]:
    """The events of a job that runs in its own process."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", **os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    if target.keras:
        environment["KERAS_BACKEND"] = target.keras
    command = [sys.executable, "-m", "initcore_conformance._subprocess"]
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        with subprocess.Popen(
            [*command, json.dumps(dataclasses.asdict(job))],
            stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
        ) as worker:  # fmt: skip
            assert worker.stdout is not None
            try:
                for line in worker.stdout:
                    yield json.loads(line)
            except BaseException:
                worker.terminate()
                raise
        status = worker.returncode
        if status:
            log.seek(0)
            last = next((t.strip() for t in reversed(log.read().splitlines()) if t.strip()), "")
            how = f"status {status}" if status > 0 else f"signal {-status}"
            reason = f"its process ended with {how}" + (f": {last[:300]}" if last else "")
            outcome = Outcome(job.name, "*", "*", "crashed", reason)
            yield {"outcome": dataclasses.asdict(outcome)}
