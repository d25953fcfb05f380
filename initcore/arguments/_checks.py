"""Numbers, shapes and seeds as a caller gives them, or an error that says what is needed."""

import math
import operator
from collections.abc import Mapping, Sequence, Set
from itertools import islice
from typing import Any

import numpy as np

from ._instead import for_seed, for_shape
from ._text import short_repr

__all__ = ["as_float", "as_shape", "check_real", "key_of_seed"]

AXES = 64  # NumPy's and PyTorch's limit

# What iterates over integers and is no shape.
UNORDERED = (str, bytes, bytearray, memoryview, Mapping, Set)


def as_shape(shape: Any, *, who: str = "Rng") -> tuple[int, ...]:
    """`shape` as a tuple of ints; an int stands for one axis."""
    if type(shape) is tuple and len(shape) <= AXES and _SIZES.issuperset(map(type, shape)):
        sizes = shape  # as nearly every call has it
    else:
        sizes = _integers(shape, who)
    if min(sizes, default=0) < 0:
        raise ValueError(f"{who} needs a shape of sizes 0 or more, got {short_repr(sizes)}.")
    # Without the zeros: an empty array of 10**30 columns is beyond NumPy too.
    if (count := math.prod([n or 1 for n in sizes])) >= 1 << 60:
        raise ValueError(
            f"{who} cannot fill a shape of 10**{math.log10(count):.1f} elements: "
            f"{short_repr(sizes)}."
        )
    return sizes


_SIZES = frozenset((int,))


def _integers(shape: Any, who: str) -> tuple[int, ...]:
    try:
        if isinstance(shape, UNORDERED):
            raise TypeError
        axes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(islice(shape, AXES + 1))
        if any(isinstance(n, bool) for n in axes):
            raise TypeError
        sizes = tuple(operator.index(n) for n in axes)
    except Exception:  # arrays and iterators raise whatever they like
        raise TypeError(
            f"{who} needs a shape made of integers, got {short_repr(shape)}{for_shape(shape)}"
        ) from None
    if len(sizes) > AXES:
        raise ValueError(f"{who} needs a shape of at most {AXES} axes, got {short_repr(shape)}.")
    return sizes


def key_of_seed(seed: Any, *, who: str = "Rng") -> tuple[int, int]:
    """The two 32-bit key words of an integer seed, `0 <= seed < 2**64`."""
    if isinstance(seed, (bool, np.bool_)) or not hasattr(seed, "__index__"):
        raise TypeError(f"{who} needs an integer seed, got {short_repr(seed)}{for_seed(seed)}")
    seed = operator.index(seed)
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"{who} needs a seed with 0 <= seed < 2**64, got {short_repr(seed)}.")
    return seed >> 32, seed & 0xFFFFFFFF


def check_real(value: Any) -> None:
    """A `TypeError` for what is surely not one real number."""
    if isinstance(value, (bool, np.bool_, str, bytes, complex, Sequence)) or value is None:
        raise TypeError
    if getattr(value, "ndim", 0) or isinstance(value, np.ma.MaskedArray):
        raise TypeError
    dtype = str(getattr(value, "dtype", ""))
    if "complex" in dtype or "bool" in dtype:
        raise TypeError


def as_float(value: Any) -> float:
    """`value` as a float, infinite if it is too large for one.

    Raises:
        TypeError: It is not one real number.
    """
    check_real(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except Exception as error:
        raise TypeError from error
