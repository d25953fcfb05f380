"""The initializers of the founding papers, each wrong in one of its own ways."""

import math
from typing import Any

import numpy as np

from ._fault import Core, fault


class Bent(Core):
    """The right kernel, bent; its stream is its own, so that nothing but the law can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.portable = False

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, **given)
        return self.bent(name, w, given) if w.size else w

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return w


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


@fault("sparse_orthogonal", "invariants")
class SmallForZero(Bent):
    """leaves 1e-12 for zeros"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.where(w == 0, w.dtype.type(1e-12), w) if w.dtype != np.float16 else w


@fault("sparse_orthogonal", "invariants")
class RotatedOnceMore(Bent):
    """turns every pair of neighbouring rows once more: orthogonal, and too dense"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        groups = given.get("groups", 1)
        w = w.reshape(groups, -1, *w.shape[1:]).copy()
        pairs = w.shape[1] // 2 * 2
        a, b = w[:, 0:pairs:2].copy(), w[:, 1:pairs:2].copy()
        w[:, 0:pairs:2], w[:, 1:pairs:2] = a * 0.6 + b * 0.8, a * 0.8 - b * 0.6
        return w.reshape(-1, *w.shape[2:])


@fault("sparse_orthogonal", "invariants")
class DensityOfTheShortSide(Bent):
    """counts density against the shorter side of a rectangle"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if name == "sparse_orthogonal" and len(shape) == 2 and "groups" not in given:
            long, short = max(shape), max(min(shape), 1)
            self.right.sample(name, shape, **given)  # the same errors
            given["density"] = min(1.0, given["density"] * long / short)
        return self.right.sample(name, shape, **given)


@fault("sparse_orthogonal", "invariants")
class MaskedAfterwards(Bent):
    """drops weights of a dense orthogonal kernel"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        flat = np.sort(np.abs(w[w != 0]), axis=None)
        if not flat.size:
            return w
        return np.where(np.abs(w) <= flat[len(flat) // 20], w.dtype.type(0), w)


def halves(w: Any, part: str) -> tuple[bool, bool]:
    """Whether a mirrored kernel has two halves of outputs, and of inputs."""
    return part != "last", part != "first"


@fault("mirrored", "invariants")
class MissingMinus(Bent):
    """forgets the minus sign of a block"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        if given.get("groups", 1) > 1:
            return w
        outs, ins = halves(w, given.get("part", "hidden"))
        w = w.copy()
        o, i = w.shape[0] // 2 if outs else 0, w.shape[1] // 2 if ins else 0
        w[o:, i:] *= -1
        return w


@fault("mirrored", "invariants")
class GainOfAll(Bent):
    """gives the gain to the whole kernel instead of to the half block"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return w * w.dtype.type(0.5)


@fault("mirrored", "invariants")
class FreshHalf(Bent):
    """draws the second half of the outputs anew"""

    def sample(self, name: str, shape: Any, *, seed: Any, **given: Any) -> Any:
        w = self.right.sample(name, shape, seed=seed, **given)
        if given.get("part", "hidden") == "last" or given.get("groups", 1) > 1 or not w.size:
            return w
        other = self.right.sample(name, shape, seed=(seed + 1) % 2**64, **given)
        half = w.shape[0] // 2
        return np.concatenate([w[:half], other[half:]])


@fault("idinit", "invariants")
class AtTheCorner(Bent):
    """puts the identity on the first tap"""

    def sample(self, name: str, shape: Any, **given: Any) -> Any:
        if "taps" in given:
            self.right.sample(name, shape, **given)
        if name in ("idinit", "idinit_zero"):
            given["taps"] = "corner"
        return self.right.sample(name, shape, **given)


@fault("idinit", "invariants")
class PaddedWithZeros(Bent):
    """leaves the outputs beyond the inputs 0, as an identity padded to size"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        groups = given.get("groups", 1)
        out, fan = w.shape[0] // groups, math.prod(w.shape[1:])
        w = w.reshape(groups, out, *w.shape[1:]).copy()
        w[:, fan:] = 0
        return w.reshape(groups * out, *w.shape[2:])


@fault("idinit", "invariants")
class WrongOrder(Bent):
    """fills outputs in reversed order: a flip, no identity"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return w[::-1].copy()


@fault("idinit_zero", "invariants")
class SumsToTwoEps(Bent):
    """forgets the minus sign: rows do not sum to 0"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.abs(w)


@fault("idinit_zero", "invariants")
class DeadBranch(Bent):
    """is exactly 0, as Fixup's last layer"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.zeros_like(w)


@fault("hadamard", "invariants")
class NotNormalized(Bent):
    """leaves the entries of Hadamard's matrix at 1 and -1"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        gain = given.get("gain", 1.0)
        return (np.sign(w) * gain).astype(w.dtype)


@fault("hadamard", "invariants")
class IdentityThroughout(Bent):
    """widens by an identity padded with zeros"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return self.right.sample(
            "identity", w.shape, seed=0, gain=given.get("gain", 1.0),
            groups=given.get("groups", 1), dtype=given.get("dtype", "float32"),
        )  # fmt: skip


@fault("sparse", "invariants")
class OneZeroShort(Bent):
    """makes one zero too few in each column"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        w = w.copy()
        for column in range(w.shape[1]):
            zeros = np.flatnonzero(w[:, column] == 0)
            w[zeros[:1], column] = 1e-3
        return w


@fault("sparse", "statistics")
class SamePlaces(Bent):
    """gives every column zeros at the same places"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        order = np.argsort(w == 0, axis=0, kind="stable")
        return np.take_along_axis(w, order, axis=0)
