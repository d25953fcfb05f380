"""Runs of the suite on the independent implementation, each kept as soon as it is done."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import initcore.invariants
import initcore_conformance
from initcore_conformance import conform
from tests.conformance.independent import Independent

from ._statistics import counted

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "out" / "false_alarms.jsonl"


@dataclass(frozen=True)
class Run:
    """One run of the quick profile.

    Attributes:
        seed: Of the search for cases.
        version: Digest of what was run: checks, cases, invariants, the implementation.
        date: When it ended.
        checks: Checks of an initializer that ran.
        cases: Calls or groups of calls that they looked at.
        statistics: Statistics evaluated, each with its own small probability of a false alarm.
        failures: By id, what was reported.
    """

    seed: int
    version: str
    date: str
    seconds: float
    checks: int
    cases: int
    statistics: int
    failures: dict[str, str] = field(default_factory=dict)


def run(seed: int, version: str, tell: Callable[[float], None]) -> Run:
    """The run of one seed; `tell` hears the fraction that is done."""
    start = time.monotonic()
    with counted() as tally:
        results = conform(
            [Independent(seed)], seed=seed, progress=lambda _, done, total: tell(done / total)
        )
    outcomes = [o for o in results.outcomes if o.status != "skipped"]
    return Run(
        seed, version, time.strftime("%Y-%m-%d", time.gmtime()),
        round(time.monotonic() - start, 1), len(outcomes), sum(o.examples for o in outcomes),
        round(tally.count), {o.id: str(o.failure) for o in results.failures},
    )  # fmt: skip


def version() -> str:
    """Changes with the checks, the cases, the invariants and the implementation."""
    suite = Path(initcore_conformance.__file__).parent
    folders = (suite / "checks", Path(initcore.invariants.__file__).parent,
               Path(__file__).parents[1] / "independent")  # fmt: skip
    files = [suite / "_strategies.py", suite / "_convolution.py",
             *(file for folder in folders for file in sorted(folder.glob("*.py")))]  # fmt: skip
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def keep(one: Run) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a") as file:
        file.write(json.dumps(asdict(one)) + "\n")


def kept(version: str) -> dict[int, Run]:
    """What earlier calls have kept of this version, by seed."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    runs = [Run(**json.loads(line)) for line in lines]
    return {one.seed: one for one in runs if one.version == version}
