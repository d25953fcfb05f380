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

from ._dtype import device_of, is_jax
from ._rng import Rng

__all__ = ["haar"]

BLOCK = 128  # reflectors a block; results do not depend on it but for rounding
LEAF = 32  # triangles up to this size are inverted by masked doubling
MOST_BLOCKS = 32  # larger matrices take larger blocks, which keeps compiled programs short


def haar(rng: Rng, count: int, out: int, in_: int, gain: Any = 1.0) -> Any:
    """`(count, out, in_)`: matrices uniform on the Stiefel manifold, times `gain`.

    Entry `j >= k` of vector `k` of matrix `c` is element `(c, k, j)` of the normal stream over
    `(count, min(out, in_), max(out, in_))`.
    """
    xp = rng.xp
    n, m = max(out, in_), min(out, in_)
    # The wide case is the tall one with every matrix transposed and every product turned round.
    tall = out > in_

    def cat(a: Any, b: Any, axis: int) -> Any:
        return xp.concat([a, b], axis=axis if tall else -3 - axis)

    def mul(a: Any, b: Any) -> Any:
        a, b = (a, b) if tall else (b, a)
        # JAX rounds the factors of a product to TF32 or bfloat16 on GPU and TPU unless told not to.
        return xp.matmul(a, b, precision="highest") if is_jax(xp) else xp.matmul(a, b)

    block = min(m, max(BLOCK, -(-m // MOST_BLOCKS)))
    q: Any = None
    joins: list[Any] = []
    for k in reversed(range(0, m, block)):
        b = min(block, m - k)
        x = rng.normal((count, b, n - k), start=k * (n + 1), strides=(m * n, n, 1))
        rows, s = _reflectors(x, xp)
        columns = xp.matrix_transpose(rows)
        v, vt = (columns, rows) if tall else (rows, columns)
        joins = joins or _joins(min(block, LEAF), rows, xp)
        t = _inverse(xp.matmul(rows, columns), joins, xp)
        t = t if tall else xp.matrix_transpose(t)
        scale = _diagonal(-s * gain, xp)
        v1, v2 = _split(v, b, -2 if tall else -1)
        vt1, vt2 = _split(vt, b, -1 if tall else -2)
        # [diag, 0; 0, q] - V T V^T [diag, 0; 0, q], block by block.
        left = mul(t, mul(vt1, scale))
        top = scale - mul(v1, left)
        if q is None:
            q = cat(top, -mul(v2, left), -2)
        else:
            right = mul(t, mul(vt2, q))
            rest = q - mul(v2, right)
            q = None  # freed before the larger frame is put together
            q = cat(cat(top, -mul(v1, right), -1), cat(-mul(v2, left), rest, -1), -2)
            del rest
    return q


def _reflectors(x: Any, xp: Any) -> tuple[Any, Any]:
    """Vectors `v_k` with `|v_k|**2 = 2` as rows, and the signs `s_k`, of Gaussian rows `x`."""
    b, n = x.shape[-2:]
    device = device_of(x, xp)
    row = xp.reshape(xp.arange(b, dtype=xp.int32, device=device), (b, 1))
    column = xp.arange(n, dtype=xp.int32, device=device)
    x = xp.where(column >= row, x, xp.zeros_like(x))
    first = column == row
    lead = xp.sum(xp.where(first, x, xp.zeros_like(x)), axis=-1)
    norm = xp.sqrt(xp.sum(x * x, axis=-1))
    s = xp.where(lead < 0, -xp.ones_like(lead), xp.ones_like(lead))
    # |x + s |x| e|**2 = 2 |x| (|x| + |lead|); no draw of a normal is exactly 0.
    length = xp.sqrt(norm * (norm + s * lead))
    v = xp.where(first, (lead + s * norm)[..., None], x) / length[..., None]
    return v, s


def _inverse(gram: Any, joins: list[Any], xp: Any) -> Any:
    """The inverse of `I + strict_upper(gram)`: `[A, B; 0, C]` has `[A', -A'BC'; 0, C']`."""
    b = gram.shape[-1]
    if b <= LEAF:
        inverse = xp.zeros_like(gram) + _eye(gram, xp)
        for join in joins[: max(b - 1, 0).bit_length()]:
            off = gram * join[:b, :b]
            inverse = inverse - xp.matmul(xp.matmul(inverse, off), inverse)
        return inverse
    half = LEAF << ((b - 1) // LEAF).bit_length() - 1
    a = _inverse(gram[..., :half, :half], joins, xp)
    c = _inverse(gram[..., half:, half:], joins, xp)
    off = -xp.matmul(a, xp.matmul(gram[..., :half, half:], c))
    below = xp.zeros_like(xp.matrix_transpose(off))
    return xp.concat([xp.concat([a, off], axis=-1), xp.concat([below, c], axis=-1)], axis=-2)


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


def _split(x: Any, at: int, axis: int) -> tuple[Any, Any]:
    if axis == -1:
        return x[..., :at], x[..., at:]
    return x[..., :at, :], x[..., at:, :]
