"""Docstrings of the adapters' functions: what they have in common is written once."""

import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from ..arguments import for_keyword

__all__ = ["INITIALIZE", "PLAN", "Description", "described"]

F = TypeVar("F", bound=Callable[..., Any])
WIDTH = 96  # columns, in the docstring as `help` shows it


@dataclass(frozen=True)
class Description:
    """What the docstrings of one function say in every adapter.

    Attributes:
        body: Paragraph that follows the first line.
        arguments: By name, for the end of `Args`.
        raises: By the errors' names, for a section `Raises` behind it.
        elsewhere: Where other keywords belong, for the error about one.
    """

    body: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    raises: Mapping[str, str] = field(default_factory=dict)
    elsewhere: str = ""

    def added_to(self, doc: str) -> str:
        """A docstring with all of it.

        >>> by = Description("Quickly.", {"b": "Breadth."}, {"ValueError": "Below 0."})
        >>> print(by.added_to("Area.\\n\\n    Args:\\n        a: Length.\\n    "))
        Area.
        <BLANKLINE>
        Quickly.
        <BLANKLINE>
        Args:
            a: Length.
            b: Breadth.
        <BLANKLINE>
        Raises:
            ValueError: Below 0.
        """
        made = []
        for n, paragraph in enumerate(inspect.cleandoc(doc).split("\n\n")):
            if paragraph.startswith("Args:"):
                paragraph = "\n".join([paragraph, *map(_entry, self.arguments.items())])
            made.append(paragraph)
            if n == 0 and self.body:
                made.append(textwrap.fill(self.body, WIDTH, break_on_hyphens=False))
            if paragraph.startswith("Args:") and self.raises:
                made.append("\n".join(["Raises:", *map(_entry, self.raises.items())]))
        return "\n\n".join(made)


def _entry(item: tuple[str, str]) -> str:
    return textwrap.fill(": ".join(item), WIDTH, initial_indent="    ",
                         subsequent_indent="        ", break_on_hyphens=False)  # fmt: skip


def described(by: Description) -> Callable[[F], F]:
    """Add a description to the docstring of the decorated function, and to its own errors.

    Args:
        by: Text and arguments that several functions have in common.
    """

    def describe(function: F) -> F:
        if function.__doc__:  # `python -OO` strips docstrings
            function.__doc__ = by.added_to(function.__doc__)
        takes = inspect.signature(function).parameters

        @functools.wraps(function)
        def called(*args: Any, **given: Any) -> Any:
            for name in given:
                if name not in takes:
                    raise TypeError(
                        f"{function.__name__}() got an unexpected keyword argument {name!r}"
                        + (by.elsewhere.format(name) or for_keyword(name, takes))
                    )
            return function(*args, **given)

        return cast(F, called)

    return describe


INITIALIZE = Description(
    "Roles come from a trace of the forward pass that computes shapes only. A weight's values "
    "depend on `seed` and its path alone, not on the order in which layers were made. Everything "
    "is decided and checked before the first weight is written. Frozen weights keep their values "
    "unless they are named.",
    {
        "scheme": 'A scheme\'s name, such as `"orthogonal"`, `"delta_orthogonal"`, '
        '`"conv_orthogonal"`, `"sparse_orthogonal"`, `"mirrored"`, `"idinit"`, `"fixup"`, '
        '`"zero"` or `"lsuv"` (`initcore.networks.SCHEMES` has all of them); any initializer\'s '
        "name, for all kernels; `(name, parameters)`; a mapping from patterns of paths and from "
        "roles to initializers, which leaves everything else alone; or a function from a "
        "`networks.Weight` to an initializer, or to None for what is left alone.",
        "seed": "Integer, `0 <= seed < 2**64`.",
        "overrides": "Mapping from patterns of paths and from roles to an initializer's name, to "
        "`(name, parameters)`, or to None for what is left alone.",
        "paths": "Names to make keys from instead of the model's, for equal weights in two models: "
        "a mapping, or a function of the path.",
        "only": 'Patterns of the paths that the scheme is for, such as `"model.decoder.*"`; '
        "everything else is left alone.",
        "input_scale": "Root mean square of the inputs, 1 by default: what the first layer is "
        "scaled for where a scheme has a length to reach.",
    },
    {
        "TypeError, ValueError": "An argument is wrong, or the network is not made for the "
        "scheme; the model is unchanged.",
    },
    '; a parameter of the scheme goes with its name, as in scheme=("orthogonal", {{"{}": ...}}).',
)
PLAN = Description(
    "The `Plan` prints as the report of `initialize`, which plans and applies at once. "
    "`plan.apply(model)` writes it into the model, its shards or its stages, `plan.to_json()` "
    "keeps it, and `plan.fingerprint(model)` proves that a model holds its values.",
    INITIALIZE.arguments,
    INITIALIZE.raises,
    INITIALIZE.elsewhere,
)
