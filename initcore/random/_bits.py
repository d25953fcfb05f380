"""Random words as they come from the cipher."""

from typing import Any

import numpy as np

from ._native import Numbers, numbers_of

__all__ = ["WORDS", "Words", "join_words"]


class Words:
    """The xor of each element's two words, or (`width=64`) one after the other."""

    def __init__(self, width: int) -> None:
        self.dtype = f"uint{width}"
        self.native: Numbers = numbers_of(f"bits{width}")

    def on_host(self, b0: Any, b1: Any, out: Any) -> None:
        """Write the words to `out`."""
        if out.dtype == np.uint32:
            np.bitwise_xor(b0, b1, out=out)
        else:
            join_words(b0, b1, out)


def join_words(b0: Any, b1: Any, out: Any) -> None:
    """Write `b0 << 32 | b1` to the `uint64` buffer `out`."""
    np.left_shift(b0.astype(np.uint64), np.uint64(32), out=out)
    np.bitwise_or(out, b1, out=out)


WORDS = {width: Words(width) for width in (32, 64)}
