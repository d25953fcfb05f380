"""The transform of one ReLU unit's contribution to the Gram matrix of two inputs.

The pre-activations `(u, u')` of a unit are normal with covariance `[[A, C], [C, B]]`. The unit's
contribution to `alpha |x|**2 + beta |x'|**2 + gamma <x, x'>` is a quadratic form on each quadrant.
A Gaussian's mass in a quadrant is an arc tangent, so `E exp(-s S)` has a closed form.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["PairUnit"]

LEAST = 1e-300
SAME = 1e-15  # correlations whose relative difference is smaller are taken as equal


@dataclass(frozen=True)
class PairUnit:
    """One unit: its covariance, and the coefficients of the form.

    Attributes:
        a, b, c: Variances of `u` and `u'`, and their covariance.
        alpha, beta, gamma: The coefficients. The form is not negative where `x, x' >= 0`.
    """

    a: float
    b: float
    c: float
    alpha: float
    beta: float
    gamma: float

    @property
    def determinant(self) -> float:
        """The determinant of the covariance, at least its rounding error."""
        product = self.a * self.b
        return max(product - self.c * self.c, SAME**2 * product, LEAST)

    @property
    def silent(self) -> float:
        """The probability that the unit adds nothing to the form."""
        both = _wedge(self.c / math.sqrt(self.determinant))  # both off; both on is as likely
        scale = self.alpha * self.a + self.beta * self.b + abs(self.gamma * self.c)
        if max(self._roots()) <= SAME * scale:  # the two pre-activations are equal, and stay so
            return 1.0
        first = 0.0 if self.alpha else 0.5 - both  # u alone is active
        second = 0.0 if self.beta else 0.5 - both
        return both + first + second

    @property
    def mean(self) -> float:
        """`E S`, by the arc-cosine kernel of degree 1 (Cho and Saul 2009, eq. 6)."""
        root = math.sqrt(self.determinant)
        angle = math.atan2(root, self.c)
        product = (root + (math.pi - angle) * self.c) / (2 * math.pi)
        return max((self.alpha * self.a + self.beta * self.b) / 2 + self.gamma * product, 0.0)

    @property
    def lowest(self) -> float:
        """The transform is analytic except at real `s` up to this negative number.

        There the form outgrows the Gaussian's exponent in some direction of its quadrant.
        """
        d, high = self.determinant, self._roots()[1]
        growth = (
            [2 * self.alpha * d / self.b, 2 * self.beta * d / self.a] if self.a * self.b else []
        )
        if self.c <= 0:
            growth += [2 * self.alpha * self.a, 2 * self.beta * self.b]
        if high > 0 and self.c + self.gamma * d / high >= 0:
            growth.append(high)
        return -1 / max(growth)

    def transform(self, s: Any) -> Any:
        """`E exp(-s S)` for `Im s >= 0`, except on the real axis left of `lowest`."""
        d = self.determinant
        low, high = self._roots()
        root = np.sqrt(d * (1 + s * low)) * np.sqrt(1 + s * high)
        one, other = self.b + 2 * s * self.alpha * d, self.a + 2 * s * self.beta * d
        on = _quadrant(self.c - s * self.gamma * d, root, one, other, self.gamma > 0)
        first = np.sqrt(d * (1 + 2 * s * self.alpha * self.a))
        second = np.sqrt(d * (1 + 2 * s * self.beta * self.b))
        on = on + _quadrant(-self.c, first, one, self.a, False)
        on = on + _quadrant(-self.c, second, self.b, other, False)
        return _wedge(self.c / math.sqrt(d)) + on * math.sqrt(d)

    def _roots(self) -> tuple[float, float]:
        """Eigenvalues of the covariance times the form's matrix, real since both are symmetric."""
        half = self.alpha * self.a + self.beta * self.b + self.gamma * self.c
        product = (4 * self.alpha * self.beta - self.gamma**2) * self.determinant
        root = math.sqrt(max(half * half - product, 0.0))
        high = half + root if half >= 0 else product / (half - root)
        return (product / high if high else half - root), high


def _wedge(tangent: float) -> float:
    return 0.25 + math.atan(tangent) / (2 * math.pi)


def _quadrant(x: Any, root: Any, one: Any, other: Any, falling: bool) -> Any:
    """`(pi / 2 + atan(x / root)) / (2 pi root)`, where `x**2 + root**2 = one * other`.

    The branch is continuous in the upper half plane. There `root + ix` (if the imaginary part of
    `x` is `falling`) or `root - ix` (if not) never crosses the negative axis.
    """
    x, root, total = np.broadcast_arrays(np.asarray(x, complex), root, one * other + 0j)
    plus, minus = root + 1j * x, root - 1j * x
    larger = abs(plus) > abs(minus)  # the smaller one by division, so that nothing cancels
    quotient = total / np.where(larger, plus, minus)
    safe = np.where(larger, plus, quotient) if falling else np.where(larger, quotient, minus)
    log = np.log(safe)
    rest = np.log(one + 0j) + np.log(other + 0j) - log
    angle = (log - rest if falling else rest - log) / 2j
    ratio = root / np.where(x.real < 0, -x, 1)
    near = (x.real < 0) & (abs(ratio) < 1e-2)  # even in the root, which may pass through 0 here
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (math.pi / 2 + angle) / root
    square = ratio**2
    series = 1 - square * (1 / 3 - square * (1 / 5 - square * (1 / 7 - square / 9)))
    return np.where(near, series / np.where(near, -x, 1), far) / (2 * math.pi)
