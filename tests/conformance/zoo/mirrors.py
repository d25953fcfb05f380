"""Mirrored kernels whose halves do not belong together."""

from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import Bent, fault


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


@fault("mirrored", "statistics")
class AlwaysHidden(Independent):
    """makes hidden layers where the first or the last is asked for, if they have halves"""

    def clean(self, name: str, shape: tuple[int, ...], *args: Any) -> Any:
        p = super().clean(name, shape, *args)
        halves = name == "mirrored" and not (shape[0] // p["groups"] % 2 or shape[1] % 2)
        return {**p, "part": "hidden"} if halves else p


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
