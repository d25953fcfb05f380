"""Checks of the theory's arguments."""

import math
from collections.abc import Callable
from typing import Any

from ..arguments import as_float, short_repr

__all__ = ["Phi", "choice", "depth_of", "number", "root_between"]

Phi = str | Callable[..., Any]
TINY, HUGE = 1e-30, 1e12  # products of a few such numbers and their squares are still finite
LONGEST = 1e150  # large enough for the mean squares of networks that explode
DEEPEST = 10**9  # layers; far beyond this, critical points round to sigma_w = 1


def number(who: str, name: str, value: Any, *, positive: bool = False) -> float:
    """`value` as a finite float of at least 0, or above 0."""
    try:
        found = as_float(value)
    except TypeError:
        raise TypeError(f"{who} needs {name} to be a number, got {short_repr(value)}.") from None
    if not (0 < found < math.inf or (found == 0 and not positive)):
        sign = "> 0" if positive else ">= 0"
        raise ValueError(
            f"{who} needs {name} to be a finite number {sign}, got {short_repr(value)}."
        )
    most = LONGEST if name == "q" else HUGE
    if found and not TINY <= found <= most:
        raise ValueError(
            f"{who} needs {name} to be between {TINY:g} and {most:g} if it is not 0, got {found:g}."
        )
    return found


def depth_of(who: str, value: Any) -> int:
    """`value` as an integer number of layers."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{who} needs depth to be an integer >= 1, got {short_repr(value)}.")
    depth = int(value.__index__())
    if not 1 <= depth <= DEEPEST:
        raise ValueError(
            f"{who} needs depth to be an integer from 1 to {DEEPEST}, got {short_repr(depth)}."
        )
    return depth


def choice(who: str, name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """`value`, one of the strings `allowed`."""
    if value not in allowed:
        raise ValueError(f"{who} needs {name} to be {' or '.join(map(repr, allowed))}, "
                         f"got {short_repr(value)}.")  # fmt: skip
    return str(value)


def root_between(f: Callable[[float], float], low: float, high: float, **options: float) -> float:
    """Brent's root of `f`; where rounding hides the change of sign, the end that is nearer to 0."""
    from scipy.optimize import brentq

    at_low, at_high = f(low), f(high)
    if at_low * at_high > 0:
        return low if abs(at_low) < abs(at_high) else high
    return float(brentq(f, low, high, **options))
