"""The values of a plan's assignments."""

from typing import Any

import numpy as np

from ..random import Rng
from ..spec import specs
from ._assignment import Assignment

__all__ = ["draw", "draw_with"]


def draw(assignment: Assignment, seed: int, *, xp: Any = np, dtype: Any, device: Any = None) -> Any:
    """The values of an assignment, in the framework's order of axes."""
    return draw_with(
        Rng(seed, xp=xp, dtype=dtype, device=device).fold_in(assignment.key), assignment
    )


def draw_with(rng: Rng, assignment: Assignment) -> Any:
    """The same, with the weight's own key."""
    assert assignment.name is not None
    xp, p = rng.xp, assignment.weight.parameter
    if assignment.pieces:
        w = _drawn_in_pieces(rng, assignment)
    else:
        w = specs[assignment.name].function(rng, assignment.shape, **assignment.parameters)
    if assignment.layout is not None:
        w = assignment.layout.from_canonical(w, p.shape, xp=xp)
    for first, stop, value in assignment.starts:
        rows = xp.full_like(w[first:stop, ...], value)
        w = xp.concat([w[:first, ...], rows, w[stop:, ...]], axis=0)
    return w


def _drawn_in_pieces(rng: Rng, assignment: Assignment) -> Any:
    """The canonical kernel, each piece drawn with a key of its own."""
    xp, order, parts = rng.xp, [], []
    layout = assignment.layout
    assert layout is not None
    count = layout.kernel(assignment.weight.parameter.shape).groups
    for n, piece in enumerate(assignment.pieces):
        w = specs[piece.name].function(rng.fold_in(n), piece.shape, **piece.parameters)
        parts.append(xp.reshape(w, (count, piece.shape[0] // count, *piece.shape[1:])))
        order += [i for first, stop in piece.rows for i in range(first, stop)]
    back = xp.asarray(np.argsort(np.asarray(order)), device=rng.device)
    whole = xp.take(xp.concat(parts, axis=1), back, axis=1)
    return xp.reshape(whole, assignment.shape)
