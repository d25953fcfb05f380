"""Repeated blocks of a network, in rows by path, told once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ALIKE", "Fold", "block_of", "folded"]

Row = tuple[str, ...]
# `h.3` of `h.3.mlp.weight`, `layers[3]` and `block_3` with what comes before.
NUMBER = re.compile(r"(^|[./\[_])\d+(\]|(?=$|[./]))")
LAST_PART = re.compile(r"[^./]*[./\[_]\d+\]?$")
ALIKE = 3  # blocks that are folded, at least
SAME = ("shape", "role")  # columns in which they are equal


@dataclass(frozen=True)
class Fold:
    """Blocks of equal rows.

    Attributes:
        first, last: Paths of the first block and of the last one.
        count: Number of blocks.
        but_for: Columns in which they differ.
        rows: What is in a block, folded in turn; paths are what follows the block's.
    """

    first: str
    last: str
    count: int
    but_for: tuple[str, ...]
    rows: "tuple[Row | Fold, ...]"

    @property
    def title(self) -> str:
        """`h.0 to h.11: 12 blocks, alike but for the gradient`."""
        differ = f", alike but for {', '.join(self.but_for)}" if self.but_for else ", alike"
        short = LAST_PART.search(self.last)
        last = short[0] if short else self.last
        return f"{self.first} to {last}: {self.count} blocks{differ}".lstrip("./")

    @property
    def pattern(self) -> str:
        """`h.*`."""
        return re.sub(r"\d+(\]?)$", r"*\1", self.first)


def block_of(path: str) -> tuple[str, str]:
    """The path of the first numbered block of a path, and the rest; an empty block if none.

    >>> block_of("h.3.mlp.0.weight"), block_of("layers[3]/bias"), block_of("bias")
    (('h.3', '.mlp.0.weight'), ('layers[3]', '/bias'), ('', 'bias'))
    """
    found = NUMBER.search(path)
    if found is None:
        return "", path
    return path[: found.end()], path[found.end() :]


def folded(head: Sequence[str], rows: Sequence[Row]) -> tuple[Row | Fold, ...]:
    """The rows in order, with runs of three or more alike blocks as one `Fold`.

    Blocks are alike if they hold the same paths with the same values in the columns of `SAME`.
    Where values differ elsewhere, the fold has the least and the largest number, or the first
    and the last text.

    >>> rows = [(f"h.{i}.weight", "8 x 8", str(i)) for i in range(4)]
    >>> (fold,) = folded(("layer", "shape", "signal"), rows)
    >>> fold.title, fold.rows
    ('h.0 to h.3: 4 blocks, alike but for signal', (('.weight', '8 x 8', '0 to 3'),))
    """
    blocks: list[tuple[str, list[Row]]] = []
    for row in rows:
        block, rest = block_of(row[0])
        inner = (rest, *row[1:]) if block else row
        if block and blocks and blocks[-1][0] == block:
            blocks[-1][1].append(inner)
        else:
            blocks.append((block, [inner]))
    columns = [0, *(i for i, name in enumerate(head) if name in SAME)]
    found: list[Row | Fold] = []
    at = 0
    while at < len(blocks):
        block, inside = blocks[at]
        stop = at + 1
        kind = _kind(block, inside, columns)
        while block and stop < len(blocks) and _kind(*blocks[stop], columns) == kind:
            stop += 1
        if block and stop - at >= ALIKE:
            found.append(_fold(head, blocks[at:stop]))
        else:
            stop = at + 1
            found += [(block + row[0], *row[1:]) for row in inside]
        at = stop
    return tuple(found)


def _kind(block: str, rows: Sequence[Row], columns: Sequence[int]) -> object:
    """What alike blocks have in common."""
    return re.sub(r"\d+\]?$", "", block), [[row[i] for i in columns] for row in rows]


def _fold(head: Sequence[str], blocks: Sequence[tuple[str, list[Row]]]) -> Fold:
    rows, differ = [], set()
    for alike in zip(*(inside for _, inside in blocks), strict=True):
        columns = list(zip(*alike, strict=True))
        rows.append(tuple(map(_cell, columns)))
        differ |= {n for n, column in zip(head, columns, strict=True) if len(set(column)) > 1}
    but_for = tuple(name for name in head if name in differ)
    return Fold(blocks[0][0], blocks[-1][0], len(blocks), but_for, folded(head, rows))


def _cell(values: Sequence[str]) -> str:
    """One value for all: itself, or from the least to the largest."""
    if len(set(values)) == 1:
        return values[0]
    try:
        numbers = sorted(values, key=lambda v: float(v.rstrip("%")))
    except ValueError:
        numbers = [v for v in values if v]
    return f"{numbers[0]} to {numbers[-1]}" if len(set(numbers)) > 1 else numbers[0]
