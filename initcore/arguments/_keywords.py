"""Arguments that many functions share: each one's type, default and description stands once.

`Axis = Annotated[int, Shared(-1, "Axis of the outputs.")]` is a shared argument. A function takes
it by position, `axis: Axis = -1`, or with others as `**axes: Unpack[Axes]`, where `Axes` is a
`TypedDict`, which type checkers read; `write_out_keywords` writes it out for everyone else.
"""

import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

from ._instead import for_keyword

__all__ = ["Shared", "shared_arguments", "with_arguments", "write_out_keywords", "written_out"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Shared:
    """Default, as a keyword of a `TypedDict`, and description of a shared argument."""

    default: object
    text: str


def shared_arguments(kind: type) -> dict[str, Shared]:
    """The shared arguments of a `TypedDict`, by name."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: shared for name, hint in hints.items() if (shared := _shared(hint)) is not None}


def write_out_keywords(function: F, texts: Mapping[str, str] | None = None) -> F:
    """`function` with every shared argument in its signature and docstring.

    Keywords of its `**axes: Unpack[Axes]` that the caller leaves out get their defaults, so that
    the body finds all of them.

    Args:
        function: The function to write out.
        texts: Descriptions of arguments that neither are shared nor stand in its docstring.

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
    signature = _annotated(inspect.signature(function))
    own = inspect.signature(function).parameters
    usual = {n: p.default for n, p in signature.parameters.items() if n not in own}

    @functools.wraps(function)
    def complete(*args: Any, **given: Any) -> Any:
        for name in given:
            if name not in signature.parameters:
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument {name!r}"
                    + for_keyword(name, signature.parameters)
                )
        return function(*args, **{**usual, **given})

    complete.__signature__ = _plain(signature)  # type: ignore[attr-defined]
    if function.__doc__:  # there is none under python -OO
        shared = {
            n: found.text
            for n, p in signature.parameters.items()
            if (found := _shared(p.annotation)) is not None
        }
        known = {n: s for n, s in (texts or {}).items() if n in signature.parameters} | shared
        complete.__doc__ = with_arguments(function.__doc__, known, known)
    return cast(F, complete)


def written_out(signature: inspect.Signature) -> inspect.Signature:
    """The signature with the arguments behind `**keywords: Unpack[TypedDict]` by their names."""
    return _plain(_annotated(signature))


def _annotated(signature: inspect.Signature) -> inspect.Signature:
    """The same, with the descriptions of shared arguments still in their types."""
    found = []
    for parameter in signature.parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD or not get_args(parameter.annotation):
            found.append(parameter)
            continue
        (kind,) = get_args(parameter.annotation)
        hints = get_type_hints(kind, include_extras=True)
        for name, shared in shared_arguments(kind).items():
            how = {"default": shared.default, "annotation": hints[name]}
            found.append(inspect.Parameter(name, parameter.KEYWORD_ONLY, **how))
    return signature.replace(parameters=found)


def with_arguments(docstring: str, names: Iterable[str], texts: Mapping[str, str]) -> str:
    """The docstring with a line of its section `Args` for each argument that has none yet.

    Args:
        docstring: Its section `Args` is continued, or put before `Raises` and examples.
        names: The arguments, in order.
        texts: Their descriptions; an argument without one gets no line.
    """
    text = inspect.cleandoc(docstring)
    lines = "\n".join(
        textwrap.fill(f"{n}: {texts[n]}", 100, initial_indent=" " * 4, subsequent_indent=" " * 8)
        for n in names
        if n in texts and not re.search(rf"^    ([\w, ]+, )?{n}(, [\w, ]+)?: ", text, re.MULTILINE)
    )
    if not lines:
        return text
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


def _shared(hint: Any) -> Shared | None:
    found = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Shared)]
    return found[0] if found else None


def _plain(signature: inspect.Signature) -> inspect.Signature:
    """The signature with types alone."""
    types = [
        p.replace(annotation=get_args(p.annotation)[0])
        if get_origin(p.annotation) is Annotated
        else p
        for p in signature.parameters.values()
    ]
    return signature.replace(parameters=types)
