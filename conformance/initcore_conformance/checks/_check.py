"""What a check is, and what checks have in common."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from array_api_compat import array_namespace
from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import to_numpy

from .._case import Case, Failure
from .._strategies import cases

__all__ = ["Check", "numbers", "sizes", "violation"]


class Check(ABC):
    """One property of an initializer in a backend. Its docstring says what holds where it passes.

    Attributes:
        id: Name in tables and in files of skips.
        title: Head of its column.
        examples: Number of cases tried of each strategy in the quick profile.
    """

    id: str
    title: str
    examples: int

    def __init_subclass__(cls, *, id_: str = "", title: str = "", examples: int = 0) -> None:
        cls.id, cls.title, cls.examples = id_, title, examples

    @property
    def proves(self) -> str:
        """The property that holds where the check passes, as a sentence."""
        return inspect.getdoc(self) or ""

    def skip(self, backend: Any, spec: Spec) -> str | None:
        """Why the check does not apply, or None."""
        return None

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        """The kinds of cases to try: small ones, unless a check needs others."""
        return [cases(backend, spec)]

    @abstractmethod
    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        """What is wrong, or None. An exception is a failure too."""


def violation(spec: Spec, w: Any, case: Case, call: str) -> Failure | None:
    """The first invariant of `spec` that `w` breaks."""
    parameters, xp = case.all_parameters(spec), array_namespace(w)
    for invariant in spec.invariants:
        text = invariant.violation(w, xp=xp, **parameters)
        if text:
            got, _, allowed = text.partition(", allowed ")
            return Failure(got, str(invariant), allowed, call)
    return None


def sizes(w: Any) -> tuple[int, ...]:
    """The shape of an array of any framework."""
    return tuple(int(n) for n in w.shape)


def numbers(w: Any) -> Any:
    """`w` as a float64 NumPy array that shares no memory with it."""
    return to_numpy(w).copy()
