"""Arguments that many functions share: each one's type, default and description stands once.

`Axis = Annotated[int, Shared(-1, "Axis of the outputs.")]` is a shared argument. A function takes
it by position, `axis: Axis = -1`, or with others as `**axes: Unpack[Axes]`, where `Axes` is a
`TypedDict`, which type checkers read; `write_out_keywords` writes it out for everyone else.
"""

import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

__all__ = ["Shared", "write_out_keywords"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Shared:
    """Default, as a keyword of a `TypedDict`, and description of a shared argument."""

    default: object
    text: str


def write_out_keywords(function: F) -> F:
    """`function` with every shared argument in its signature and docstring.

    Keywords of its `**axes: Unpack[Axes]` that the caller leaves out get their defaults, so that
    the body finds all of them.

    Raises:
        TypeError: When called: a keyword is unknown. It names `function`.

    >>> from typing import Annotated, TypedDict, Unpack
    >>> class Axes(TypedDict, total=False):
    ...     axis: Annotated[int, Shared(-1, "Axis of the outputs.")]
    >>> @write_out_keywords
    ... def last(x: list, **axes: Unpack[Axes]) -> int:
    ...     '''The entry at `axis`.'''
    ...     return x[axes["axis"]]
    >>> inspect.signature(last)
    <Signature (x: list, *, axis: int = -1) -> int>
    >>> last([1, 2, 3]), last([1, 2, 3], axis=0)
    (3, 1)
    >>> print(last.__doc__)
    The entry at `axis`.
    <BLANKLINE>
    Args:
        axis: Axis of the outputs.
    """
    signature = inspect.signature(function)
    parameters = [p for given in signature.parameters.values() for p in _written_out(given)]
    usual = {p.name: p.default for p in parameters if p.name not in signature.parameters}
    takes = {p.name for p in parameters}

    @functools.wraps(function)
    def complete(*args: Any, **given: Any) -> Any:
        for name in given:
            if name not in takes:
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument {name!r}"
                )
        return function(*args, **{**usual, **given})

    plain = [p.replace(annotation=_type_of(p.annotation)) for p in parameters]
    complete.__signature__ = signature.replace(parameters=plain)  # type: ignore[attr-defined]
    if function.__doc__:  # there is none under python -OO
        texts = {p.name: s.text for p in parameters if (s := _shared(p.annotation)) is not None}
        complete.__doc__ = _described(inspect.cleandoc(function.__doc__), texts)
    return cast(F, complete)


def _written_out(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """The parameter, or all those behind a `**keywords: Unpack[TypedDict]`."""
    if parameter.kind is not parameter.VAR_KEYWORD:
        return [parameter]
    (kind,) = get_args(parameter.annotation)
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(name, parameter.KEYWORD_ONLY, default=shared.default, annotation=hint)
        for name, hint in hints.items()
        if (shared := _shared(hint)) is not None
    ]


def _shared(hint: Any) -> Shared | None:
    found = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Shared)]
    return found[0] if found else None


def _type_of(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _described(text: str, texts: Mapping[str, str]) -> str:
    """The docstring with the descriptions at the end of its section `Args`."""
    lines = "\n".join(
        textwrap.fill(f"{n}: {t}", 100, initial_indent=" " * 4, subsequent_indent=" " * 8)
        for n, t in texts.items()
    )
    parts = text.split("\n\n")
    for at, part in enumerate(parts):
        if part.startswith("Args:\n"):
            parts[at] = f"{part}\n{lines}"
            break
        if part.startswith(("Raises:\n", ">>>")):
            parts.insert(at, f"Args:\n{lines}")
            break
    else:
        parts.append(f"Args:\n{lines}")
    return "\n\n".join(parts)
