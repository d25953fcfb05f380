"""The keyword arguments that initializers share: their types, defaults and descriptions, once.

A class takes them as `**axes: Unpack[Axes]` and passes them on. `write_out` puts them into its
signature, `describe` into its docstring. A new one is one entry of a `TypedDict`.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    Protocol,
    SupportsIndex,
    TypeAlias,
    TypedDict,
    TypeVar,
)

from initcore.arguments import (
    Shared,
    for_keyword,
    shared_arguments,
    short_repr,
    with_arguments,
    written_out,
)

__all__ = [
    "Axes",
    "AxisNumbers",
    "Kind",
    "KindAndGroups",
    "NoArguments",
    "Seed",
    "defaults",
    "describe",
    "resolve",
    "write_out",
]

F = TypeVar("F", bound=Callable[..., Any])
AxisNumbers: TypeAlias = Sequence[int] | None
Kind = Literal["kernel", "transposed", "depthwise"]


class SeedSource(Protocol):
    """A `keras.random.SeedGenerator`, of which type checkers know nothing."""

    def next(self, ordered: bool = True) -> Any: ...


Seed: TypeAlias = SupportsIndex | SeedSource | None


class NoArguments(TypedDict):
    """The keywords of constants: none."""


class KindAndGroups(TypedDict, total=False):
    """How a layer lays out its kernel."""

    kind: Annotated[
        Kind,
        Shared(
            "kernel",
            '`"kernel"` for `(in, out)` and `(*k, in / groups, out)`; `"transposed"` for the '
            '`(*k, out, in)` of `Conv2DTranspose`; `"depthwise"` for the `(*k, in, multiplier)` '
            "of `DepthwiseConv2D`.",
        ),
    ]
    groups: Annotated[
        int,
        Shared(
            1,
            "Number of independent kernels along the outputs: the groups of a convolution, or the "
            "gates of a recurrent kernel `(units, gates * units)` (4 of an `LSTM`, 3 of a `GRU`).",
        ),
    ]
    batch: Annotated[
        int,
        Shared(
            0,
            "Leading axes that count independent kernels: 1 for experts `(experts, in, out)`.",
        ),
    ]


class Axes(KindAndGroups, total=False):
    """How a layer lays out its kernel, or which axes are which."""

    input_axes: Annotated[
        AxisNumbers, Shared(None, "Input axes, as of an `EinsumDense` kernel; needs `output_axes`.")
    ]
    output_axes: Annotated[AxisNumbers, Shared(None, "Output axes; needs `input_axes`.")]


SEED = Shared(
    None,
    "Integer, `0 <= seed < 2**64`: the same values at each call. A `keras.random.SeedGenerator`: "
    "new values at each call, from its state. None: new values at each call, from the state that "
    "`keras.utils.set_random_seed` sets.",
)
RAISES = """
Raises:
    TypeError: An argument is unknown or of the wrong type; when called, the dtype does not fit.
    ValueError: An argument is out of range; when called, the shape does not fit."""


_of = functools.cache(shared_arguments)


def defaults(arguments: type) -> dict[str, Any]:
    """The default of each argument of a `TypedDict` of this file."""
    return {name: shared.default for name, shared in _of(arguments).items()}


def resolve(owner: object, given: Mapping[str, object], arguments: type) -> dict[str, Any]:
    """Every one of the `arguments`, at its default unless `given`.

    Raises:
        TypeError: One that `owner` does not take.
    """
    usual, cls = defaults(arguments), type(owner)
    for name in given:
        if name not in usual:
            known = inspect.signature(cls).parameters
            raise TypeError(
                f"{cls.__name__} has no argument {short_repr(name)}{for_keyword(name, known)}"
            )
    return {**usual, **given}


def write_out(function: F) -> F:
    """The same function; its signature names the arguments behind `**axes: Unpack[...]`."""
    function.__signature__ = written_out(inspect.signature(function))  # type: ignore[attr-defined]
    return function


def describe(cls: type, own: Mapping[str, str]) -> str | None:
    """The docstring of `cls` with a description of every argument, and what is raised.

    Args:
        cls: A class whose docstring ends with a section `Args`, or has no sections.
        own: Descriptions of the arguments that are not shared.
    """
    names = inspect.signature(cls).parameters
    if cls.__doc__ is None or not names:  # there is none under python -OO
        return cls.__doc__
    texts = {**own, "seed": SEED.text, **{n: s.text for n, s in _of(Axes).items()}}
    return with_arguments(cls.__doc__, names, texts) + "\n" + RAISES
