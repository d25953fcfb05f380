"""The cipher compiled by numba, for the `fast` extra: the same words, in registers.

Importing numba takes as long as drawing tens of millions of numbers does without it, so it is
called for only where a draw is large enough to pay for that, or where numba is loaded already.
"""

import functools
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from ._threefry import PARITY, ROTATIONS

__all__ = ["compiled_blocks"]

PAYS = 1 << 27  # elements of one draw for which numba is worth its import and compilation


def compiled_blocks(size: int) -> Callable[..., None] | None:
    """`run(key, x0, x1)`, which replaces counters by words, or None where NumPy is to do it."""
    if "numba" in sys.modules or (size >= PAYS and find_spec("numba") is not None):
        return _compile()
    return None


@functools.cache
def _compile() -> Callable[..., None] | None:
    try:
        from numba import njit, uint32
    except ImportError:  # installed, but not for this NumPy
        return None
    parity = uint32(PARITY)
    (p, q, r, s), (t, u, v, w) = ((uint32(n) for n in four) for four in ROTATIONS)

    @njit
    def turn(a: Any, b: Any, n: Any) -> Any:
        a = uint32(a + b)
        return a, uint32((b << n) | (b >> uint32(32 - n))) ^ a

    @njit
    def first(a: Any, b: Any) -> Any:
        a, b = turn(a, b, p)
        a, b = turn(a, b, q)
        a, b = turn(a, b, r)
        return turn(a, b, s)

    @njit
    def second(a: Any, b: Any) -> Any:
        a, b = turn(a, b, t)
        a, b = turn(a, b, u)
        a, b = turn(a, b, v)
        return turn(a, b, w)

    @njit(nogil=True)
    def blocks(k0: Any, k1: Any, x0: Any, x1: Any) -> None:
        """Replace the counters `x0`, `x1` by the cipher's words."""
        k2 = uint32(k0 ^ k1 ^ parity)
        for i in range(x0.size):
            a, b = first(uint32(x0[i] + k0), uint32(x1[i] + k1))
            a, b = second(uint32(a + k1), uint32(b + k2 + uint32(1)))
            a, b = first(uint32(a + k2), uint32(b + k0 + uint32(2)))
            a, b = second(uint32(a + k0), uint32(b + k1 + uint32(3)))
            a, b = first(uint32(a + k1), uint32(b + k2 + uint32(4)))
            x0[i], x1[i] = uint32(a + k2), uint32(b + k0 + uint32(5))

    def run(key: tuple[int, int], x0: Any, x1: Any) -> None:
        blocks(np.uint32(key[0]), np.uint32(key[1]), x0, x1)

    return run
