"""The invariant of Haar-random matrices: no direction and no sign is preferred."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ..arrays import eps
from ._isometry import Isometry
from ._statistics import FALSE_ALARM, SIGMAS, matrices

__all__ = ["Haar"]

ENOUGH = 30  # samples for the mean of bounded variables to be close to normal


@dataclass(frozen=True)
class Haar:
    """The orthogonal matrices are uniform: no direction and no sign is preferred.

    Each group is a sample. Looked at, in the order of `violation`: the distribution of entries of
    `u^T W v` for four pairs of fixed unit vectors (all have that of a coordinate of a random unit
    vector), the trace, the determinants' signs, the correlation of consecutive groups, repeated
    groups.

    Args:
        center: Whether the centre tap of a convolution is looked at, not the whole kernel.
        scaled: Whether singular values are `gain * sqrt(out / fan_in)`.
    """

    center: bool = False
    scaled: bool = False

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = matrices(w, parameters.get("groups", 1), center=self.center)
        gain = Isometry(self.center, self.scaled).gain(w, parameters)
        if gain == 0 or not a.size:
            return None
        a = a / gain
        if not np.isfinite(a).all():
            return f"{(~np.isfinite(a)).sum()} of {a.size} elements are not finite"
        for look in (self._directions, self._trace, self._determinants, self._neighbours):
            text = look(a, 4 * eps(w.dtype))
            if text:
                return text
        return self._repeats(a, eps(w.dtype))

    @staticmethod
    def _directions(a: Any, slack: float) -> str | None:
        """`u^T W v` is a coordinate of a random unit vector of `n = max(out, in)` dimensions.

        Real and imaginary part of a complex one are two coordinates, of `2 n` dimensions.
        """
        count, rows, columns = a.shape
        parts = _parts(a)
        n = max(rows, columns) * len(parts)
        for (what, u, v), part in product(_probes(rows, columns), parts):
            values = np.einsum("i,gij,j->g", u, part, v)
            allowed = SIGMAS / math.sqrt(n * count) + slack
            if count >= ENOUGH and abs(values.mean()) > allowed:
                return (
                    f"{what} is {values.mean():.3g} on average, should be 0, allowed {allowed:.2g}"
                )
            if n == 1:
                continue
            distance = _distance(values, lambda t: _coordinate(t, n), slack)
            allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * count))
            if distance > allowed:
                return (
                    f"{what} is {distance:.3g} off the distribution of a coordinate of a random "
                    f"unit vector of {n} dimensions (KS over {count} groups), allowed {allowed:.3g}"
                )
        return None

    @staticmethod
    def _trace(a: Any, slack: float) -> str | None:
        """Traces have mean 0 and variance `min / max`: entries are uncorrelated."""
        count, rows, columns = a.shape
        m, n = min(rows, columns), max(rows, columns)
        allowed = SIGMAS * math.sqrt(m / n / count) + m * slack
        for trace in _parts(a[:, range(m), range(m)].sum(-1)):
            mean = trace.mean()
            if count >= ENOUGH and abs(mean) > allowed:
                return f"the trace is {mean:.3g} on average, should be 0, allowed {allowed:.2g}"
        return None

    @staticmethod
    def _determinants(a: Any, slack: float) -> str | None:
        """Half of the determinants of square matrices are positive; complex phases are uniform."""
        count, rows, columns = a.shape
        if rows != columns or count < ENOUGH:
            return None
        if np.iscomplexobj(a):
            mean, allowed = abs(np.linalg.slogdet(a)[0].mean()), SIGMAS / math.sqrt(count)
            text = f"the determinants' phases are {mean:.3g} on average, allowed {allowed:.2g}"
            return text if mean > allowed else None
        positive = int((np.linalg.slogdet(a)[0] > 0).sum())
        allowed = SIGMAS * math.sqrt(count) / 2
        if abs(positive - count / 2) > allowed:
            return (
                f"{positive} of {count} determinants are positive, should be half, "
                f"allowed +- {allowed:.0f}"
            )
        return None

    @staticmethod
    def _neighbours(a: Any, slack: float) -> str | None:
        """`tr(W_g^T W_(g+1))` of independent groups has mean 0 and variance `min / max`."""
        count, rows, columns = a.shape
        m, n = min(rows, columns), max(rows, columns)
        inner = (a[:-1].conj() * a[1:]).sum((-1, -2))
        if count <= ENOUGH:
            return None
        allowed = SIGMAS * math.sqrt(m / n / (count - 1)) + m * slack
        if abs(inner.mean()) > allowed:
            return (
                f"consecutive groups have the inner product {inner.mean():.3g} on average, "
                f"should be 0, allowed {allowed:.2g}"
            )
        return None

    @staticmethod
    def _repeats(a: Any, spacing: float) -> str | None:
        """No group is another's copy, but for what the coarseness of the dtype explains."""
        count, rows, columns = a.shape
        m, n = min(rows, columns), max(rows, columns)
        # dimensions of the Stiefel manifold
        freedom = m * (2 * n - m) if np.iscomplexobj(a) else m * (2 * n - m - 1) / 2
        if not freedom:
            return None
        copies = count - len(np.unique(a.reshape(count, -1), axis=0))
        pairs = count**2 / 2 * (2 * spacing) ** freedom
        allowed = math.ceil(pairs + SIGMAS * math.sqrt(pairs))
        if copies > allowed:
            return f"{copies} of {count} groups are copies of others, allowed {allowed}"
        return None

    def __str__(self) -> str:
        return (
            "the distribution is Haar: multiplying by a fixed orthogonal matrix leaves it unchanged"
        )


def _parts(a: Any) -> list[Any]:
    """A real array; the real and the imaginary part of a complex one."""
    return [a.real, a.imag] if np.iscomplexobj(a) else [a]


def _probes(rows: int, columns: int) -> Iterator[tuple[str, Any, Any]]:
    """Pairs of unit vectors: the corners, the mean direction, and one of no special direction."""
    yield "the corner entry", np.eye(rows)[0], np.eye(columns)[0]
    yield "the last entry", np.eye(rows)[-1], np.eye(columns)[-1]
    yield "the sum of all entries", _unit(np.ones(rows)), _unit(np.ones(columns))
    yield "the first row's sum", np.eye(rows)[0], _unit(np.ones(columns))
    yield "the first column's sum", _unit(np.ones(rows)), np.eye(columns)[0]
    oblique = [_unit(np.cos(1.0 + np.arange(k) ** 2)) for k in (rows, columns)]
    yield "an oblique combination of the entries", *oblique


def _unit(v: Any) -> Any:
    return v / np.linalg.norm(v)


def _coordinate(t: Any, n: int) -> Any:
    """Distribution function of a coordinate of a random unit vector: its square is
    `Beta(1/2, (n - 1) / 2)`."""
    from scipy.special import betainc

    return 0.5 + 0.5 * np.sign(t) * betainc(0.5, (n - 1) / 2, np.minimum(t * t, 1.0))


def _distance(values: Any, cdf: Any, slack: float) -> float:
    """Kolmogorov-Smirnov distance of values that are known to within `slack`."""
    ordered = np.sort(values)
    rank = np.arange(1, len(ordered) + 1) / len(ordered)
    above = rank - cdf(ordered + slack)
    below = cdf(ordered - slack) - (rank - 1 / len(ordered))
    return float(max(above.max(), below.max()))
