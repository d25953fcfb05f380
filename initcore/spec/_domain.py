"""What a parameter may be, as data: checks, sentences and test strategies are made from it."""

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ..arguments import check_real

__all__ = ["Choice", "Domain", "Integer", "Real", "TooLargeError"]


class TooLargeError(ValueError):
    """What a number has to be instead, in words."""


@dataclass(frozen=True)
class Real:
    """A finite real number between `low` and `high`.

    Args:
        unit: What the number measures, in a few words.
        low, high: Ends of the interval, included unless `open_low` or `open_high`.
        open_low, open_high: Whether an end is left out of the interval.
        finite: Whether infinities are refused; NaN always is.
        static: Whether it must be known while tracing, because shapes or loops depend on it.
        largest: Size of the largest finite number: products with it stay finite in float32.
    """

    unit: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    finite: bool = True
    static: bool = False
    largest: float = 1e30

    def check(self, value: Any) -> Any:
        """`value` as a float, or unchanged if it is traced and cannot be looked at."""
        check_real(value)
        try:
            number = float(value)
        except Exception as error:
            known = isinstance(value, (np.ndarray, np.generic))
            if getattr(value, "shape", None) == () and not (known or self.static):
                return value  # a value traced by a compiler: nothing is known of it yet
            raise TypeError from error
        if math.isnan(number) or (self.finite and math.isinf(number)):
            raise ValueError
        if self.finite and abs(number) > self.largest:
            raise TooLargeError(f"at most {self.largest:g} in size")
        if number < self.low or (self.open_low and number == self.low):
            raise ValueError
        if number > self.high or (self.open_high and number == self.high):
            raise ValueError
        return number

    def __str__(self) -> str:
        kind = "a finite number" if self.finite else "a number"
        if math.isfinite(self.low) and math.isfinite(self.high):
            left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
            return f"{kind} in {left}{self.low:g}, {self.high:g}{right}"
        if math.isfinite(self.low):
            return f"{kind} {'>' if self.open_low else '>='} {self.low:g}"
        return kind


@dataclass(frozen=True)
class Integer:
    """An integer of at least `low`.

    Args:
        unit: What the integer counts, in a few words.
        low: The least value.
    """

    unit: str
    low: int = 0

    def check(self, value: Any) -> int:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
            raise TypeError
        if value < self.low:
            raise ValueError
        return int(value)

    def __str__(self) -> str:
        return f"an integer >= {self.low}"


@dataclass(frozen=True)
class Choice:
    """One of a few strings.

    Args:
        unit: What the string chooses, in a few words.
        options: The strings.
    """

    unit: str
    options: tuple[str, ...]

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        if value not in self.options:
            raise ValueError
        return value

    def __str__(self) -> str:
        return "one of " + ", ".join(repr(o) for o in self.options)


Domain = Real | Integer | Choice
