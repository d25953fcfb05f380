"""Orthogonal kernels that are not Haar, or not orthogonal."""

from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import HAAR, ISOMETRIES, fault

WITH_GAIN = (*ISOMETRIES, "identity", "hadamard")


@fault("scaled_orthogonal", "statistics", also=HAAR)
class NoSignFix(Independent):
    """leaves the signs of QR to LAPACK"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q, _ = np.linalg.qr(rng.standard_normal((count, max(out, into), min(out, into))))
        return q if out >= into else q.swapaxes(1, 2)


@fault("orthogonal", "statistics", also=HAAR)
class Rotations(Independent):
    """makes rotations only: no determinant is -1"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        if out == into:
            q[:, 0] *= np.linalg.slogdet(q)[0][:, None]
        return q


@fault("orthogonal", "statistics", also=HAAR)
class Permutations(Independent):
    """makes signed permutations: orthogonal, and far from Haar"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        n, m = max(out, into), min(out, into)
        q = np.zeros((count, n, m))
        for g in range(count):
            q[g, rng.permutation(n)[:m], range(m)] = rng.choice((-1.0, 1.0), m)
        return q if out >= into else q.swapaxes(1, 2)


@fault("orthogonal", "statistics", also=HAAR)
class PositiveRow(Independent):
    """makes every entry of the first row positive on average"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        q = super().frames(count, out, into, rng)
        turn = np.sign(q[:, 0].sum(-1)) if out <= into else 1.0
        return q * np.reshape(turn, (-1, 1, 1)) if out <= into else q


@fault("orthogonal", "invariants", also=HAAR)
class WrongWide(Independent):
    """normalises rows where there are fewer outputs than inputs"""

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        if out >= into:
            return super().frames(count, out, into, rng)
        w = rng.standard_normal((count, out, into))
        return w / np.linalg.norm(w, axis=-1, keepdims=True)


@fault("orthogonal", "invariants", also=WITH_GAIN)
class GainSquared(Independent):
    """multiplies by the gain twice"""

    def clean(self, *args: Any) -> Any:
        p = super().clean(*args)
        return {**p, "gain": p["gain"] ** 2} if "gain" in p else p


@fault("delta_orthogonal", "invariants", also=WITH_GAIN)
class GainForgotten(Independent):
    """forgets the gain"""

    def clean(self, *args: Any) -> Any:
        p = super().clean(*args)
        return {**p, "gain": 1.0} if "gain" in p else p


@fault("scaled_orthogonal", "invariants")
class WidthForgotten(Independent):
    """forgets sqrt(out / in)"""

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        return super().draw("orthogonal", shape, p, rng)
