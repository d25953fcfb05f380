"""Threefry-2x32: the counter-based cipher behind every draw (Salmon et al., SC 2011).

The algorithm is written once, over an object that says how 32-bit words are added, rotated and
xored. Four such objects exist: Python integers for keys, `uint32` arrays, `int32` arrays for
namespaces whose `uint32` has no arithmetic (PyTorch), and NumPy buffers worked on in place.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

__all__ = ["MASK", "HostWords", "Int32Words", "PythonWords", "UInt32Words", "Words", "threefry2x32"]

MASK = 0xFFFFFFFF
PARITY = 0x1BD11BDA  # the Skein key-schedule constant, low word
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


class Words(Protocol):
    """How 32-bit words with wrap-around are held."""

    def word(self, value: Any) -> Any:
        """A key word or constant, as the other operations take it."""

    def add(self, x: Any, y: Any) -> Any:
        """`x + y` modulo 2**32."""

    def rotl(self, x: Any, r: int) -> Any:
        """`x` rotated left by `r` bits."""

    def xor(self, x: Any, y: Any) -> Any:
        """`x ^ y`."""


def threefry2x32(words: Words, key: tuple[Any, Any], x0: Any, x1: Any) -> tuple[Any, Any]:
    """Twenty rounds of Threefry-2x32 of the counters `(x0, x1)` under `key`."""
    k0, k1 = words.word(key[0]), words.word(key[1])
    ks = (k0, k1, words.word(k0 ^ k1 ^ words.word(PARITY)))
    x0, x1 = words.add(x0, k0), words.add(x1, k1)
    for i in range(5):
        for r in ROTATIONS[i % 2]:
            x0 = words.add(x0, x1)
            x1 = words.xor(words.rotl(x1, r), x0)
        x0 = words.add(x0, ks[(i + 1) % 3])
        k = ks[(i + 2) % 3]
        if isinstance(k, int):
            x1 = words.add(x1, words.word(k + i + 1))
        else:
            x1 = words.add(words.add(x1, k), words.word(i + 1))
    return x0, x1


class PythonWords:
    """Words that are Python integers."""

    def word(self, value: int) -> int:
        return value & MASK

    def add(self, x: int, y: int) -> int:
        return (x + y) & MASK

    def rotl(self, x: int, r: int) -> int:
        return ((x << r) | (x >> (32 - r))) & MASK

    def xor(self, x: int, y: int) -> int:
        return x ^ y


class UInt32Words:
    """Words that are `uint32` arrays of any Array API namespace.

    `scalar` makes an operand of a Python integer where the namespace cannot (JAX reads one as a
    signed 32-bit number).
    """

    def __init__(self, scalar: Callable[[int], Any] | None = None) -> None:
        self._scalar = scalar

    def word(self, value: Any) -> Any:
        if isinstance(value, int):
            return self._scalar(value & MASK) if self._scalar else value & MASK
        return value

    def add(self, x: Any, y: Any) -> Any:
        return x + y

    def rotl(self, x: Any, r: int) -> Any:
        return (x << r) | self.shr(x, 32 - r)

    def xor(self, x: Any, y: Any) -> Any:
        return x ^ y

    def shr(self, x: Any, r: int) -> Any:
        """`x` shifted right by `r` bits, zeros coming in."""
        return x >> r


class Int32Words(UInt32Words):
    """The same words in two's complement, for namespaces without `uint32` arithmetic."""

    def word(self, value: Any) -> Any:
        if isinstance(value, int):
            value &= MASK
            return value - (value >> 31 << 32)
        return value

    def shr(self, x: Any, r: int) -> Any:
        return (x >> r) & ((1 << (32 - r)) - 1)


class HostWords:
    """NumPy `uint32` buffers, overwritten: five passes over cache-sized memory a round.

    `scratch` is a buffer at least as long.
    """

    def __init__(self, scratch: Any) -> None:
        self._scratch = scratch

    def word(self, value: int) -> int:
        return value & MASK

    def add(self, x: Any, y: Any) -> Any:
        return np.add(x, y, out=x)

    def rotl(self, x: Any, r: int) -> Any:
        low = self._scratch[: x.size]
        np.right_shift(x, np.uint32(32 - r), out=low)
        np.left_shift(x, np.uint32(r), out=x)
        return np.bitwise_or(x, low, out=x)

    def xor(self, x: Any, y: Any) -> Any:
        return np.bitwise_xor(x, y, out=x)
