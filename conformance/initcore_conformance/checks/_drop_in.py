"""Names taken over from a framework."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from initcore import Spec

from .._backend import differs, replaces
from .._case import Case, Failure, raised
from ..drop_in import Framework, Trial, UnlikeError, framework_of
from ..drop_in._samples import unlike
from ._check import Check

__all__ = ["DropIn"]

MANY = 1000  # elements of a sample


class DropIn(Check, id_="drop_in", title="drop-in", examples=6):
    """What holds of a framework's own function holds of the one that has its name here."""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        if not replaces(backend):
            return "takes over no framework's names"
        if spec.name not in framework_of(replaces(backend)).calls:
            return f"{replaces(backend)} has no such initializer"
        return None

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        framework = framework_of(replaces(backend))
        return [
            st.builds(
                Case, shapes, st.sampled_from(calls), st.sampled_from(dtypes),
                st.integers(0, 9), st.just(name),
            ).filter(lambda case: _is_compared(framework, backend, case))
            for name, calls in framework.calls[spec.name].items()
            for shapes, dtypes in (
                (framework.small, framework.dtypes),
                (st.sampled_from(framework.large), framework.sampled),
            )
        ]  # fmt: skip

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        framework: Framework = framework_of(replaces(backend))
        trial = _trial(framework, case)
        call = framework.call(getattr(backend.namespace, "__name__", "namespace"), trial)
        ours = getattr(backend.namespace, trial.name, None)
        if ours is None:
            return Failure(f"no {trial.name}", f"the names of {framework.module}", "", call)
        trial = replace(trial, namespace=backend.namespace)
        with framework.untouched():
            if math.prod(trial.shape) >= MANY:
                return _sample(framework, ours, trial, call)
            return _facets(framework, ours, trial, call)


def _trial(framework: Framework, case: Case) -> Trial:
    name = str(case.kind)
    return Trial(name, framework.theirs(name), None, case.parameters, case.shape, case.dtype,
                 case.seed)  # fmt: skip


def _is_compared(framework: Framework, backend: Any, case: Case) -> bool:
    """Whether the framework takes the call, and the backend means to do the same."""
    if differs(backend, str(case.kind), case.shape, case.dtype, case.parameters):
        return False
    key = (framework.module, case.kind, str(case.parameters), case.shape, case.dtype)
    if key not in _taken:
        with framework.untouched():
            try:
                framework.takes(_trial(framework, case))
                _taken[key] = True
            except Exception:
                _taken[key] = False
    return _taken[key]


_taken: dict[Any, bool] = {}


def _facets(framework: Framework, ours: Any, trial: Trial, call: str) -> Failure | None:
    """The first thing that can be seen of the framework's own, and not of ours."""
    for facet in (*framework.interface, *framework.facets):
        try:
            theirs = facet(trial.theirs, trial)
        except Exception:
            continue  # it does not hold there
        what = (facet.__doc__ or "").partition("\n")[0]
        there = "" if theirs is True else f": {str(theirs)[:300]}"
        should = f"{what} So it is in {framework.module}{there}"
        try:
            found = facet(ours, trial)
        except UnlikeError as error:
            return Failure(str(error), should, "", call)
        except Exception as error:
            return raised(error, should, call)
        if found != theirs:
            return Failure(str(found)[:300], should, "", call)
    return None


def _sample(framework: Framework, ours: Any, trial: Trial, call: str) -> Failure | None:
    """How a sample of thousands of elements differs from one of the framework's."""
    theirs = framework.numbers(trial.theirs, trial, trial.seed)
    if text := unlike(framework.numbers(ours, trial, trial.seed), theirs):
        should = f"the distribution of {framework.module}.{trial.name}"
        return Failure(text, should, "chance, 1e-9", call)
    return None
