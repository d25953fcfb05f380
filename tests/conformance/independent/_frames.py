"""Orthogonal kernels: Haar-random frames, and convolutions made from them."""

import itertools
from typing import Any

import numpy as np


class Frames:
    """Frames by QR, and products of two-tap blocks by a naive convolution of matrices."""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        """Haar-random: QR of Gaussian matrices, the signs of R's diagonal put into Q."""
        q, r = np.linalg.qr(rng.standard_normal((count, max(out, into), min(out, into))))
        q = q * np.sign(np.einsum("gii->gi", r))[:, None, :]
        return q if out >= into else q.swapaxes(1, 2)

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = np.zeros(shape)
        if w.size:
            w[(slice(None), slice(None), *((k - 1) // 2 for k in shape[2:]))] = tap
        return w

    def conv_orthogonal(self, shape: tuple[int, ...], groups: int, rng: Any) -> Any:
        """Xiao et al. 2018, algorithm 1, each axis with as many blocks as it has taps to grow."""
        out, into, spatial = shape[0] // groups, shape[1], shape[2:]
        n, least = max(out, into), min(out, into)
        # (*spatial, groups, least, n)
        w = self.frames(groups, least, n, rng).reshape(*[1] * len(spatial), groups, least, n)
        for done in range(1, max(spatial)):
            grows = [done < k for k in spatial]
            w = convolve(w, self.block(grows, groups, n, rng))
        if out > into:
            w = w.swapaxes(-1, -2)
        return np.moveaxis(w, (-3, -2, -1), (0, 1, 2)).reshape(shape)

    def block(self, grows: list[bool], groups: int, n: int, rng: Any) -> Any:
        """`[P, I - P]` along each axis that grows, multiplied from the first axis to the last."""
        w = np.broadcast_to(np.eye(n), (*[1] * len(grows), groups, n, n))
        for axis, grow in enumerate(grows):
            if grow:
                p = self.projections(groups, n, rng)
                w = np.concatenate([w @ p, w @ (np.eye(n) - p)], axis=axis)
        return w

    def projections(self, count: int, n: int, rng: Any) -> Any:
        """Onto the span of a random half of the columns of a Haar matrix."""
        q = self.frames(count, n, n, rng) * rng.integers(0, 2, (count, 1, n))
        return q @ q.swapaxes(1, 2)


def convolve(a: Any, b: Any) -> Any:
    """The convolution of two arrays of matrices, tap by tap; the order of the factors matters."""
    sizes, others = a.shape[:-3], b.shape[:-3]
    full = [k + n - 1 for k, n in zip(sizes, others, strict=True)]
    y = np.zeros((*full, *a.shape[-3:]))
    for s in itertools.product(*map(range, sizes)):
        for t in itertools.product(*map(range, others)):
            y[tuple(i + j for i, j in zip(s, t, strict=True))] += a[s] @ b[t]
    return y
