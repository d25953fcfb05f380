"""What a variable of a jaxpr is: a value of the graph, weights among them, or a constant."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Constant", "Value"]


@dataclass(frozen=True)
class Value:
    """A value of the network: the index of its node."""

    node: int


@dataclass(frozen=True)
class Constant:
    """No weight and made of none.

    `number` is known of a scalar, or of an array with one number everywhere; `root` says that it is
    one over a deviation, or a deviation, of running statistics; `state` is the number of the array
    of state that it holds, and `axes` are those along which that differs.
    """

    number: Any = None
    root: bool = False
    state: int | None = None
    axes: tuple[int, ...] = ()
