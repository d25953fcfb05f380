"""The assignment of one weight, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..spec import Layout
from .roles import Weight

__all__ = ["Assignment", "Paths", "Piece"]

Paths = Mapping[str, str] | Callable[[str], str]
"""From paths to the names from which keys are derived."""


@dataclass(frozen=True)
class Piece:
    """The assignment of some of a fused kernel's outputs.

    Attributes:
        role: Their role.
        rows: Their ranges `(first, stop)`, in order.
        name, parameters: The initializer and its checked parameters.
        shape: The canonical sizes to draw.
        why: The reason.
    """

    role: str
    rows: tuple[tuple[int, int], ...]
    name: str
    parameters: Mapping[str, Any]
    shape: tuple[int, ...]
    why: str = ""


@dataclass(frozen=True)
class Assignment:
    """The initializer of one weight, and the reason.

    Attributes:
        weight: The weight and its role.
        name: The initializer, None for a weight that is left alone.
        parameters: The initializer's checked parameters.
        why: The reason.
        key: The path from which the key is derived; the same path gives the same values everywhere.
        layout: The framework's order of axes, with `groups` as they are drawn.
        shape: The canonical sizes to draw.
        pieces: For a fused kernel with different assignments of its rows, these. Then `name` and
            `parameters` are those of the first.
        starts: Rows along the first axis that are set to a number, as `(first, stop, number)`.
    """

    weight: Weight
    name: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    key: str = ""
    layout: Layout | None = None
    shape: tuple[int, ...] = ()
    pieces: tuple[Piece, ...] = ()
    starts: tuple[tuple[int, int, float], ...] = ()
