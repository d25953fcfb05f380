"""What an invariant is: the only thing that a specification knows of one."""

from typing import Any, Protocol, runtime_checkable

import numpy as np

__all__ = ["Invariant"]


@runtime_checkable
class Invariant(Protocol):
    """Something true of every result of an initializer."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        """What is wrong with the kernel `w` and by how much, or None.

        Args:
            w: Canonical kernel `(out, in, *spatial)`.
            xp: Its namespace.
            rng: An `Rng` for invariants that probe with random inputs.
            parameters: What the initializer was called with.
        """

    def __str__(self) -> str:
        """The invariant as a sentence."""
