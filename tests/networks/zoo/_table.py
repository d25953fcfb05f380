"""What an expert expects of every weight of a network, as a table, and where an answer differs.

A line is a pattern of paths, then what they are; of several lines that fit the last one counts:

    *.q_proj.weight     attention_query
    *.gate_up_proj      4 x feed_forward_in silu + feed_forward_in
    *.fc1.weight        feed_forward_in gelu

`4 x` counts the kernels that the array holds, `+` joins the kernels that its rows are, in order of
their first row, and a second word is the activation that follows.
"""

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["Expected", "differences", "parsed"]


@dataclass(frozen=True)
class Expected:
    """What the weights of a pattern are.

    Attributes:
        pattern: Of paths.
        count: Kernels in one array.
        parts: `(role, activation)` of the kernels that its rows are.
    """

    pattern: str
    count: int
    parts: tuple[tuple[str, str], ...]


def parsed(text: str) -> list[Expected]:
    """The lines of a table."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        pattern, described = line.split(None, 1)
        count, _, rest = described.rpartition(" x ")
        parts = [[*part.split(), "identity"][:2] for part in rest.split(" + ")]
        roles = tuple((role, activation) for role, activation in parts)
        found.append(Expected(pattern, int(count or 1), roles))
    return found


def differences(table: list[Expected], weights: Any) -> list[str]:
    """Where the `Weight`s of a network are not what the table says; empty if all are."""
    found = []
    for w in weights:
        fitting = [e for e in table if fnmatchcase(w.path, e.pattern)]
        if not fitting:
            found.append(f"{w.path}: the table says nothing of it")
            continue
        expected, got = fitting[-1], _seen(w)
        if got != (expected.count, expected.parts):
            found.append(f"{w.path}: got {got}, should be {(expected.count, expected.parts)}")
    unused = [e.pattern for e in table if not any(fnmatchcase(w.path, e.pattern) for w in weights)]
    return found + [f"{pattern}: no such weight" for pattern in unused]


def _seen(w: Any) -> tuple[int, tuple[tuple[str, str], ...]]:
    p = w.parameter
    batch = p.layout.batch if p.layout is not None and p.kind == "kernel" else ()
    count = 1 if w.role == "depthwise" else math.prod(p.shape[a] for a in batch)
    if w.pieces:
        return count, tuple((piece.role, piece.activation_name) for piece in w.pieces)
    follows = w.activation_name if p.kind in ("kernel", "recurrent") else "identity"
    return count, ((w.role, follows),) * w.parts
