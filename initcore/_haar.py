"""Haar-random frames from Gaussian reflectors, in matrix products only.

The reflector vectors of the QR decomposition of a Gaussian matrix are themselves independent
Gaussian vectors of falling length (Stewart 1980), so `Q` can be put together without factoring
anything: `Q = H_1 H_2 ... H_m [I; 0] diag(-s)` with `H_k = I - v_k v_k^T`, `|v_k|**2 = 2`,
`v_k` along `x_k + s_k |x_k| e_k`, `s_k = sign(x_k[k])` and `x_k` Gaussian from entry `k` on.

A block of reflectors is `I - V T V^T`, `T^-1 = I + strict_upper(V^T V)` (compact WY form). Blocks
are applied from the last to the first, each to the trailing frame only: `4/3 n**3` operations for
a square matrix, half of what a QR decomposition and the forming of its `Q` take.
"""

from typing import Any

from ._dtype import device_of, is_jax, is_numpy, is_torch
from ._rng import Rng

__all__ = ["haar"]

BLOCK = 128  # reflectors a block; results do not depend on it but for rounding
LEAF = 32  # triangles up to this size are inverted by masked doubling
ROWS = 256  # rows of the frame that are worth a product of their own
MOST_BLOCKS = 16  # of a compiled program: larger matrices take larger blocks, to compile sooner


def haar(rng: Rng, count: int, out: int, in_: int, gain: Any = 1.0) -> Any:
    """`(count, out, in_)`: matrices uniform on the Stiefel manifold, times `gain`.

    Entry `j >= k` of vector `k` of matrix `c` is element `(c, k, j)` of the normal stream over
    `(count, min(out, in_), max(out, in_))`.
    """
    xp = rng.xp
    n, m = max(out, in_), min(out, in_)
    # The wide case is the tall one with every matrix transposed and every product turned round.
    tall = out > in_

    def turn(x: Any) -> Any:
        return x if tall else xp.matrix_transpose(x)

    def mul(a: Any, b: Any) -> Any:
        a, b = (a, b) if tall else (b, a)
        # JAX rounds the factors of a product to TF32 or bfloat16 on GPU and TPU unless told not to.
        return xp.matmul(a, b, precision="highest") if is_jax(xp) else xp.matmul(a, b)

    # A plain array cannot take what torch.func.vmap or a compiler made of a traced key or gain.
    plain = isinstance(rng.key[0], int) and isinstance(gain, (int, float))
    in_place = plain and (is_numpy(xp) or is_torch(xp))
    block = min(m, BLOCK if in_place else max(BLOCK, -(-m // MOST_BLOCKS)))
    frame = (_Frame if in_place else _PureFrame)(count, n, m, tall, xp)
    joins: list[Any] = []
    for k in reversed(range(0, m, block)):
        b = min(block, m - k)
        x = rng.normal((count, b, n - k), start=k * (n + 1), strides=(m * n, n, 1))
        head, tail, s = _reflectors(x, xp)
        del x  # as large as a block of rows
        joins = joins or _joins(min(block, LEAF), head, xp)
        gram = xp.matmul(head, xp.matrix_transpose(head))
        gram = gram + xp.matmul(tail, xp.matrix_transpose(tail))
        minus_t = turn(-_inverse(gram, joins, xp))
        vt1, vt2 = (head, tail) if tall else map(xp.matrix_transpose, (head, tail))
        v1, v2 = map(xp.matrix_transpose, (vt1, vt2))
        # [diag, 0; 0, Q] - V T V^T [diag, 0; 0, Q], block by block; Q is the frame so far.
        scale = _diagonal(-s * gain, xp)
        left = mul(minus_t, mul(vt1, scale))
        right = None
        if k + b < m:
            right = mul(minus_t, mul(vt2, frame.trailing(k + b)))
            frame.add(k + b, v2, right, mul)
            right = mul(v1, right)
        frame.border(k, b, scale + mul(v1, left), mul(v2, left), right)
    return frame.whole()


class _Frame:
    """The frame under construction, in one array that is filled from its last corner."""

    def __init__(self, count: int, n: int, m: int, tall: bool, xp: Any) -> None:
        self._shape = (count, n, m) if tall else (count, m, n)
        self._tall, self._xp = tall, xp
        self._whole: Any = None

    def _at(self, rows: slice, columns: slice) -> Any:
        return self._whole[(..., rows, columns) if self._tall else (..., columns, rows)]

    def trailing(self, k: int) -> Any:
        """What is filled: rows and columns from `k` on."""
        return self._at(slice(k, None), slice(k, None))

    def add(self, k: int, left: Any, right: Any, mul: Any) -> None:
        """Add `mul(left, right)` to what is filled, some rows at a time to save memory."""
        rows = self._shape[-2 if self._tall else -1] - k
        step = max(ROWS, -(-rows // 8))
        for at in range(0, rows, step):
            some = slice(at, at + step)
            part = self._at(slice(k + at, min(k + at + step, k + rows)), slice(k, None))
            part += mul(left[..., some, :] if self._tall else left[..., some], right)

    def border(self, k: int, b: int, corner: Any, below: Any, right: Any) -> None:
        """Put `b` rows and columns before what is filled: `[corner, right; below, ...]`."""
        if self._whole is None:
            self._whole = self._xp.empty(
                self._shape, dtype=corner.dtype, device=device_of(corner, self._xp)
            )
        here, after = slice(k, k + b), slice(k + b, None)
        self._at(here, here)[...] = corner
        self._at(after, here)[...] = below
        if right is not None:
            self._at(here, after)[...] = right

    def whole(self) -> Any:
        """The finished frame."""
        return self._whole


class _PureFrame(_Frame):
    """The same for namespaces whose arrays do not change: a larger array a block."""

    def trailing(self, k: int) -> Any:
        return self._whole

    def add(self, k: int, left: Any, right: Any, mul: Any) -> None:
        self._whole = self._whole + mul(left, right)

    def border(self, k: int, b: int, corner: Any, below: Any, right: Any) -> None:
        if right is None:
            self._whole = self._join(corner, below, -2)
            return
        lower = self._join(below, self._whole, -1)
        self._whole = None  # freed before the larger one is made
        self._whole = self._join(self._join(corner, right, -1), lower, -2)

    def _join(self, a: Any, b: Any, axis: int) -> Any:
        return self._xp.concat([a, b], axis=axis if self._tall else -3 - axis)


def _reflectors(x: Any, xp: Any) -> tuple[Any, Any, Any]:
    """Vectors `v_k`, `|v_k|**2 = 2`, as the rows of `[head, tail]`, and the signs `s_k`.

    Entry `j < k` of Gaussian row `k` of `x` `(..., b, n)` is taken for 0; `head` is `(..., b, b)`.
    """
    b = x.shape[-2]
    column = xp.arange(b, dtype=xp.int32, device=device_of(x, xp))
    row = xp.reshape(column, (b, 1))
    head, tail = x[..., :b], x[..., b:]
    head = xp.where(column >= row, head, xp.zeros_like(head))
    lead = xp.sum(xp.where(column == row, head, xp.zeros_like(head)), axis=-1)
    norm = xp.sqrt(xp.sum(head * head, axis=-1) + xp.sum(tail * tail, axis=-1))
    s = xp.where(lead < 0, -xp.ones_like(lead), xp.ones_like(lead))
    # |x + s |x| e|**2 = 2 |x| (|x| + |lead|); no draw of a normal is exactly 0.
    scale = 1 / xp.sqrt(norm * (norm + s * lead))[..., None]
    head = xp.where(column == row, (lead + s * norm)[..., None], head)
    return head * scale, tail * scale, s


def _inverse(gram: Any, joins: list[Any], xp: Any) -> Any:
    """The inverse of `I + strict_upper(gram)`: `[A, B; 0, C]` has `[A', -A'BC'; 0, C']`."""
    b = gram.shape[-1]
    if is_torch(xp):  # it solves triangles itself, and is slow to multiply many small matrices
        return xp.linalg.solve_triangular(gram, _eye(gram, xp), upper=True, unitriangular=True)
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
            off = -xp.matmul(a, xp.matmul(gram[..., rows, columns], c))
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
    inverse = xp.zeros_like(gram) + _eye(gram, xp)
    for join in joins[: max(b - 1, 0).bit_length()]:
        off = gram * join[:b, :b]
        inverse = inverse - xp.matmul(xp.matmul(inverse, off), inverse)
    return [inverse[i, ...] for i in range(gram.shape[0])]


def _joins(size: int, like: Any, xp: Any) -> list[Any]:
    """For 1, 2, 4, ...: ones where a block joins two inverted diagonal blocks of that size."""
    column = xp.arange(size, dtype=xp.int32, device=device_of(like, xp))
    row = xp.reshape(column, (size, 1))
    masks = []
    for s in (1 << i for i in range(max(size - 1, 0).bit_length())):
        join = (row // s + 1 == column // s) & (column // s % 2 == 1)
        masks.append(xp.astype(join, like.dtype))
    return masks


def _eye(like: Any, xp: Any) -> Any:
    return xp.eye(like.shape[-1], dtype=like.dtype, device=device_of(like, xp))


def _diagonal(values: Any, xp: Any) -> Any:
    """Square matrices with `values` on the diagonal."""
    return values[..., None, :] * _eye(values, xp)
