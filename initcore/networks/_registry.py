"""The registry of schemes: filed by a decorator, from here or from other packages."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..spec import ByName
from ._rules import Scheme

__all__ = ["SCHEMES", "SchemeSpec", "scheme"]

Maker = Callable[..., Scheme]
M = TypeVar("M", bound=Maker)


@dataclass(frozen=True)
class SchemeSpec:
    """A scheme as data.

    Attributes:
        name: What users call it.
        function: `(network, **parameters) -> Scheme`.
        needs_data: Whether it measures a batch of real data.
    """

    name: str
    function: Maker
    needs_data: bool = False

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What may be given beside the network, by name."""
        _, *rest = inspect.signature(self.function).parameters.items()
        return dict(rest)

    @property
    def statement(self) -> str:
        """One line that says what it does: the first of its docstring."""
        lines = (inspect.getdoc(self.function) or "").splitlines()
        return lines[0] if lines else ""

    @property
    def origin(self) -> str:
        """Where its function is defined."""
        return f"{self.function.__module__}.{self.function.__qualname__}"


SCHEMES = ByName[SchemeSpec]("initcore.schemes", "schemes")
"""Every scheme's `SchemeSpec`, by name."""


def scheme(name: str, *, needs_data: bool = False) -> Callable[[M], M]:
    """File the decorated function `(network, **parameters) -> Scheme` as the scheme `name`.

    A package that names the function's module in the entry point group `initcore.schemes` makes
    `initialize(model, name)` work for everyone who has it installed.

    Args:
        name: What users call it.
        needs_data: Whether `initialize` needs a batch of real data for it; so it does where the
            scheme has an `output_variance`.

    Raises:
        TypeError: The name is no string, or the function takes no network.
        ValueError: The name belongs to another scheme.

    >>> from initcore.networks import SCHEMES, Rule, Scheme, scheme
    >>> @scheme("half")
    ... def half(network, *, gain=0.5):
    ...     "Orthogonal kernels that halve every signal."
    ...     return Scheme(lambda w: Rule("orthogonal", {"gain": gain}, "halves"))
    >>> list(SCHEMES["half"].parameters), SCHEMES["half"].statement
    (['gain'], 'Orthogonal kernels that halve every signal.')
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"scheme needs a name, got {name!r}.")

    def file(function: M) -> M:
        if not inspect.signature(function).parameters:
            raise TypeError(f"the scheme {name} needs a function of a network, got one of nothing.")
        SCHEMES.file(SchemeSpec(name, function, needs_data))
        return function

    return file
