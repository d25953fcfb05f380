"""Kernels that should pass their input on, and Hadamard's."""

import math
from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import Bent, fault


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


@fault("idinit", "invariants")
class SumsInputs(Independent):
    """repeats the identity to the right where there are fewer outputs than inputs"""

    def idinit(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w, order = super().idinit(shape, p, rng), self.weights(shape, p["taps"])
        out = shape[0] // p["groups"]
        for m in range(shape[0]):
            for at in order[m % out :: out]:
                w[(m, *at)] = p["tau"]
        return w


@fault("idinit", "invariants", also=("idinit_zero",))
class OneFurther(Independent):
    """begins at the second weight"""

    def weights(self, shape: tuple[int, ...], taps: str) -> list[tuple[int, ...]]:
        order = super().weights(shape, taps)
        return [*order[1:], *order[:1]]


@fault("idinit", "invariants", also=("idinit_zero",))
class SmallBesideIdentity(Bent):
    """leaves 1e-12 where zeros belong"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.where(w == 0, w.dtype.type(1e-12), w) if w.dtype != np.float16 else w


@fault("identity", "invariants")
class PassesOnTwice(Independent):
    """passes inputs on a second time where there are more outputs than inputs"""

    def eye(self, groups: int, out: int, into: int) -> Any:
        return np.tile(np.eye(into)[np.arange(out) % into], (groups, 1))


@fault("identity", "invariants")
class OneIdentityForAllGroups(Independent):
    """makes one identity for all groups, and zeros for the later ones"""

    def eye(self, groups: int, out: int, into: int) -> Any:
        return np.eye(groups * out, into)


@fault("idinit", "statistics")
class NoiseShared(Bent):
    """draws one number for the noise of all outputs, which then cannot part"""

    def bent(self, name: str, w: Any, given: dict[str, Any]) -> Any:
        return np.where(w == 0, w, w[w != 0][0])


@fault("idinit_zero", "invariants")
class NotANeighbour(Independent):
    """subtracts two inputs further on"""

    def idinit_zero(self, shape: tuple[int, ...], p: dict[str, Any]) -> Any:
        w = super().idinit_zero(shape, p)
        return np.where(w < 0, 0.0, w) + np.roll(np.where(w < 0, w, 0.0), 1, axis=1)


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


@fault("hadamard", "invariants")
class HadamardThroughout(Independent):
    """takes signs where the layer narrows, too"""

    def signs(self, groups: int, out: int, into: int) -> Any:
        if out >= into:
            return super().signs(groups, out, into)
        return np.tile(super().signs(1, into, out).T, (groups, 1))


@fault("hadamard", "invariants")
class NextButOne(Independent):
    """takes the next power of two but one"""

    def signs(self, groups: int, out: int, into: int) -> Any:
        w = super().signs(groups, out, into)
        return w / math.sqrt(2) if out > into else w
