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

from typing import Any

from ..arrays import conjugate, device_of, is_accelerator, is_complex, is_numpy, is_torch, matmul
from ..random import Rng

__all__ = ["haar"]

BLOCK = 128  # reflectors a block; results do not depend on it but for rounding
DEVICE_BLOCK = 1024  # on an accelerator, which waits for every call: few large ones are better
LEAF = 32  # triangles up to this size are inverted by masked doubling
ROWS = 256  # rows of the frame that are worth a separate product
MOST_BLOCKS = 16  # of a compiled program: larger matrices take larger blocks, to compile sooner


def haar(rng: Rng, count: int, rows: int, columns: int, gain: Any = 1.0, *, out: Any = None) -> Any:
    """`(count, rows, columns)`: matrices uniform on the Stiefel manifold, times `gain`.

    Entry `j >= k` of vector `k` of matrix `c` is element `(c, k, j)` of the normal stream over
    `(count, min(rows, columns), max(rows, columns))`.
    """
    xp = rng.xp
    n, m = max(rows, columns), min(rows, columns)
    # A plain array cannot take what torch.func.vmap or a compiler made of a traced key or gain.
    plain = isinstance(rng.key[0], int) and isinstance(gain, (int, float))
    in_place = plain and (is_numpy(xp) or is_torch(xp))
    at_least = DEVICE_BLOCK if is_accelerator(rng.device) else BLOCK
    block = min(m, at_least if in_place else max(BLOCK, -(-m // MOST_BLOCKS)))
    starts = range(0, m, max(block, 1))[::-1]
    windows = [((count, min(block, m - k), n - k), k * (n + 1), (m * n, n, 1)) for k in starts]
    frame = (_Frame if in_place else _PureFrame)(count, n, m, rows > columns, rng, out)
    joins: list[Any] = []
    scratch = frame.scratch() if in_place else None
    for k, x in zip(starts, rng.normals(windows, scratch), strict=True):
        vt, s = _reflectors(x, in_place, xp)
        joins = joins or _joins(min(block, LEAF), vt, xp)
        vh = conjugate(vt, xp)
        minus_t = -_inverse(matmul(vh, xp.matrix_transpose(vt), xp), joins, xp)
        # With the frame so far for Q, F = [diag, 0; 0, Q] becomes F - V T V^T F.
        diagonal = -s * gain
        right = frame.mul(frame.turn(minus_t), frame.image(k, vh, diagonal))
        frame.grow(k, diagonal)
        frame.add(k, frame.turn(xp.matrix_transpose(vt)), right)
    return frame.whole


class _Frame:
    """The frame under construction, in one array that is filled from its last corner.

    The wide case is the tall one with every matrix turned, and every product turned round.
    """

    def __init__(self, count: int, n: int, m: int, tall: bool, rng: Rng, out: Any = None) -> None:
        self._tall, self._rng, self._xp = tall, rng, rng.xp
        self.whole = self._start(count, n, m, out)

    def _start(self, count: int, n: int, m: int, out: Any) -> Any:
        shape = self._shape(count, n, m)
        if out is not None:
            return self._xp.reshape(out, shape)
        return self._xp.empty(shape, dtype=self._rng.dtype, device=self._rng.device)

    def _shape(self, count: int, rows: int, columns: int) -> tuple[int, int, int]:
        return (count, rows, columns) if self._tall else (count, columns, rows)

    def scratch(self) -> Any:
        """The frame's memory, to draw the Gaussians in: rows are filled from the last to the first,
        and the Gaussians of a row, which are shorter, are read before it is filled.

        None unless it is a single frame that is not tall.
        """
        single = not self._tall and self.whole.shape[0] == 1
        return self._xp.reshape(self.whole, (-1,)) if single else None

    def turn(self, x: Any) -> Any:
        """`x`, transposed in the wide case."""
        return x if self._tall else self._xp.matrix_transpose(x)

    def mul(self, a: Any, b: Any) -> Any:
        """The product of turned matrices, turned."""
        a, b = (a, b) if self._tall else (b, a)
        return matmul(a, b, self._xp)

    def image(self, k: int, vt: Any, diagonal: Any) -> Any:
        """`V^T F`, turned: `vt` has the columns of `diagonal` first."""
        b = diagonal.shape[-1]
        here = self.turn(vt[..., :b] * diagonal[..., None, :])
        rest = self.mul(self.turn(vt[..., b:]), self._filled(k + b))
        return self._join(here, rest, -1)

    def grow(self, k: int, diagonal: Any) -> None:
        """Put rows and columns before what is filled: `[diag, 0; 0, ...]`."""
        here, after = slice(k, k + diagonal.shape[-1]), slice(k + diagonal.shape[-1], None)
        self.whole[..., here, here] = _diagonal(diagonal, self._xp)
        self.whole[..., here, after] = 0
        self.whole[..., after, here] = 0

    def add(self, k: int, left: Any, right: Any) -> None:
        """Add `mul(left, right)` to what is filled, without a copy of it."""
        filled = self._filled(k)
        if is_torch(self._xp):
            filled.baddbmm_(*((left, right) if self._tall else (right, left)))
            return
        rows = left.shape[-2 if self._tall else -1]
        step = max(ROWS, -(-rows // 8))
        for at in range(0, rows, step):
            some = slice(at, at + step)
            part = filled[..., some, :] if self._tall else filled[..., some]
            part += self.mul(left[..., some, :] if self._tall else left[..., some], right)

    def _filled(self, k: int) -> Any:
        return self.whole[..., k:, k:]

    def _join(self, a: Any, b: Any, axis: int) -> Any:
        return self._xp.concat([a, b], axis=axis if self._tall else -3 - axis)


class _PureFrame(_Frame):
    """The same for namespaces whose arrays do not change: a larger array a block."""

    def _start(self, count: int, n: int, m: int, out: Any) -> Any:
        return self._zeros(count, n - m, 0)

    def _zeros(self, *sizes: int) -> Any:
        return self._xp.zeros(self._shape(*sizes), dtype=self._rng.dtype, device=self._rng.device)

    def grow(self, k: int, diagonal: Any) -> None:
        count, rows, columns = self.turn(self.whole).shape
        b = diagonal.shape[-1]
        lower = self._join(self._zeros(count, rows, b), self.whole, -1)
        upper = self._join(_diagonal(diagonal, self._xp), self._zeros(count, b, columns), -1)
        self.whole = self._join(upper, lower, -2)

    def add(self, k: int, left: Any, right: Any) -> None:
        self.whole = self.whole + self.mul(left, right)

    def _filled(self, k: int) -> Any:
        return self.whole


def _reflectors(x: Any, in_place: bool, xp: Any) -> tuple[Any, Any]:
    """Vectors `v_k`, `|v_k|**2 = 2`, as rows, and the signs `s_k`.

    Entry `j < k` of Gaussian row `k` of `x` `(..., b, n)` is taken for 0. `x` itself becomes the
    vectors where that may be.
    """
    b = x.shape[-2]
    head, tail = xp.triu(x[..., :b]), x[..., b:]
    lead = xp.linalg.diagonal(head)
    norm = xp.sqrt(_squares(head, xp) + _squares(tail, xp))
    # |x + s |x| e|**2 = 2 |x| (|x| + |lead|); no draw of a normal is exactly 0.
    if is_complex(x.dtype):
        size = xp.abs(lead)
        s = lead / size
    else:
        s = xp.where(lead < 0, -xp.ones_like(lead), xp.ones_like(lead))
        size = s * lead
    scale = 1 / xp.sqrt(norm * (norm + size))[..., None]
    head = head + _diagonal(s * norm, xp)
    if not in_place:
        return xp.concat([head * scale, tail * scale], axis=-1), s
    x[..., :b] = head
    x *= scale
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
    inverse = xp.zeros_like(gram) + _eye(gram, xp)
    for join in joins[: max(b - 1, 0).bit_length()]:
        off = gram * _of_rank(join[:b, :b], gram.ndim, xp)
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


def _eye(like: Any, xp: Any) -> Any:
    """The identity, with as many axes as the matrices `like`."""
    eye = xp.eye(like.shape[-1], dtype=like.dtype, device=device_of(like, xp))
    return _of_rank(eye, like.ndim, xp)


def _of_rank(matrix: Any, axes: int, xp: Any) -> Any:
    """A matrix with leading axes of size 1: strict modes of JAX ask for ranks that are equal."""
    return xp.reshape(matrix, (1,) * (axes - matrix.ndim) + tuple(matrix.shape))


def _diagonal(values: Any, xp: Any) -> Any:
    """Square matrices with `values` on the diagonal."""
    wide = values[..., None, :]
    return wide * _eye(wide, xp)
