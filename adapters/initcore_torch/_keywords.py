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
        shared = [name for name in full.parameters if name in DESCRIBED]
        checked.__doc__ = _with_arguments(inspect.cleandoc(function.__doc__), shared)
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


def _with_arguments(text: str, names: list[str]) -> str:
    """The docstring with the shared arguments at the end of its section `Args`."""
    lines = "\n".join(
        textwrap.fill(
            f"{name}: {DESCRIBED[name].text}",
            100,
            initial_indent=" " * 4,
            subsequent_indent=" " * 8,
        )
        for name in names
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
