"""One backend's run as a stream of plain events, so that it may happen in another process."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from ._id_lists import IdList
from ._load import load
from ._results import Outcome
from ._runner import run_backend, selected
from .checks import CHECKS, Check

__all__ = ["Job", "events"]


@dataclass(frozen=True)
class Job:
    """A run of one backend, as plain data."""

    name: str
    profile: str = "quick"
    seed: int = 0
    keyword: str | None = None
    skips: Mapping[str, str] = field(default_factory=dict)
    xfails: Mapping[str, str] = field(default_factory=dict)
    packages: Sequence[str] = ()


def events(
    job: Job, backend: Any = None, checks: Sequence[Check] = CHECKS
) -> Iterator[dict[str, Any]]:
    """The events of a job, each a dictionary with one key.

    Yields:
        `versions` of packages; the `total` of checks; a `warning` where there are none; an
        `outcome` for each check of each initializer, or one for a backend that is missing; the
        patterns of skips and expected failures that were `used`.
    """
    if backend is None:
        try:
            backend = load(job.name)
        except (ImportError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            yield {"outcome": dataclasses.asdict(Outcome(job.name, "*", "*", "missing", reason))}
            return
    yield {"versions": _versions(job.packages)}
    specs = selected(backend, job.keyword)
    if not specs:
        wanted = f" whose name contains {job.keyword!r}" if job.keyword else ""
        claimed = ", ".join(backend.initializers) or "none"
        yield {"warning": f"{job.name} claims no initializer{wanted}; it claims {claimed}"}
    yield {"total": len(specs) * len(checks)}
    skips, xfails = IdList(dict(job.skips)), IdList(dict(job.xfails))
    for outcome in run_backend(
        backend, name=job.name, profile=job.profile, seed=job.seed, keyword=job.keyword,
        skips=skips, xfails=xfails, checks=checks,
    ):  # fmt: skip
        yield {"outcome": dataclasses.asdict(outcome)}
    yield {"used": sorted(skips.used | xfails.used)}


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in ("initcore", *packages):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed as a distribution"
    return found
