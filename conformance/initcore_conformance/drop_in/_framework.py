"""What frameworks have in common: a trial of one call, and the facets of any function."""

import copy
import importlib
import inspect
import pickle
import random
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis.strategies import SearchStrategy

__all__ = [
    "Calls",
    "Facet",
    "Framework",
    "Trial",
    "UnlikeError",
    "need",
    "signature",
    "still_itself",
]


class UnlikeError(Exception):
    """Says what a function does, where something else was looked for."""


def need(holds: bool, text: str) -> None:
    """Raise an `UnlikeError` of this text unless it holds."""
    if not holds:
        raise UnlikeError(text)


@dataclass(frozen=True)
class Trial:
    """One call of a name, the same of the framework's own function and of the one in its place.

    Attributes:
        name: The name.
        theirs: The framework's own function or class.
        namespace: The object that has the name in its place.
        arguments: Of the call, by the framework's names.
        shape: In the framework's order.
        dtype: By name.
        seed: Of the call.
    """

    name: str
    theirs: Any
    namespace: Any
    arguments: Mapping[str, Any]
    shape: tuple[int, ...]
    dtype: str
    seed: int

    def given(self, skipped: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """The arguments: by position as long as none is left out, then by name.

        Args:
            skipped: Parameters before them, such as the tensor to fill.
        """
        names = list(inspect.signature(self.theirs).parameters)[skipped:]
        first, rest = [], dict(self.arguments)
        for name in names:
            if name not in rest:
                break
            first.append(rest.pop(name))
        return first, rest

    def source(self, skipped: int = 0) -> str:
        """The arguments as Python has them."""
        first, rest = self.given(skipped)
        return ", ".join([*map(repr, first), *(f"{k}={v!r}" for k, v in rest.items())])


Facet = Callable[[Any, Trial], Any]
Calls = tuple[Mapping[str, Any], ...]


class Framework(ABC):
    """A framework's initializers.

    Attributes:
        module: Where they are.
        calls: By the specification's name and the framework's, arguments to try.
        dtypes: Names of dtypes to try.
        small: Shapes of few elements.
        sampled: Names of the dtypes whose samples are compared.
        large: Shapes of thousands of elements, in the framework's order.
        interface: What is looked at of each name.
        facets: What is looked at in each call that the framework takes.
    """

    module: ClassVar[str]
    calls: ClassVar[Mapping[str, Mapping[str, Calls]]]
    dtypes: ClassVar[tuple[str, ...]]
    small: ClassVar[SearchStrategy[tuple[int, ...]]]
    sampled: ClassVar[tuple[str, ...]] = ("float32", "complex64")
    large: ClassVar[tuple[tuple[int, ...], ...]]
    interface: ClassVar[tuple[Facet, ...]]
    facets: ClassVar[tuple[Facet, ...]]

    def theirs(self, name: str) -> Any:
        """The framework's own function or class of this name."""
        return getattr(importlib.import_module(self.module), name)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Warnings are ignored here; Python's random state stays, and the framework's."""
        state = random.getstate()  # which Keras takes seeds from
        try:
            with warnings.catch_warnings(action="ignore"):
                yield
        finally:
            random.setstate(state)

    @abstractmethod
    def takes(self, trial: Trial) -> None:
        """Make the call of the framework's own function; it raises what that raises."""

    @abstractmethod
    def numbers(self, fill: Any, trial: Trial, seed: int) -> Any:
        """The call's result as an array of NumPy, of this seed."""

    @abstractmethod
    def call(self, where: str, trial: Trial) -> str:
        """The call as Python has it, where the names are called `where`."""


def signature(fill: Any, trial: Trial) -> Any:
    """Parameters and defaults in order; a replacement may add some that are only keywords."""
    theirs = inspect.signature(trial.theirs).parameters
    found = dict(inspect.signature(fill).parameters)
    shown = []
    for name, parameter in theirs.items():
        mine = found.pop(name, None)
        need(mine is not None, f"it has no argument {name}")
        shown.append((name, mine.kind.description, mine.default))  # type: ignore[union-attr]
        need(bool(mine.default == parameter.default), f"{name} is {mine.default!r} by default")  # type: ignore[union-attr]
    rest = [p.name for p in found.values() if p.kind is not p.KEYWORD_ONLY or p.default is p.empty]
    need(not rest, f"it has more arguments by position, or without a default: {', '.join(rest)}")
    order = [n for n in inspect.signature(fill).parameters if n in theirs]
    need(order == list(theirs), f"the order of its arguments is {', '.join(order)}")
    return [(name, kind) for name, kind, _ in shown]


def still_itself(fill: Any, trial: Trial) -> Any:
    """A function is itself after it was pickled and copied, and has its name and documentation."""
    need(fill.__name__ == trial.name, f"its name is {fill.__name__}")
    need(bool(inspect.getdoc(fill)), "it has no docstring")
    need(copy.deepcopy(fill) is fill, "a deep copy is another function")
    need(pickle.loads(pickle.dumps(fill)) is fill, "pickle gives another function back")
    return hash(fill) is not None
