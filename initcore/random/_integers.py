"""Integers and permutations."""

import math
from typing import Any

import numpy as np

from ..arrays import is_jax, is_torch
from ._blocks import blocks
from ._threefry import MASK

__all__ = ["draw_integers", "draw_permutations"]


def draw_integers(rng: Any, sizes: tuple[int, ...], low: int, high: int) -> Any:
    """Integers uniform on `low, ..., high - 1`; see `Rng.integers`."""
    span = high - low
    factor = ((1 << 16) % span) ** 2 % (1 << 32) % span  # 2**32 mod span, as 32 bits have it
    source, xp = (rng._on_numpy(), np) if rng._host else (rng, rng.xp)
    upper, lower = (r.bits((math.prod(sizes),)) for r in source.split(2))
    word = xp.uint32 if xp is np or is_jax(xp) else int
    if is_torch(xp):  # its uint32 has no remainder: the same arithmetic in int64
        upper, lower = (xp.astype(b, xp.int64) for b in (upper, lower))
        mixed = ((upper % span * factor & MASK) + lower % span) & MASK
    else:
        mixed = upper % word(span) * word(factor) + lower % word(span)
    drawn = xp.astype(mixed % word(span), xp.int32) + low
    return rng._from_host(drawn.reshape(sizes)) if rng._host else xp.reshape(drawn, sizes)


def draw_permutations(rng: Any, sizes: tuple[int, ...], first: int, of: int) -> Any:
    """Random orders along the last axis; see `Rng.permutation`."""
    # Traced by JAX or PyTorch it stays there; elsewhere NumPy sorts: not every namespace can.
    traces = is_torch(rng.xp) or is_jax(rng.xp)
    host = rng._host or (rng._concrete and not traces)
    xp, size = (np if host else rng.xp), of * sizes[-1]
    source = rng._on_numpy() if host else rng
    device = {} if host else {"device": rng.device}
    order = xp.broadcast_to(xp.arange(sizes[-1], dtype=xp.int32, **device), sizes)
    # Sorting by fresh 32-bit keys; the rounds make ties in all of them as rare as n**-3.
    for _ in range(math.ceil(3 * math.log(max(2, size)) / math.log(0xFFFFFFFF))):
        source, keys = source.split(2)
        by = xp.argsort(_sortable(keys, sizes, first * sizes[-1]), axis=-1, stable=True)
        order = xp.take_along_axis(order, by, axis=-1)
    return rng._from_host(order) if host else order


def _sortable(rng: Any, shape: tuple[int, ...], start: int) -> Any:
    """`bits(shape, start=start)` as numbers that sort alike: PyTorch cannot sort `uint32`."""
    if not is_torch(rng.xp):
        return rng.bits(shape, start=start)
    b0, b1 = blocks(rng.key, shape, start, None, xp=rng.xp, device=rng.device)
    return (b0 ^ b1) ^ -(1 << 31)
