"""The invariants of a spec: on one kernel, on many groups, on many seeds."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import eps
from initcore.invariants import FALSE_ALARM, Bounded, ColumnSparse, Haar, HasLaw

from .._backend import dtypes, seed_bits
from .._case import Case, Failure, draw, reference
from .._strategies import cases, choices, large_cases
from ._check import Check, numbers, violation

__all__ = ["AcrossSeeds", "Groups", "Invariants"]

CALLS = 40  # seeds whose draws are pooled
ENOUGH = 60  # groups, from which on copies of every second one show
# Of these, kernels side by side along the inputs satisfy what each of them does.
BY_COLUMNS = (Bounded, ColumnSparse, HasLaw)


class Invariants(Check, id_="invariants", title="invar.", examples=5):
    """What the specification says of a kernel is true, to a formula in eps and size."""

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [cases(backend, spec, dtype) for dtype in dtypes(backend)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        return violation(spec, draw(backend, spec, case), case, case.call(spec))


class Groups(Check, id_="statistics", title="distrib.", examples=4):
    """Thousands of entries follow their distribution; hundreds of groups are independent."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        return None if spec.random else "not random"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        made = dtypes(backend)
        dtype = next((d for d in made if d in ("float32", "float64")), made[0])
        return [large_cases(backend, spec, dtype, fixed=fixed) for fixed in (None, *choices(spec))]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        w, call = draw(backend, spec, case), case.call(spec)
        return violation(spec, w, case, call) or copies(spec, w, case, call)


class AcrossSeeds(Check, id_="across_seeds", title="pooled", examples=3):
    """Different seeds give independent draws: no value is repeated between calls."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        if not spec.random:
            return "not random"
        if spec.grouped or all(isinstance(i, BY_COLUMNS) for i in spec.invariants):
            return None
        return "takes no groups, and an invariant may not hold of draws side by side"

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        return [large_cases(backend, spec, calls=CALLS)]

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        limit = 1 << seed_bits(backend)
        seeds = [(case.seed + i) % limit for i in range(case.calls)]
        drawn = [numbers(draw(backend, spec, case, seed=seed)) for seed in seeds]
        # Kernels stack along the outputs as groups; arrays without groups grow along the inputs.
        pooled = np.concatenate(drawn, axis=0 if spec.grouped else -1).astype(case.dtype)
        parameters = dict(case.parameters)
        if spec.grouped:
            parameters["groups"] = case.groups * case.calls
        whole = Case(pooled.shape, parameters, case.dtype, case.seed)
        call = case.call(spec, seed=Expression("s"))
        call = f"[{call} for s in range({seeds[0]}, {seeds[0] + case.calls})]"
        return violation(spec, pooled, whole, call) or copies(spec, pooled, whole, call)


def copies(spec: Spec, w: Any, case: Case, call: str) -> Failure | None:
    """Groups that are others' copies, beyond those that there are by chance, as in a core's draw.

    The invariants of Haar matrices and of independent entries see to that more sharply.
    """
    if case.groups <= ENOUGH or any(isinstance(i, (HasLaw, Haar)) for i in spec.invariants):
        return None
    # A group changes the number of distinct ones by 1 at most: McDiarmid's bound for the difference
    # of two such numbers.
    allowed = math.sqrt(case.groups * math.log(1 / FALSE_ALARM))
    found = _distinct(w, case.groups)
    if found >= case.groups - allowed:
        return None
    usual = _distinct(reference(spec, case), case.groups)
    if found >= usual - allowed:
        return None
    return Failure(
        f"{found} of {case.groups} groups are different", f"{usual}, as of the core's",
        f"{usual - allowed:.0f} and more", call,
    )  # fmt: skip


def _distinct(w: Any, groups: int) -> int:
    """How many groups differ by more than rounding."""
    a = numbers(w).reshape(groups, -1)
    step = 16 * eps(w.dtype) * max(float(abs(a).max(initial=0.0)), 1e-300)
    return len(np.unique(np.round(a / step), axis=0))


class Expression(str):
    """A name in a call that is shown."""

    __repr__ = str.__str__
