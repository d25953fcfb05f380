"""Counts the statistics that are evaluated, by wrapping the functions that evaluate them.

Right draws fail each of them with a probability below `FALSE_ALARM`. Exact invariants, whose
tolerances are formulas in eps and size, never fail and do not count.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from initcore.invariants import (
    ColumnSparse,
    Density,
    Haar,
    HasLaw,
    RepeatsIdentity,
    TapEnergies,
    Unbiased,
)
from initcore.invariants import _haar as haar
from initcore.invariants import _independent as law
from initcore.invariants import _pairing as pairing
from initcore_conformance.checks import _invariants as invariants
from initcore_conformance.checks._seeds import Seeds

ENOUGH = haar.ENOUGH


def _probes(a: Any, slack: float) -> int:
    """The means of all probes; their distances are counted where they are taken."""
    return len(list(haar._probes(*a.shape[1:]))) if len(a) >= ENOUGH else 0


def _taps(w: Any, p: dict[str, Any]) -> int:
    groups, spatial = p.get("groups", 1), w.shape[2:]
    least = min(w.shape[0] // groups, w.shape[1])
    looked_at = p.get("gain", 1.0) and math.prod(spatial) > 1 and groups * least >= 30
    return math.prod(spatial) if looked_at else 0


def _rows(w: Any, p: dict[str, Any]) -> int:
    groups = p.get("groups", 1)
    out, columns = w.shape[0] // groups, w.shape[1] * groups
    zeros = math.ceil(p["sparsity"] * out)
    return out if p["std"] > 0 and 0 < zeros < out and columns > 1 else 0


def _copies(spec: Any, w: Any, case: Any, call: str) -> int:
    sharper = any(isinstance(i, (HasLaw, Haar)) for i in spec.invariants)
    return int(case.groups > invariants.ENOUGH and not sharper)


# Owner, name of the function, and the number of statistics that a call of it evaluates.
WATCHED: tuple[tuple[Any, str, Callable[..., float]], ...] = (
    (law, "_mean_bound", lambda *_: 1),  # of the mean, of the variance
    (law, "_usual", lambda *_: 1),  # behind each distance of distributions
    (law, "_dependence", lambda z, *_: int(z.size >= 500)),
    (law, "_repeats", lambda *_: 1),
    (haar, "_distance", lambda *_: 1),
    (Haar, "_directions", _probes),
    (Haar, "_trace", lambda a, _: int(len(a) >= ENOUGH)),
    (Haar, "_determinants", lambda a, _: int(len(a) >= ENOUGH and a.shape[1] == a.shape[2])),
    (Haar, "_neighbours", lambda a, _: int(len(a) > ENOUGH)),
    (Haar, "_repeats", lambda *_: 1),
    (Density, "_spread", lambda a, d: int(a.shape[1] != a.shape[2] and d < 1)),
    (pairing, "_evidence", lambda *_: 1),
    (TapEnergies, "violation", _taps),
    (ColumnSparse, "violation", _rows),
    (Unbiased, "violation", lambda w, p: 2 * bool(p["gain"])),  # the sum, the diagonal
    (invariants, "copies", _copies),
    (RepeatsIdentity, "violation", lambda w, p: int(p["noise"] > 0)),  # its farthest entry
    (Seeds, "_centred", lambda a: (np.count_nonzero(a) >= 100) / 2),  # two calls a correlation
)


@dataclass
class Tally:
    """The number of statistics so far."""

    count: float = 0


@contextmanager
def counted() -> Iterator[Tally]:
    """Count the statistics that are evaluated inside."""
    tally = Tally()
    with ExitStack() as stack:
        for owner, name, number in WATCHED:
            stack.enter_context(mock.patch.object(owner, name, _watch(owner, name, number, tally)))
        yield tally


def _watch(owner: Any, name: str, number: Callable[..., float], tally: Tally) -> Any:
    original = getattr(owner, name)
    if name == "violation":

        def method(self: Any, w: Any, **given: Any) -> Any:
            tally.count += number(w, given)
            return original(self, w, **given)

        return method

    def function(*args: Any, **given: Any) -> Any:
        tally.count += number(*args, *given.values())
        return original(*args, **given)

    return staticmethod(function) if isinstance(owner, type) else function
