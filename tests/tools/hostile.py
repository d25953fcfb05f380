"""What nobody should pass, and somebody will: shared by the property tests and the fuzz run.

No framework is imported here, so that Keras can still be started on any backend.
"""

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from initcore import specs

__all__ = [
    "DTYPES",
    "QUICK",
    "REFUSED",
    "SEEDS",
    "SHAPES",
    "THINGS",
    "Strange",
    "clear",
    "label",
    "one_by_one",
    "parameters_of",
    "usual",
]

REFUSED = (TypeError, ValueError, MemoryError)
QUICK = settings(max_examples=40, deadline=None, database=None, derandomize=True)


class Whole(int):
    """An integer of one's own."""


class Broken(float):
    """A number that cannot be compared."""

    def __lt__(self, other: Any) -> bool:
        raise RuntimeError("not comparable")


class Strange:
    """Looks like an array, and is none."""

    shape, dtype, ndim = (2, 3), "float32", 2


class Mute:
    """Cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


class Name(str):
    """A string of one's own."""


THINGS: list[Any] = [
    None, True, np.True_, "", "1", b"x", float("nan"), float("inf"), -float("inf"), -1, 0, 1, 0.5,
    -0.0, 1e300, 1e-300, 10**400, -(10**400), 1j, np.float64("nan"), np.float16(0.5), np.int64(-3),
    np.array(2.0), np.array([1.0, 2.0]), np.array("a"), [], [1], (), (1, 2), {}, {1: 2}, set(),
    object(), Strange(), Whole(2), Decimal("0.5"), Fraction(1, 3), lambda x: x, int, ...,
    Broken(0.5), np.datetime64("2020-01-01"), 2**63, 2**64, slice(1), range(3), memoryview(b"ab"),
    10**5000, np.zeros((3, 3)), np.array([3]), "a\nb", "\udc80", Name("fan_in"), Mute(),
    np.ma.masked, np.array(None), np.longdouble("1e400"), Decimal("NaN"), Decimal("sNaN"),
    Fraction(10**400), np.zeros(0), "x" * 100_000, [0] * 70,
]  # fmt: skip
SHAPES: list[Any] = [
    (), (3,), (4, 6), (4, 4, 3), (2, 2, 3, 3), (0, 4), (4, 0), (1, 1), (-1, 2), (2.0, 3), ("a", 2),
    (True, 2), None, "45", 5, -5, 2.5, [4, 6], np.array([4, 6]), (10**30, 2), ((2, 3),), {2: 3},
    object(), (Whole(4), 6), (np.int8(4), np.uint16(6)), (4, None), range(2, 4), b"ab", {2, 3},
    (10**400,), (10**5000, 2), (0, 10**30), (0, 2**62), (1,) * 70, range(2, 10**12), Mute(),
    itertools.count(1), np.array(5), np.array([[4, 6]]), (np.True_, 2), Name(),
    (2**59, 1), 10**12, (10**6, 10**6),
]  # fmt: skip
SEEDS: list[Any] = [
    0, 5, 2**64 - 1, -1, 2**64, 1.0, "0", None, True, np.int64(3), [1], 1j, object(), 10**5000,
    np.array(4), np.array([4]), Whole(3), Mute(), np.False_,
]  # fmt: skip
DTYPES: list[Any] = [
    "float32", "float64", "float16", "bfloat16", "int32", "complex64", "bool", "no_such", "", None,
    np.float32, np.dtype("float64"), np.int8, float, int, object(), 3, "float8_e4m3fn", ">f4", "f4",
    b"float32", ["float32"], np.dtype([("a", "f4")]), Name("float32"),
]  # fmt: skip


def usual(name: str) -> dict[str, Any]:
    """Right values of the parameters that an initializer has no defaults for."""
    right = {"value": 1.0, "sparsity": 0.5, "density": 0.6}
    return {n: right[n] for n in specs[name].parameters if n not in specs[name].defaults}


def one_by_one(name: str) -> Iterator[dict[str, Any]]:
    """Right parameters but for one, which is each hostile thing in turn."""
    for parameter in (*specs[name].parameters, "no_such_parameter"):
        yield from ({**usual(name), parameter: thing} for thing in THINGS)


def parameters_of(name: str, *, most: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Some parameters, known and unknown, with anything for a value."""
    names = [*specs[name].parameters, "no_such_parameter"]
    hostile = st.dictionaries(st.sampled_from(names), st.sampled_from(THINGS), max_size=most)
    return hostile.map(lambda given: {**usual(name), **given})


def label(thing: Any) -> str:
    """The name of a test for it: without an address, so that all of xdist's workers agree."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(thing))


def clear(error: BaseException) -> None:
    """One sentence that names what is wrong."""
    text = str(error)
    assert text.strip(), f"{type(error).__name__} without a word"
    assert len(text) < 2000, f"{len(text)} characters: {text[:300]}"
    assert len(text.strip().splitlines()) == 1, f"not one line: {text!r}"
