"""The keyword arguments that the fills share: their types, defaults and descriptions, once.

A function takes them as `**draw: Unpack[Draw]` and passes `draw` on; `shared_keywords` writes
them out in its signature and docstring. A new shared argument is one line of a `TypedDict`.
"""

import functools
import inspect
import textwrap
import typing
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypedDict, TypeVar

from initcore import specs

__all__ = ["Axes", "Draw", "Source", "shared_keywords"]

F = TypeVar("F", bound=Callable[..., Any])


class Shared(NamedTuple):
    """Default and description of a shared argument."""

    default: object
    text: str


class Source(TypedDict, total=False):
    """Where the randomness comes from, besides `generator`, which PyTorch has by position."""

    seed: Annotated[
        int | None, Shared(None, "Integer, `0 <= seed < 2**64`; the generator is then left alone.")
    ]


class Axes(TypedDict, total=False):
    """How a layer reads the axes of its kernel."""

    groups: Annotated[
        int,
        Shared(
            1,
            "Independent kernels along the first axis: a grouped convolution's, or the stacked "
            "projections of `nn.MultiheadAttention` (3), `nn.LSTM` (4) or `nn.GRU` (3).",
        ),
    ]
    transposed: Annotated[
        bool,
        Shared(
            False,
            "Whether the tensor is the kernel `(in, out / groups, *k)` of a transposed "
            "convolution.",
        ),
    ]


class Draw(Source, Axes, total=False):
    """The keywords of random fills; `Axes` has those of the others."""


GENERATOR = "PyTorch generator to take the seed from; the default CPU generator if None."


def _described(kind: type) -> dict[str, Shared]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


DESCRIBED = {"generator": Shared(None, GENERATOR), **_described(Draw)}


def shared_keywords(function: F) -> F:
    """`function` with the keywords of its `**draw` spelled out in its signature and docstring.

    Any other keyword is a `TypeError`, as of a function that names its keywords itself.
    """
    full = _spelled_out(inspect.signature(function))
    known = frozenset(full.parameters)

    @functools.wraps(function)
    def checked(*args: Any, **given: Any) -> Any:
        for name in given:
            if name not in known:
                raise TypeError(
                    f"{function.__name__}() got an unexpected keyword argument {name!r}"
                )
        return function(*args, **given)

    checked.__signature__ = full  # type: ignore[attr-defined]
    if function.__doc__:  # none under python -OO
        text = inspect.cleandoc(function.__doc__)
        checked.__doc__ = _with_arguments(text, function.__name__, list(full.parameters))
    return checked  # type: ignore[return-value]


def _spelled_out(signature: inspect.Signature) -> inspect.Signature:
    """The signature with the entries of `**draw: Unpack[kind]` as keyword-only parameters."""
    *own, draw = signature.parameters.values()
    (kind,) = typing.get_args(draw.annotation)
    keywords = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=DESCRIBED[name].default, annotation=hint
        )
        for name, hint in typing.get_type_hints(kind).items()
    ]
    return signature.replace(parameters=[*own, *keywords])


def _with_arguments(text: str, who: str, names: list[str]) -> str:
    """The docstring of `who` with a line for each argument.

    Its own section `Args` is continued by the shared arguments. Where it has none, the other
    arguments are described as in the core's specification.
    """
    described = {name: shared.text for name, shared in DESCRIBED.items()}
    parts = text.split("\n\n")
    titles = [part.partition("\n")[0] for part in parts]
    if "Args:" in titles:
        at = titles.index("Args:")
    else:
        domains = specs[who.removesuffix("_")].parameters
        stated = {n: f"{d.unit[:1].upper()}{d.unit[1:]}: {d}." for n, d in domains.items()}
        described = stated | described
        ends = (i for i, title in enumerate(titles) if title.startswith(("Raises:", ">>>")))
        at = next(ends, len(parts))
        parts.insert(at, "Args:")
    for name in sorted(names, key=DESCRIBED.__contains__):  # the shared ones last
        if name in described:
            line = textwrap.fill(f"{name}: {described[name]}", 96, subsequent_indent=" " * 4)
            parts[at] += "\n" + textwrap.indent(line, " " * 4)
    return "\n\n".join(parts)
