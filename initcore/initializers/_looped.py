"""Haar-random frames in one loop over blocks of reflectors, for programs that JAX compiles.

The mathematics is that of `_reflectors`. A block is as long as the frame, with zeros before its
first entry, so that all blocks are alike and the program has one of them: it compiles as fast as
one block, and no array is cut where it may lie on several devices. Columns before a block are as
the frame began, multiples of unit vectors that the block does not see. So any columns can be made
without the others.
"""

import math
import sys
from typing import Any

from ..arrays import conjugate, is_complex, is_jax, matmul
from ..random import Rng
from ._frames import eye_like

__all__ = ["is_looped", "looped"]

BLOCK = 64  # reflectors a block: two arrays as long as the frame and as wide as this are in memory
CHUNKS = 8  # of the frame, which are changed one after another: the product takes memory, too


def is_looped(rng: Rng, count: int, n: int, m: int) -> bool:
    """Whether the key is known only to a running program of JAX, which counts in 32 bits."""
    traced = is_jax(rng.xp) and not isinstance(rng.key[0], int)
    return traced and 0 < count * n * m <= 1 << 32


def looped(
    rng: Rng, count: int, n: int, m: int, gain: Any, turned: bool, columns: tuple[Any, int]
) -> Any:
    """`(count, n, size)`: columns of frames of `m` columns, times `gain`; transposed if `turned`.

    Args:
        rng: The key, such that `is_looped`.
        count, n, m: The number of frames and their sizes, `n >= m`.
        gain: A factor.
        turned: Whether matrices are transposed.
        columns: The first column, an integer that may be traced, and how many.
    """

    def one(number: Any) -> Any:
        w = _frame(rng, number, n, m, gain, *columns)
        return rng.xp.matrix_transpose(w) if turned else w

    if count == 1:  # in two axes: a third one costs a copy, where the result is transposed again
        return one(0)[None, ...]
    return sys.modules["jax"].vmap(one)(rng.xp.arange(count, dtype=rng.xp.uint32))


def _frame(rng: Rng, number: Any, n: int, m: int, gain: Any, first: Any, columns: int) -> Any:
    xp, lax = rng.xp, sys.modules["jax"].lax
    # Elements of the stream are counted modulo 2**32.
    begin = number * xp.asarray(n * m & 0xFFFFFFFF, dtype=xp.uint32)
    some = xp.reshape(xp.arange(columns, dtype=xp.int32) + first, (1, columns))
    # Zeros that vary over devices as the key and the columns do, which shard_map wants of a loop.
    nothing = xp.astype(some * 0 + xp.astype(rng.key[0] * 0, xp.int32), rng.dtype)
    frame = xp.zeros((n, columns), dtype=rng.dtype) + nothing
    b = min(BLOCK, m)
    blocks, chunks = -(-m // b), math.gcd(n, CHUNKS)

    def apply(step: Any, frame: Any) -> Any:
        k = (blocks - 1 - step) * b
        vt, s = _vectors(rng, begin, n, m, b, k)
        vh = conjugate(vt, xp)
        minus_t = -_inverse(matmul(vh, xp.matrix_transpose(vt), xp), xp)
        # The block's own columns begin with -s on the diagonal.
        own = xp.reshape(xp.arange(b, dtype=xp.int32), (b, 1)) + k == some
        lead = xp.sum(xp.where(own, -s * gain, xp.zeros_like(s)), axis=0, keepdims=True)
        image = matmul(vh, frame, xp) + _columns(vh, some, first, columns, xp) * lead
        right = matmul(minus_t, image, xp)
        # Rows r, r + chunks, r + 2 chunks, ... together: however the axis lies on devices, each has
        # its share of them.
        split = xp.reshape(frame, (n // chunks, chunks, columns))
        parts = xp.reshape(vt, (b, n // chunks, chunks))

        def add(chunk: Any, split: Any) -> Any:
            part = lax.dynamic_index_in_dim(parts, chunk, 2, keepdims=False)
            rows = lax.dynamic_index_in_dim(split, chunk, 1, keepdims=False)
            number = xp.reshape(xp.arange(n // chunks, dtype=xp.int32), (-1, 1)) * chunks + chunk
            rows = rows + xp.where(number == some, lead, xp.zeros_like(lead))
            rows = rows + matmul(xp.matrix_transpose(part), right, xp)
            return lax.dynamic_update_index_in_dim(split, rows, chunk, 1)

        return xp.reshape(lax.fori_loop(0, chunks, add, split), (n, columns))

    return lax.fori_loop(0, blocks, apply, frame)


def _columns(vh: Any, some: Any, first: Any, columns: int, xp: Any) -> Any:
    """Those entries of vectors that stand in the columns of the frame."""
    if isinstance(first, int):
        return vh[:, first : first + columns]
    return xp.take(vh, xp.reshape(some, (columns,)), axis=1)


def _vectors(rng: Rng, begin: Any, n: int, m: int, b: int, k: Any) -> tuple[Any, Any]:
    """Vectors `k` to `k + b`, `|v|**2 = 2`, as rows `(b, n)`, and their signs `s` `(b, 1)`.

    Those after `m` are zeros.
    """
    xp = rng.xp
    start = xp.astype(k, xp.uint32) * xp.asarray(n, dtype=xp.uint32) + begin
    x: Any = rng.normal((b, n), start=start, strides=(n, 1))
    number = xp.reshape(xp.arange(b, dtype=xp.int32), (b, 1)) + k
    entry = xp.reshape(xp.arange(n, dtype=xp.int32), (1, n))
    x = xp.where((entry >= number) & (number < m), x, xp.zeros_like(x))
    lead = xp.sum(xp.where(entry == number, x, xp.zeros_like(x)), axis=1, keepdims=True)
    norm = xp.sqrt(xp.sum(_squared(x, xp), axis=1, keepdims=True))
    if is_complex(x.dtype):
        size = xp.abs(lead)
        s = lead / xp.astype(xp.where(size > 0, size, xp.ones_like(size)), x.dtype)
    else:
        s = xp.where(lead < 0, -xp.ones_like(lead), xp.ones_like(lead))
        size = s * lead
    there = norm > 0
    scale = xp.where(there, norm * (norm + size), xp.ones_like(norm)) ** -0.5
    longer = xp.where(entry == number, s * norm, xp.zeros_like(s))
    return (x + longer) * scale, s


def _squared(x: Any, xp: Any) -> Any:
    """Squared moduli."""
    if not is_complex(x.dtype):
        return x * x
    re, im = xp.real(x), xp.imag(x)
    return re * re + im * im


def _inverse(gram: Any, xp: Any) -> Any:
    """The inverse of `I + strict_upper(gram)`."""
    solve = sys.modules["jax"].lax.linalg.triangular_solve
    eye = xp.zeros_like(gram) + eye_like(gram, xp)
    return solve(gram, eye, left_side=True, lower=False, unit_diagonal=True)
