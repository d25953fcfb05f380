"""Kernels that pass their input on, and those that add nearly nothing to it."""

import itertools
import math
from typing import Any

import numpy as np


class Identities:
    """Partial identities, Sylvester's matrices, and the fillings of IDInit, weight by weight."""

    def eye(self, groups: int, out: int, into: int) -> Any:
        return np.tile(np.eye(out, into), (groups, 1))

    def signs(self, groups: int, out: int, into: int) -> Any:
        """A partial identity, or where it widens the corner of Sylvester's matrix / sqrt(p)."""
        if out <= into:
            return self.eye(groups, out, into)
        h = np.ones((1, 1))
        while len(h) < out:
            h = np.kron([[1, 1], [1, -1]], h)
        return np.tile(h[:out, :into] / math.sqrt(len(h)), (groups, 1))

    def idinit(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w, out = np.zeros(shape), shape[0] // p["groups"]
        order = self.weights(shape, p["taps"])
        for m in range(shape[0]):
            at = order[m % out % len(order)]
            w[(m, *at)] = p["tau"] + p["noise"] * rng.standard_normal()
        return w

    def idinit_zero(self, shape: tuple[int, ...], p: dict[str, Any]) -> Any:
        """Plus where `idinit` has tau, minus at the next input, or the next tap of an only one."""
        w, out = np.zeros(shape), shape[0] // p["groups"]
        order = self.weights(shape, p["taps"])
        for m in range(shape[0]):
            number = m % out % len(order)
            channel, *tap = order[number]
            if shape[1] > 1:
                neighbour = ((channel + 1) % shape[1], *tap)
            else:
                neighbour = order[(number + 1) % len(order)]
            w[(m, channel, *tap)] = p["eps"]
            w[(m, *neighbour)] = -p["eps"]
        return w

    def weights(self, shape: tuple[int, ...], taps: str) -> list[tuple[int, ...]]:
        """The weights `(channel, *tap)` of an output in the order in which they are passed on."""
        spatial, channels = shape[2:], range(shape[1])
        order = list(itertools.product(*map(range, spatial)))
        if taps == "patch":
            return [(c, *tap) for c in channels for tap in order]
        if taps == "center":
            # Of equally near taps the last comes first, which the specification leaves open.
            order.sort(key=lambda tap: (self.distance(tap, spatial), [-t for t in tap]))
        return [(c, *tap) for tap in order for c in channels]

    def distance(self, tap: tuple[int, ...], spatial: tuple[int, ...]) -> int:
        """From the centre, squared."""
        return sum((t - (k - 1) // 2) ** 2 for t, k in zip(tap, spatial, strict=True))
