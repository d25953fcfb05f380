"""What random draws are asked for: shapes, seeds, windows and ends, or an error that tells."""

import math
import operator
from collections.abc import Mapping, Set
from itertools import islice
from typing import Any

import numpy as np

from ._brief import brief
from ._domain import as_float
from ._host import row_major

__all__ = ["as_ends", "as_shape", "check_window", "key_of_seed"]

AXES = 64  # as many as NumPy and PyTorch have

# What iterates over integers and is no shape.
UNORDERED = (str, bytes, bytearray, memoryview, Mapping, Set)


def as_shape(shape: Any, *, who: str = "Rng") -> tuple[int, ...]:
    """`shape` as a tuple of ints; an int stands for one axis."""
    try:
        if isinstance(shape, UNORDERED):
            raise TypeError
        axes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(islice(shape, AXES + 1))
        if any(isinstance(n, bool) for n in axes):
            raise TypeError
        sizes = tuple(operator.index(n) for n in axes)
    except TypeError:
        raise TypeError(f"{who} needs a shape made of integers, got {brief(shape)}.") from None
    if len(sizes) > AXES:
        raise ValueError(f"{who} needs a shape of at most {AXES} axes, got {brief(shape)}.")
    if any(n < 0 for n in sizes):
        raise ValueError(f"{who} needs a shape of sizes 0 or more, got {brief(sizes)}.")
    # Without the zeros: an empty array of 10**30 columns is beyond NumPy too.
    if (count := math.prod([max(n, 1) for n in sizes])) >= 1 << 60:
        raise ValueError(
            f"{who} cannot fill a shape of 10**{math.log10(count):.1f} elements: {brief(sizes)}."
        )
    return sizes


def check_window(shape: tuple[int, ...], start: Any, strides: Any) -> None:
    """Raise unless the window is made of elements of the stream."""
    if strides is None and type(start) is int and start == 0:
        return
    try:
        steps = row_major(shape) if strides is None else tuple(map(operator.index, strides))
        first = operator.index(start)
    except TypeError:
        raise TypeError(
            f"Rng needs start and strides to be integers, got {brief(start)} and {brief(strides)}."
        ) from None
    if len(steps) != len(shape):
        raise ValueError(f"Rng needs one stride for each of {len(shape)} axes, got {brief(steps)}.")
    last = first + sum(max(n - 1, 0) * s for n, s in zip(shape, steps, strict=True))
    if min(first, *steps) < 0 or last >= 1 << 64:
        raise ValueError(
            "Rng needs elements of the stream, 0 to 2**64 - 1, "
            f"got start {brief(first)} and strides {brief(steps)}."
        )


def as_ends(who: str, low: Any, high: Any) -> tuple[float, float]:
    if type(low) is float and type(high) is float:  # torch.compile follows this
        return low, high
    try:
        return as_float(low), as_float(high)
    except TypeError:
        raise TypeError(
            f"Rng.{who} needs low and high to be numbers, got {brief(low)} and {brief(high)}."
        ) from None


def key_of_seed(seed: Any, *, who: str = "Rng") -> tuple[int, int]:
    """The two 32-bit key words of an integer seed, `0 <= seed < 2**64`."""
    if isinstance(seed, (bool, np.bool_)) or not hasattr(seed, "__index__"):
        raise TypeError(f"{who} needs an integer seed, got {brief(seed)}.")
    seed = operator.index(seed)
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"{who} needs a seed with 0 <= seed < 2**64, got {brief(seed)}.")
    return seed >> 32, seed & 0xFFFFFFFF
