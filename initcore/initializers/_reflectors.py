"""Haar-random frames from Gaussian reflectors, in matrix products only.

The reflector vectors of the QR decomposition of a Gaussian matrix are themselves independent
Gaussian vectors of falling length (Stewart 1980), so `Q` can be put together without factoring
anything: `Q = H_1 H_2 ... H_m [I; 0] diag(-s)` with `H_k = I - v_k v_k^T`, `|v_k|**2 = 2`,
`v_k` along `x_k + s_k |x_k| e_k`, `s_k = sign(x_k[k])` and `x_k` Gaussian from entry `k` on.
Complex matrices are unitary in the same way: transposes are conjugate, and signs are phases.

A block of reflectors is `I - V T V^T`, `T^-1 = I + strict_upper(V^T V)` (compact WY form). Blocks
are applied from the last to the first, each to the trailing frame only: `4/3 n**3` operations for
a square matrix, half of what a QR decomposition and the forming of its `Q` take.
"""

from collections.abc import Iterator
from typing import Any

from ..arrays import (
    conjugate,
    device_of,
    is_accelerator,
    is_complex,
    is_numpy,
    is_torch,
    matmul,
)
from ..random import Rng, draw_frames, has_frames
from ._frames import Block, GrowingFrame, Panels, add_to_diagonal, diagonal, eye_like, of_rank
from ._looped import is_looped, looped

__all__ = ["haar", "haar_part", "is_panelled"]

BLOCK = 128  # reflectors a block, columns a panel; without effect but for rounding
DEVICE_BLOCK = 1024  # on an accelerator, which waits for every call: few large ones are better
LEAF = 32  # triangles up to this size are inverted by masked doubling
MOST_BLOCKS = 16  # of a compiled program: larger matrices take larger blocks, to compile sooner
STACKED = 1 << 18  # elements of matrices that are worked on together, in a processor's cache
SMALL = 1 << 13  # elements of a matrix of which any part is cut from the whole

Range = tuple[int, int]


def haar(rng: Rng, count: int, rows: int, columns: int, gain: Any = 1.0, *, out: Any = None) -> Any:
    """`(count, rows, columns)`: matrices uniform on the Stiefel manifold, times `gain`.

    Entry `j >= k` of vector `k` of matrix `c` is element `(c, k, j)` of the normal stream over
    `(count, min(rows, columns), max(rows, columns))`.
    """
    xp, tall = rng.xp, rows > columns
    n, m = max(rows, columns), min(rows, columns)
    if is_looped(rng, count, n, m):
        return looped(rng, count, n, m, gain, tall, (0, m))
    if not is_panelled(rng, gain):
        frame = GrowingFrame(count, n, m, tall, rng)
        frame.apply_all(_blocks(rng, (0, count), n, m, m, gain))
        return frame.w
    shape = (count, rows, columns)
    if has_frames(rng, n):
        out = None if out is None else xp.reshape(out, shape)
        return draw_frames(rng, shape, gain, (0, count), (0, rows), (0, columns), out)
    if out is None:
        out = xp.empty(shape, dtype=rng.dtype, device=rng.device)
    w = xp.reshape(out, shape)
    for c, after in _stacks(rng, (0, count), n * m):
        some = w[c:after, ...]
        # Rows are filled from the last to the first, and the Gaussians of a row, which are shorter,
        # are read before it is filled: they are drawn in the frame's memory.
        scratch = None if tall or after - c > 1 else xp.reshape(some, (-1,))
        panels = Panels(some, tall, 0, _width(rng, m), xp)
        panels.apply_all(_blocks(rng, (c, after), n, m, m, gain, scratch))
    return w


def haar_part(
    rng: Rng, shape: tuple[int, int, int], gain: Any, groups: Range, row: Range, column: Range,
    out: Any = None,
) -> Any:  # fmt: skip
    """The rectangle of rows `row` and columns `column` of the matrices `groups` of `haar`.

    To the last bit, for the price of the frame's columns that are wanted (the rows of a matrix that
    is not taller than wide). A part of a frame's rows takes the operations of all of them, but not
    their memory.

    Args:
        rng, gain: Such that `is_panelled`.
        shape: Of all: the number of matrices, their rows and columns.
        groups, row, column: Ranges `(first, after)`.
        out: An array to write into, `(groups, rows, columns)` of the part.
    """
    xp, (count, rows, columns) = rng.xp, shape
    tall, n, m = rows > columns, max(rows, columns), min(rows, columns)
    if has_frames(rng, n):
        return draw_frames(rng, shape, gain, groups, row, column, out)
    if out is None:
        sizes = tuple(b - a for a, b in (groups, row, column))
        out = xp.empty(sizes, dtype=rng.dtype, device=rng.device)
    first, after = groups
    if after - first == 1 < count and _is_stacked(rng, n * m):  # none of them is made alone
        other = max(first - 1, 0)
        pair = haar_part(rng, shape, gain, (other, other + 2), row, column)
        out[...] = pair[first - other : after - other, ...]
        return out
    some, across = (column, row) if tall else (row, column)  # of the frame's columns and rows
    for these in _stacks(rng, groups, n * m):
        w = out[these[0] - first : these[1] - first, ...]
        if n * m <= SMALL:
            panels = Panels(_empty(rng, w.shape[0], n, m, tall), tall, 0, _width(rng, m), xp)
            panels.apply_all(_blocks(rng, these, n, m, m, gain))
            w[...] = panels.w[:, slice(*row), slice(*column)]
            continue
        for a, b in _chunks(some, across, n, _width(rng, m)):
            _write_columns(rng, these, n, m, gain, w, tall, some, across, (a, b))
    return out


def _is_stacked(rng: Rng, size: int) -> bool:
    """Whether matrices of so many elements are worked on together, two at least.

    Threads share one product out otherwise than many, and round it differently; so do accelerators.
    Complex matrices are each made alone: the registers of a processor round what fills them
    otherwise than what is left over, and another stack leaves over another matrix.
    """
    if is_complex(rng.dtype):
        return False
    return size <= (SMALL if is_accelerator(rng.device) else STACKED // 2)


def _stacks(rng: Rng, groups: Range, size: int) -> Iterator[Range]:
    """The matrices that are worked on together: two at least, but where there is one in all."""
    first, end = groups
    step, least = (STACKED // max(1, size), 2) if _is_stacked(rng, size) else (1, 1)
    if step > 1 and is_accelerator(rng.device):
        step = max(2, end - first)
    while first < end:
        after = first + step if end - first >= step + least else end
        yield first, after
        first = after


def _chunks(some: Range, across: Range, n: int, width: int) -> Iterator[Range]:
    """The columns in ranges that are made at once, all whole panels but the first and the last.

    Whole panels of whole columns are made where they belong. Others are made elsewhere, so many
    together as take twice the memory of the part, one at least: each time all reflectors are made.
    """
    a, end = some
    if across == (0, n):
        first, last = -(-a // width) * width, end // width * width
        if first < last:
            yield from (r for r in ((a, first), (first, last), (last, end)) if r[0] < r[1])
            return
    step = max(1, 2 * (end - a) * (across[1] - across[0]) // (n * width)) * width
    while a < end:
        stop = min((a // width) * width + step, end)
        yield a, stop
        a = stop


def _write_columns(
    rng: Rng, groups: Range, n: int, m: int, gain: Any, w: Any, tall: bool, some: Range,
    across: Range, chunk: Range,
) -> None:  # fmt: skip
    """Write the columns `chunk` of the frame, cut to the rows `across`, to their place in `w`."""
    width, xp = _width(rng, m), rng.xp
    first, after = chunk[0] // width * width, min(-(-chunk[1] // width) * width, m)
    here = slice(chunk[0] - some[0], chunk[1] - some[0])
    place = w[..., here] if tall else w[..., here, :]
    in_place = (first, after) == chunk and across == (0, n)
    whole = place if in_place else _empty(rng, w.shape[0], n, after - first, tall)
    panels = Panels(whole, tall, first, width, xp)
    panels.apply_all(_blocks(rng, groups, n, m, after, gain, apart=True))
    if not in_place:
        columns, rows = slice(chunk[0] - first, chunk[1] - first), slice(*across)
        place[...] = panels.w[:, rows, columns] if tall else panels.w[:, columns, rows]


def _empty(rng: Rng, count: int, n: int, columns: int, tall: bool) -> Any:
    shape = (count, n, columns) if tall else (count, columns, n)
    return rng.xp.empty(shape, dtype=rng.dtype, device=rng.device)


def is_panelled(rng: Rng, gain: Any) -> bool:
    """Whether frames are written to, panel by panel.

    A plain array cannot take what torch.func.vmap or a compiler made of a traced key or gain.
    """
    plain = isinstance(rng.key[0], int) and isinstance(gain, (int, float))
    return plain and (is_numpy(rng.xp) or is_torch(rng.xp))


def _width(rng: Rng, m: int) -> int:
    """Columns of a panel, never one alone: libraries round a matrix times a vector otherwise."""
    width = max(1, min(m, DEVICE_BLOCK if is_accelerator(rng.device) else BLOCK))
    while m % width == 1 and width > 2:
        width -= 1
    return width


def _blocks(
    rng: Rng, groups: Range, n: int, m: int, after: int, gain: Any, scratch: Any = None,
    *, apart: bool = False,
) -> Iterator[Block]:  # fmt: skip
    """The blocks of reflectors that columns before `after` need, the last one first.

    All Gaussians are drawn at once, on all cores, unless each is drawn apart to save memory.
    """
    xp, in_place = rng.xp, is_panelled(rng, gain)
    block = _width(rng, m) if in_place else min(m, max(BLOCK, -(-m // MOST_BLOCKS)))
    starts = range(0, after, max(block, 1))[::-1]
    count, begin = groups[1] - groups[0], groups[0] * m * n
    windows = [((count, min(block, m - k), n - k), begin + k * (n + 1), (m * n, n, 1))
               for k in starts]  # fmt: skip
    draws = (
        (x for window in windows for x in rng.normals([window]))
        if apart
        else rng.normals(windows, scratch)
    )
    draws = iter(draws)
    like = xp.zeros((), dtype=rng.dtype, device=rng.device)
    joins = [] if is_torch(xp) else _joins(min(block, LEAF), like, xp)
    for k in starts:  # no name here keeps a block that has been used
        yield _block(k, next(draws), gain, in_place, joins, xp)


def _block(k: int, x: Any, gain: Any, in_place: bool, joins: list[Any], xp: Any) -> Block:
    vt, s = _reflectors(x, in_place, xp)
    gram = matmul(conjugate(vt, xp), xp.matrix_transpose(vt), xp)
    return Block(k, vt, _inverse(gram, joins, xp), -s * gain)


def _reflectors(x: Any, in_place: bool, xp: Any) -> tuple[Any, Any]:
    """Vectors `v_k`, `|v_k|**2 = 2`, as rows, and the signs `s_k`.

    Entry `j < k` of Gaussian row `k` of `x` `(..., b, n)` is taken for 0. `x` itself becomes the
    vectors where that may be.
    """
    b = x.shape[-2]
    head, tail = xp.triu(x[..., :b]), x[..., b:]
    lead = xp.linalg.diagonal(head)
    if in_place:
        x[..., :b] = head
        norm = xp.sqrt(_squares(x, xp))
    else:
        norm = xp.sqrt(_squares(head, xp) + _squares(tail, xp))
    # |x + s |x| e|**2 = 2 |x| (|x| + |lead|); no draw of a normal is exactly 0.
    if is_complex(x.dtype):
        size = xp.abs(lead)
        s = lead / size
    else:
        s = xp.where(lead < 0, -xp.ones_like(lead), xp.ones_like(lead))
        size = s * lead
    scale = 1 / xp.sqrt(norm * (norm + size))[..., None]
    if in_place:
        add_to_diagonal(x, s * norm, xp)
        x *= scale
    else:
        head = head + diagonal(s * norm, xp)
        x = xp.concat([head * scale, tail * scale], axis=-1)
    if is_complex(x.dtype):  # phases are rounded more than signs
        x *= xp.sqrt(2 / _squares(x, xp))[..., None]
    return x, s


def _squares(x: Any, xp: Any) -> Any:
    """Sums of the squared moduli along the last axis."""
    if is_complex(x.dtype):
        re, im = xp.real(x), xp.imag(x)
        return xp.sum(re * re, axis=-1) + xp.sum(im * im, axis=-1)
    return xp.sum(x * x, axis=-1)


def _inverse(gram: Any, joins: list[Any], xp: Any) -> Any:
    """The inverse of `I + strict_upper(gram)`: `[A, B; 0, C]` has `[A', -A'BC'; 0, C']`."""
    b = gram.shape[-1]
    if is_torch(xp):  # it solves triangles itself, and is slow to multiply many small matrices
        return xp.linalg.solve_triangular(gram, eye_like(gram, xp), upper=True, unitriangular=True)
    spans = [slice(i, min(i + LEAF, b)) for i in range(0, b, LEAF)]
    full = [s for s in spans if s.stop - s.start == LEAF]
    parts = [] if not full else list(_leaves(xp.stack([gram[..., s, s] for s in full]), joins, xp))
    if len(full) < len(spans):
        parts += list(_leaves(gram[None, ..., spans[-1], spans[-1]], joins, xp))
    while len(parts) > 1:  # neighbours in pairs
        merged, joined = [], []
        for i in range(0, len(parts) - 1, 2):
            a, c = parts[i], parts[i + 1]
            rows, columns = spans[i], spans[i + 1]
            off = -matmul(a, matmul(gram[..., rows, columns], c, xp), xp)
            below = xp.zeros_like(xp.matrix_transpose(off))
            top = xp.concat([a, off], axis=-1)
            merged.append(xp.concat([top, xp.concat([below, c], axis=-1)], axis=-2))
            joined.append(slice(rows.start, columns.stop))
        if len(parts) % 2:
            merged.append(parts[-1])
            joined.append(spans[-1])
        parts, spans = merged, joined
    return parts[0]


def _leaves(gram: Any, joins: list[Any], xp: Any) -> Any:
    """Inverses of small triangles, by doubling the size of inverted diagonal blocks."""
    b = gram.shape[-1]
    inverse = xp.zeros_like(gram) + eye_like(gram, xp)
    for join in joins[: max(b - 1, 0).bit_length()]:
        off = gram * of_rank(join[:b, :b], gram.ndim, xp)
        inverse = inverse - matmul(matmul(inverse, off, xp), inverse, xp)
    return [inverse[i, ...] for i in range(gram.shape[0])]


def _joins(size: int, like: Any, xp: Any) -> list[Any]:
    """For 1, 2, 4, ...: ones where a block joins two inverted diagonal blocks of that size."""
    column = xp.arange(size, dtype=xp.int32, device=device_of(like, xp))
    row, column = xp.reshape(column, (size, 1)), xp.reshape(column, (1, size))
    masks = []
    for s in (1 << i for i in range(max(size - 1, 0).bit_length())):
        join = (row // s + 1 == column // s) & (column // s % 2 == 1)
        masks.append(xp.astype(join, like.dtype))
    return masks
