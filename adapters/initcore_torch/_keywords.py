"""The keyword arguments that the fills share: their types, defaults and descriptions, once.

A function takes them as `**draw: Unpack[Draw]` and passes `draw` on; `shared_keywords` writes
them out in its signature and docstring. A new shared argument is one line of a `TypedDict`.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypedDict, TypeVar

from initcore import Part, specs
from initcore.arguments import Shared, shared_arguments, write_out_keywords

__all__ = [
    "Axes",
    "Draw",
    "DrawnAsIs",
    "DrawnWhole",
    "Placed",
    "Rectangle",
    "Source",
    "shared_keywords",
]

F = TypeVar("F", bound=Callable[..., Any])


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
    batch: Annotated[
        int,
        Shared(
            0,
            "Leading axes that count independent kernels: 1 for experts `(experts, out, in)`.",
        ),
    ]


class Rectangle(TypedDict, total=False):
    """Which part of a kernel the tensor is."""

    part: Annotated[
        Part | None,
        Shared(
            None,
            "Which rectangle of a larger kernel the tensor is, such as `Part((1024, 512), (256, "
            "0))`: it gets the values that the whole has there.",
        ),
    ]


class Placed(Axes, Rectangle, total=False):
    """How a layer reads the axes of its kernel, and which part of it the tensor is."""


class DrawnWhole(Source, Axes, total=False):
    """The keywords of random fills without `part`."""


class DrawnAsIs(Source, Rectangle, total=False):
    """The keywords of random fills that know of no axes."""


class Draw(Source, Placed, total=False):
    """The keywords of random fills; `Placed` has those of the others."""


GENERATOR = "PyTorch generator to take the seed from; the default CPU generator if None."


def shared_keywords(function: F) -> F:
    """`function` with the keywords of its `**draw` spelled out in its signature and docstring.

    Arguments that the docstring does not describe are described as in the core's specification.
    Any other keyword is a `TypeError`, as of a function that names its keywords itself.
    """
    name = function.__name__.removesuffix("_")
    spec = specs.filed(name)
    domains = spec.parameters if spec else {}
    stated = {n: f"{d.unit[:1].upper()}{d.unit[1:]}: {d}." for n, d in domains.items()}
    shared = {n: argument.text for n, argument in shared_arguments(Draw).items()}
    own = {n: text for n, text in stated.items() if n not in shared}
    return write_out_keywords(function, {**own, "generator": GENERATOR, **shared})
