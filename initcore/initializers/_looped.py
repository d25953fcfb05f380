"""Haar-random frames in one loop over blocks of reflectors, for programs that JAX compiles.

The mathematics is that of `_reflectors`, but the signs of columns come last: `Q = (H_1 ... H_m) [I;
0] diag(-s)`. A block is as long as the frame, with zeros before its first entry, so that all blocks
are alike and the program has one of them: it compiles as fast as one block. Columns before a block
are unit vectors yet, which it does not see, and any columns can be made without the others.

A block changes panels of columns one after another. A program for one device passes over those that
are before the block. On several devices, any of which may hold any part of the frame, a panel has
columns of all parts instead, and none is cut where it lies.
"""

import math
import sys
from typing import Any

from ..arrays import conjugate, is_complex, is_jax, matmul
from ..random import Rng
from ._frames import Turned, eye_like

__all__ = ["is_looped", "looped"]

BLOCK = 256  # reflectors a block on one device: two arrays of so many columns are in memory
SHARED_BLOCK = 128  # the same on several devices, each of which has a part of the frame only
PANELS = 8  # of the frame: what is added to one takes memory, too


def is_looped(rng: Rng, count: int, n: int, m: int) -> bool:
    """Whether the key is known only to a running program of JAX, which counts in 32 bits."""
    traced = is_jax(rng.xp) and not isinstance(rng.key[0], int)
    return traced and 0 < count * n * m <= 1 << 32


def looped(
    rng: Rng, count: int, n: int, m: int, gain: Any, tall: bool, columns: tuple[Any, int]
) -> Any:
    """`(count, n, size)`: columns of frames of `m` columns, times `gain`; rows unless `tall`.

    Args:
        rng: The key, such that `is_looped`.
        count, n, m: The number of frames and their sizes, `n >= m`.
        gain: A factor.
        tall: Whether matrices are not transposed.
        columns: The first column, an integer that may be traced, and how many.
    """

    def one(number: Any) -> Any:
        return _frame(rng, number, n, m, gain, tall, *columns)

    if count == 1:
        return one(0)[None, ...]
    return sys.modules["jax"].vmap(one)(rng.xp.arange(count, dtype=rng.xp.uint32))


def _frame(
    rng: Rng, number: Any, n: int, m: int, gain: Any, tall: bool, first: Any, columns: int
) -> Any:
    # The kernels of JAX are the transposes of these matrices: two of them in a row cost nothing.
    xp, jax, turned = rng.xp, sys.modules["jax"], Turned(not tall, rng.xp)
    lax, alone = jax.lax, jax.device_count() == 1
    # Elements of the stream are counted modulo 2**32.
    begin = number * xp.asarray(n * m & 0xFFFFFFFF, dtype=xp.uint32)
    blocks = -(-m // (BLOCK if alone else SHARED_BLOCK))
    b = -(-m // blocks)
    panels = PANELS if alone else math.gcd(columns, PANELS)
    width = -(-columns // panels)
    # Zeros that vary over devices as the key and the columns do, which shard_map wants of a loop.
    nothing = xp.astype(rng.key[0] * 0, xp.int32) + first * 0
    row = turned.turn(xp.reshape(xp.arange(n, dtype=xp.int32), (n, 1)))
    column = turned.turn(xp.reshape(xp.arange(panels * width, dtype=xp.int32), (1, -1)))
    frame = xp.astype(row == column + first + nothing, rng.dtype)
    leads = xp.zeros((blocks * b,), dtype=rng.dtype) + xp.astype(nothing, rng.dtype)
    axis = 0 if tall else 1  # of the columns, in panels of neighbours or of every eighth
    split = (panels, width) if alone else (width, panels)
    axis, shape = axis + (not alone), (*frame.shape[:axis], *split, *frame.shape[axis + 1 :])

    def apply(step: Any, state: Any) -> Any:
        frame, leads = state
        k = (blocks - 1 - step) * b
        vt, s = _vectors(rng, begin, n, m, b, k)
        vh = conjugate(vt, xp)
        minus_t = -_inverse(matmul(vh, xp.matrix_transpose(vt), xp), xp)

        def add(number: Any, frame: Any) -> Any:
            panel = lax.dynamic_index_in_dim(frame, number, axis, keepdims=False)
            image = turned.mul(turned.turn(minus_t), turned.mul(turned.turn(vh), panel))
            panel = panel + turned.mul(turned.turn(xp.matrix_transpose(vt)), image)
            return lax.dynamic_update_index_in_dim(frame, panel, number, axis)

        done = xp.clip((k - first) // width, 0, panels) if alone else 0
        frame = xp.reshape(frame, shape)
        frame = xp.reshape(lax.fori_loop(done, panels, add, frame), state[0].shape)
        return frame, lax.dynamic_update_slice(leads, -s[:, 0], (k,))

    frame, leads = lax.fori_loop(0, blocks, apply, (frame, leads))
    leads = lax.dynamic_slice(leads, (first,), (columns,)) * gain
    frame = frame[:columns, :] if tall else frame[:, :columns]
    return xp.matrix_transpose(frame * turned.turn(leads[None, :]))


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
    lead = xp.take_along_axis(x, xp.clip(number, 0, n - 1), axis=1)
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
    v = (x + longer) * scale
    if is_complex(x.dtype):  # phases are rounded more than signs
        squares = xp.sum(_squared(v, xp), axis=1, keepdims=True)
        v = v * (2 / xp.where(there, squares, 2 * xp.ones_like(squares))) ** 0.5
    return v, s


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
