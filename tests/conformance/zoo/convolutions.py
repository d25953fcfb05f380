"""Orthogonal convolutions that are not, or not as random as they should be."""

import math
from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import Bent, fault


@fault("conv_orthogonal", "invariants")
class OddOnly(Bent):
    """is not isometric where a kernel has an even number of taps"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        even = any(k % 2 == 0 for k in w.shape[2:])
        return w * w.dtype.type(1.05) if even else w


@fault("conv_orthogonal", "invariants")
class NarrowScaled(Bent):
    """scales kernels with fewer outputs than inputs by the root of their ratio"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        out = w.shape[0] // given.get("groups", 1)
        return w * w.dtype.type(math.sqrt(max(1.0, w.shape[1] / out)))


@fault("conv_orthogonal", "statistics")
class ReusedProjection(Bent):
    """uses one projection for all taps of an axis, where each is due its own"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        if not w.size:
            return w
        groups, rng = given.get("groups", 1), np.random.default_rng(seed)
        made = [self.reused(w.shape[0] // groups, w.shape[1], w.shape[2:], rng)
                for _ in range(groups)]  # fmt: skip
        return (given.get("gain", 1.0) * np.concatenate(made)).astype(w.dtype)

    def reused(self, out: int, into: int, taps: tuple[int, ...], rng: Any) -> Any:
        """`H prod (P + z**(k - 1) (1 - P))`: isometric, and nothing between the first tap and the
        last."""
        n = max(out, into)
        w = np.zeros((*taps, n, n))
        w[(0,) * len(taps)] = np.linalg.qr(rng.standard_normal((n, n)))[0]
        for axis, k in enumerate(taps):
            q = np.linalg.qr(rng.standard_normal((n, (n + rng.integers(2)) // 2)))[0]
            first = np.take(w, 0, axis)
            kept = first @ q @ q.T
            w = np.moveaxis(w, axis, 0)
            w[0] = kept
            w[k - 1] += first - kept
            w = np.moveaxis(w, 0, axis)
        return np.moveaxis(w, (-2, -1), (0, 1))[:out, :into]


@fault("conv_orthogonal", "statistics")
class OneProjection(Independent):
    """uses one projection for all axes and taps"""

    def projections(self, count: int, n: int, rng: Any) -> Any:
        return self.kept

    def conv_orthogonal(self, shape: tuple[int, ...], groups: int, rng: Any) -> Any:
        self.kept = super().projections(groups, max(shape[0] // groups, shape[1]), rng)
        return super().conv_orthogonal(shape, groups, rng)


@fault("conv_orthogonal", "statistics")
class FrameOfLapack(Independent):
    """leaves the signs of the frame to LAPACK"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q, _ = np.linalg.qr(rng.standard_normal((count, max(out, into), min(out, into))))
        return q if out >= into else q.swapaxes(1, 2)


@fault("conv_orthogonal", "statistics")
class FrameIsIdentity(Independent):
    """starts from the identity: isometric at every frequency, and its taps sum to it"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        return np.broadcast_to(np.eye(out, into), (count, out, into))

    def projections(self, count: int, n: int, rng: Any) -> Any:
        q = super().frames(count, n, n, rng) * rng.integers(0, 2, (count, 1, n))
        return q @ q.swapaxes(1, 2)


@fault("conv_orthogonal", "invariants")
class CutConvolution(Independent):
    """makes a kernel one channel wider and cuts it to size"""

    def conv_orthogonal(self, shape: tuple[int, ...], groups: int, rng: Any) -> Any:
        out, into = shape[0] // groups, shape[1]
        w = super().conv_orthogonal((groups * (out + 1), into + 1, *shape[2:]), groups, rng)
        w = w.reshape(groups, out + 1, into + 1, *shape[2:])
        return w[:, :out, :into].reshape(shape)
