"""What a check is."""

from collections.abc import Sequence
from typing import Any, Protocol

from hypothesis.strategies import SearchStrategy

from initcore import Spec
from initcore.arrays import host

from .._case import Case, Failure

__all__ = ["Check", "violation"]


class Check(Protocol):
    """One property of an initializer in a backend.

    Attributes:
        id: Name in tables and in files of skips.
        title: Head of its column.
        proves: What holds where it passes.
        examples: Cases tried of each strategy in the quick profile.
    """

    id: str
    title: str
    proves: str
    examples: int

    def skip(self, backend: Any, spec: Spec) -> str | None:
        """Why the check says nothing here, or None."""

    def cases(self, backend: Any, spec: Spec) -> Sequence[SearchStrategy[Case]]:
        """The kinds of cases to try."""

    def run(self, backend: Any, spec: Spec, case: Case) -> Failure | None:
        """What is wrong, or None. An exception is a failure too."""


def violation(spec: Spec, w: Any, case: Case, call: str) -> Failure | None:
    """The first invariant of `spec` that `w` breaks."""
    parameters = case.all_parameters(spec)
    for invariant in spec.invariants:
        text = invariant.violation(w, **parameters)
        if text:
            got, _, allowed = text.partition(", allowed ")
            return Failure(got, str(invariant), allowed, call)
    return None


def sizes(w: Any) -> tuple[int, ...]:
    """The shape of an array of any framework."""
    return tuple(int(n) for n in w.shape)


def numbers(w: Any) -> Any:
    """`w` as a float64 NumPy array that shares no memory with it."""
    return host(w).copy()
