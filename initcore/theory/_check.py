"""Arguments of the theory, checked: who needs what, got what."""

import math
from collections.abc import Callable
from typing import Any

__all__ = ["Phi", "choice", "depth_of", "number"]

Phi = str | Callable[..., Any]


def number(who: str, name: str, value: Any, *, positive: bool = False) -> float:
    """`value` as a finite float of at least 0, or above 0."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{who} needs {name} to be a number, got {value!r}.") from None
    if not (0 < found < math.inf or (found == 0 and not positive)):
        sign = "> 0" if positive else ">= 0"
        raise ValueError(f"{who} needs {name} to be a finite number {sign}, got {value!r}.")
    return found


def depth_of(who: str, value: Any) -> int:
    """`value` as a number of layers."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{who} needs depth to be an integer >= 1, got {value!r}.")
    depth = int(value.__index__())
    if depth < 1:
        raise ValueError(f"{who} needs depth to be an integer >= 1, got {depth}.")
    return depth


def choice(who: str, name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """`value`, one of the strings `allowed`."""
    if value not in allowed:
        raise ValueError(f"{who} needs {name} to be {' or '.join(map(repr, allowed))}, "
                         f"got {value!r}.")  # fmt: skip
    return str(value)
