"""What one weight gets, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..spec import Layout
from ._roles import Weight

__all__ = ["Assignment", "Overrides", "Paths", "Piece"]

Overrides = Mapping[str, Any]
"""From patterns of paths and from roles to initializers, or to None."""
Paths = Mapping[str, str] | Callable[[str], str]
"""From paths to the names that keys are made from."""


@dataclass(frozen=True)
class Piece:
    """What some of a fused kernel's outputs get.

    Attributes:
        role: What they are for.
        rows: Ranges of outputs, `(first, stop)`, in order.
        name, parameters: The initializer, checked.
        shape: Canonical sizes that are drawn.
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
    """What one weight gets.

    Attributes:
        weight: The weight and its role.
        name: The initializer, None for a weight that is left alone.
        parameters: Of the initializer, checked.
        why: The reason.
        key: The path the key is folded with; the same path gives the same values everywhere.
        layout: The framework's order of axes, with `groups` as they are drawn.
        shape: Canonical sizes that are drawn.
        pieces: Of a fused kernel what its rows get, where that differs; then `name` and
            `parameters` are those of the first.
        starts: Rows, along the first axis, that get a number instead, as `(first, stop, number)`.
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
