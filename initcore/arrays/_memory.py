"""The memory of contiguous arrays of NumPy and PyTorch."""

import math
import sys
from typing import Any

import numpy as np

from ._dtype import dtype_name

__all__ = ["address_of", "aligned_empty", "words_in"]

LINE = 64  # bytes of a cache line; JAX takes memory that begins at one without a copy


def address_of(x: Any) -> int:
    """Where the memory of `x` begins; a `ValueError` if it must not be written to."""
    if not isinstance(x, np.ndarray):
        return int(x.data_ptr())
    address, fixed = x.__array_interface__["data"]
    if fixed:
        raise ValueError(
            "Rng needs out to be an array that can be written to, got a read-only one."
        )
    return int(address)


def words_in(x: Any) -> Any:
    """The memory of `x` as a flat NumPy array, bfloat16 as its words (NumPy has no such dtype)."""
    if not isinstance(x, np.ndarray):
        x = x.detach()
        if dtype_name(x.dtype) == "bfloat16":
            x = x.view(sys.modules["torch"].int16)
        x = x.numpy()
    x = x.reshape(-1)
    return x.view(np.uint16) if x.dtype.name in ("bfloat16", "int16") else x


def aligned_empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """A NumPy array of `shape`, not filled, that begins at a cache line."""
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    memory = np.empty(size + LINE, np.uint8)
    begin = -address_of(memory) % LINE
    return memory[begin : begin + size].view(kind).reshape(shape)
