"""Sparse kernels, orthogonal and not, with their zeros in the wrong number or place."""

from typing import Any

import numpy as np

from tests.conformance.independent import Independent

from ._fault import Bent, fault


@fault("sparse_orthogonal", "statistics")
class StartsAtIdentity(Independent):
    """starts from the plain identity, as the authors' code does"""

    def rotated(self, n: int, m: int, wanted: float, sampling: str, rng: Any) -> Any:
        return super().rotated(n, m, wanted, sampling, Unmixed(rng))


class Unmixed:
    """A generator whose first permutation and signs are trivial."""

    def __init__(self, rng: Any) -> None:
        self.rng, self.first = rng, True

    def permutation(self, m: int) -> Any:
        order = np.arange(m) if self.first else self.rng.permutation(m)
        self.first = False
        return order

    def choice(self, values: Any, n: int) -> Any:
        return np.ones(n)

    def uniform(self, low: float, high: float) -> Any:
        return self.rng.uniform(low, high)


@fault("sparse_orthogonal", "statistics")
class NoReflections(Independent):
    """makes rotations only: no determinant is -1"""

    def sparse_tap(self, out: int, into: int, density: float, sampling: str, rng: Any) -> Any:
        w = super().sparse_tap(out, into, density, sampling, rng)
        if out == into:
            w[0] *= np.linalg.slogdet(w)[0]
        return w


@fault("sparse_orthogonal", "statistics")
class AlwaysAnew(Independent):
    """ignores `sampling` and draws every pair of columns anew"""

    def rotated(self, n: int, m: int, wanted: float, sampling: str, rng: Any) -> Any:
        return super().rotated(n, m, wanted, "uniform", rng)


@fault("sparse_orthogonal", "statistics")
class AlwaysMatchings(Independent):
    """ignores `sampling` and draws matchings"""

    def rotated(self, n: int, m: int, wanted: float, sampling: str, rng: Any) -> Any:
        return super().rotated(n, m, wanted, "matching", rng)


@fault("sparse_orthogonal", "invariants")
class OneRotationMore(Independent):
    """rotates once more when the density is reached"""

    def rotated(self, n: int, m: int, wanted: float, sampling: str, rng: Any) -> Any:
        w = super().rotated(n, m, wanted, sampling, rng)
        if m > 1:
            i, j = rng.permutation(m)[:2]
            w[:, [i, j]] = w[:, [i, j]] @ np.array([[0.6, 0.8], [-0.8, 0.6]])
        return w


@fault("sparse_orthogonal", "invariants")
class IdentityWhereTall(Independent):
    """is the identity where there are more outputs than inputs, as the authors' code is"""

    def sparse_tap(self, out: int, into: int, density: float, sampling: str, rng: Any) -> Any:
        w = super().sparse_tap(out, into, density, sampling, rng)
        return np.eye(out, into) if out > into else w


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
