"""Loops that Python ran: the same operations, over and over."""

from collections.abc import Hashable

__all__ = ["Repeats"]

ROUNDS = 4  # of a loop that are noted; its weights are those of every round

Origin = int | Hashable
"""Where an operand comes from: the number of an operation, or a mark of anything else."""


class Repeats:
    """Watches a sequence of operations for rounds of a loop that differ in nothing.

    An operation repeats the one a round before if it is called alike, and each of its operands
    either is the same value or was made by an operation as far back. Weights are operands too, so
    that only a loop over the same weights has such rounds.
    """

    def __init__(self) -> None:
        self._log: list[tuple[Hashable, tuple[Origin, ...]]] = []
        self._last: dict[Hashable, int] = {}  # the last operation with the same weights
        self._period = self._alike = 0

    def __len__(self) -> int:
        """The number of the next operation."""
        return len(self._log)

    def note(self, what: Hashable, operands: tuple[Origin, ...], weighted: bool) -> int | None:
        """Add an operation.

        Args:
            what: How it is called, and what it makes.
            operands: Where they come from.
            weighted: Whether one of them is a weight.

        Returns:
            The number of the operation that it repeats, after enough rounds; None of others.
        """
        k = len(self._log)
        self._log.append((what, operands))
        if self._period and self._repeats(k, k - self._period):
            self._alike += 1
        else:
            self._period = self._alike = 0
        if weighted:
            key = (what, tuple(o for o in operands if not isinstance(o, int)))
            before = self._last.get(key)
            if before is not None and not self._period and self._repeats(k, before):
                self._period, self._alike = k - before, 1
            self._last[key] = k
        return k - self._period if self._alike > ROUNDS * self._period else None

    def _repeats(self, k: int, j: int) -> bool:
        (what, operands), (other, others) = self._log[k], self._log[j]
        return (
            what == other
            and len(operands) == len(others)
            and all(
                a == b or (isinstance(a, int) and isinstance(b, int) and k - a == j - b)
                for a, b in zip(operands, others, strict=True)
            )
        )
