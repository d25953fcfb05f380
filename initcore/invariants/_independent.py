"""The invariant of independent entries: all are draws from one distribution."""

import functools
import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from ..arrays import eps, is_complex, to_numpy
from ..spec import Kernel
from ._statistics import FALSE_ALARM, SIGMAS, parts, rounding

__all__ = ["HasLaw", "complex_violation", "law_violation", "standard_law"]


@dataclass(frozen=True)
class HasLaw:
    """The entries are independent draws from a distribution, and all are distinct.

    Args:
        law: `"uniform"`, `"normal"`, `"truncated_normal"` or `"variance_scaling"`.
        fixed: Parameters that the initializer fixes, by the core's names.
    """

    law: str
    fixed: dict[str, Any] = field(default_factory=dict, hash=False)

    def __init__(self, law: str, **fixed: Any) -> None:
        object.__setattr__(self, "law", law)
        object.__setattr__(self, "fixed", fixed)

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        given = {**parameters, **self.fixed}
        from scipy.special import ndtr

        mean, std, kind, low, high = self.law_of(w.shape, given, is_complex(w.dtype))
        a = to_numpy(w).reshape(-1)
        if self.law == "uniform":
            a = parts(a)
        if std == 0 or a.size == 0:
            allowed = rounding(w) * abs(mean)
            off = float(abs(a - mean).max()) if a.size else 0.0
            return None if off <= allowed else f"an element is {off:.3g} off {mean:g}, allowed 0"
        if np.iscomplexobj(a):
            return complex_violation(a, given.get("distribution", "normal"), mean, std, w.dtype)
        z = (a - mean) / std
        if text := _beyond(z, kind, low, high, mean, std, eps(w.dtype)):
            return text
        cdf, law_mean, law_var, law_kurtosis = standard_law(kind, low, high)
        # A rounding of mean + std * z to the dtype moves z by this much.
        step = eps(w.dtype) * (1 + abs(mean) / std)
        # float32 draws of a cut normal come from the numbers between two values of erf.
        cells = min(1.0, np.diff(ndtr([low, high]))[0]) * 2**23 if kind == "truncated" else 2**22
        return law_violation(
            z, cdf, law_mean, law_var, law_kurtosis, step, shift=mean / std, cells=cells
        )

    def law_of(
        self, shape: Any, p: dict[str, Any], complex_: bool = False
    ) -> tuple[float, float, str, float, float]:
        """Shift, factor, and the standard distribution (name and cuts) of the entries."""
        if self.law == "uniform":
            return p["low"], p["high"] - p["low"], "unit", 0.0, 1.0
        if self.law == "normal":
            return p["mean"], p["std"], "normal", 0.0, 0.0
        if self.law == "truncated_normal":
            return p["mean"], p["std"], "truncated", p["low"], p["high"]
        from ..random import TRUNCATED_STD
        from ..spec import fan

        kernel = Kernel(tuple(shape), p.get("groups", 1))
        std = math.sqrt(p["scale"] / fan(kernel, p["mode"]))
        if complex_:
            return 0.0, std, "complex", 0.0, 0.0
        if p["distribution"] == "uniform":
            return -math.sqrt(3) * std, 2 * math.sqrt(3) * std, "unit", 0.0, 1.0
        if p["distribution"] == "normal":
            return 0.0, std, "normal", 0.0, 0.0
        return 0.0, std / TRUNCATED_STD, "truncated", -2.0, 2.0

    def __str__(self) -> str:
        if self.law != "variance":
            kind = self.law.replace("_", " ")
            return f"entries are independent draws of the given {kind} distribution"
        f = self.fixed or {"scale": "`scale`", "mode": "`mode`", "distribution": "`distribution`"}
        kind = str(f["distribution"]).replace("_", " ")
        return f"entries are independent, {kind}, of mean 0 and variance {f['scale']} / {f['mode']}"


def complex_violation(a: Any, distribution: str, mean: float, std: float, dtype: Any) -> str | None:
    """The same for complex draws: parts of half the variance, or a disk, cut or not.

    Args:
        a: Draws.
        distribution: `"normal"`, `"uniform"` or `"truncated_normal"`.
        mean, std: Of the draws.
        dtype: That they were rounded to.
    """
    step = 4 * eps(dtype) * (1 + abs(mean) / std)
    z = (a - mean) / std
    if distribution == "normal":
        both = parts(z) * math.sqrt(2)
        return law_violation(both, *standard_law("normal", 0.0, 0.0), step, shift=mean / std)
    if distribution == "uniform":
        share = abs(z) ** 2 / 2
    else:
        cut = -math.expm1(-(2.0**2))
        variance = 1 - (2.0**2) * math.exp(-(2.0**2)) / cut
        share = -np.expm1(-(abs(z) ** 2) * variance) / cut
    if share.max() > 1 + 4 * step:
        return f"an entry's modulus is beyond the disk's, its share of the area {share.max():.6g}"
    turns = np.angle(z) / (2 * math.pi) + 0.5
    return law_violation(
        np.concatenate([share, turns]), *standard_law("unit", 0.0, 1.0), step, cells=1 << 22
    )


def _beyond(
    z: Any, kind: str, low: float, high: float, mean: float, std: float, eps: float
) -> str | None:
    """Entries outside the ends of their distribution by more than rounding."""
    if kind == "normal":
        return None
    largest = max([1.0, *(abs(c) for c in (low, high) if math.isfinite(c))])
    allowed = 2 * eps * (largest * std + abs(mean))
    off = float(np.maximum(low - z, z - high).max()) * std
    if off <= allowed:
        return None
    ends = f"[{mean + low * std:.4g}, {mean + high * std:.4g}]"
    return f"an entry is {off:.3g} outside of {ends}, allowed {allowed:.2g}"


@functools.lru_cache(maxsize=64)
def standard_law(kind: str, low: float, high: float) -> tuple[Any, float, float, float]:
    """Distribution function, mean, variance and kurtosis of a standard distribution."""
    from scipy.special import ndtr
    from scipy.stats import truncnorm

    if kind == "unit":
        return (lambda x: np.clip(x, 0.0, 1.0)), 0.5, 1 / 12, 1.8
    if kind == "normal":
        return ndtr, 0.0, 1.0, 3.0
    # Not truncnorm(low, high): SciPy writes the documentation of each frozen distribution anew.
    mean, var, _, excess = (float(v) for v in truncnorm.stats(low, high, moments="mvsk"))
    return (lambda x: truncnorm.cdf(x, low, high)), mean, var, excess + 3


def law_violation(
    z: Any,
    cdf: Any,
    mean: float,
    var: float,
    kurtosis: float,
    step: float,
    *,
    shift: float = 0.0,
    cells: float = 1 << 22,
) -> str | None:
    """Mean, variance, distribution, independence and distinctness of draws `z`.

    Args:
        z: Draws, in the standard form of the distribution.
        cdf: Its distribution function; all of its mass lies in `[-9, 9]`.
        mean, var, kurtosis: Its moments.
        step: How far rounding may have moved a draw, `eps * (1 + abs(shift))`.
        shift: The draws were rounded as multiples of `z + shift`.
        cells: The number of values that a float32 generator draws from.
    """
    n = z.size
    if n < 30:  # too few to say anything
        return None
    if not np.isfinite(z).all():
        return f"{(~np.isfinite(z)).sum()} of {n} elements are not finite"
    grid = np.linspace(-9, 9, 3601)
    mass = cdf(grid)
    # A draw beyond `reach` has a probability below FALSE_ALARM / (10 n).
    likely = grid[(mass > FALSE_ALARM / n / 10) & (mass < 1 - FALSE_ALARM / n / 10)]
    reach = float(abs(likely - mean).max()) if likely.size else 0.0
    allowed = _mean_bound(n, var, reach) + step
    if abs(z.mean() - mean) > allowed:
        return (
            f"the mean is {z.mean():.4g} standard deviations, should be {mean:.4g} +- {allowed:.2g}"
        )
    ratio = ((z - mean) ** 2).mean() / var
    allowed = _mean_bound(n, kurtosis - 1, reach**2 / var) + 2 * step * reach / var
    if abs(ratio - 1) > allowed:
        return f"the variance is {ratio:.4g} times what it should be, allowed 1 +- {allowed:.2g}"
    # Kolmogorov-Smirnov with the Dvoretzky-Kiefer-Wolfowitz-Massart bound, exact at every n; both
    # steps of the distance are taken where rounding may have moved the draws to.
    ordered = np.sort(z)
    rank = np.arange(1, n + 1) / n
    above = rank - cdf(ordered + step)
    below = cdf(ordered - step) - (rank - 1 / n)
    distance = float(max(above.max(), below.max()))
    allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))
    if distance > allowed:
        return f"the distribution is {distance:.3g} off (KS), allowed {allowed:.3g}"
    usual = _usual(n, grid, mass, cells, step / (1 + abs(shift)), shift)
    return _dependence(z, mean, var) or _repeats(z, usual)


def _mean_bound(n: int, var: float, reach: float) -> float:
    """How far the mean of `n` draws of variance `var` may be off (Bernstein's inequality).

    `reach` bounds a draw's distance from its mean; the first term alone is the normal bound, the
    second keeps the promise for small `n` and skewed distributions.
    """
    deviations = math.log(2 / FALSE_ALARM)
    return SIGMAS * math.sqrt(var / n) + deviations * reach / (3 * n)


def _dependence(z: Any, mean: float, var: float) -> str | None:
    """Autocorrelation: a block drawn twice, whatever its length, also with its sign turned."""
    n = z.size
    if n < 500:
        return None
    # All lags at once; padded, so that lags do not wrap round.
    transform = np.fft.rfft(z - mean, 2 * n)
    products = np.fft.irfft(abs(transform) ** 2, 2 * n)[1 : n - 200]
    pairs = n - np.arange(1, len(products) + 1)
    score = products / var / np.sqrt(pairs)
    at = int(np.argmax(abs(score)))
    # Tails of means of products fall more slowly than the normal ones: Bernstein with reach 30.
    allowed = -NormalDist().inv_cdf(FALSE_ALARM / 2 / n)
    allowed += math.log(2 * n / FALSE_ALARM) * 30 / (3 * math.sqrt(pairs[at])) / 2
    if abs(score[at]) > allowed:
        return (
            f"elements {at + 1} apart have the correlation {score[at] / math.sqrt(pairs[at]):.3g}, "
            f"should be 0, allowed {allowed / math.sqrt(pairs[at]):.2g}"
        )
    return None


def _repeats(z: Any, usual: Any) -> str | None:
    """Too few distinct values: a generator drawn in a coarse dtype, or values used twice."""
    n, distinct, known = z.size, np.unique(z).size, np.unique(usual).size
    share = known / n
    # Both counts vary; where rounding joins many draws, so does the place of z among its spacings.
    spread = SIGMAS * math.sqrt(2 * (n - known + 1) * share)
    allowed = known * (1 - 0.1 * (1 - share)) - spread - 10
    if distinct < allowed:
        return f"only {distinct} of {n} elements are distinct, at least {allowed:.0f} expected"
    return None


def _usual(n: int, grid: Any, mass: Any, cells: float, eps: float, shift: float) -> Any:
    """Correct draws in the dtype: one of `cells` quantiles, rounded to spacing `eps` once."""
    u = np.random.default_rng(0).integers(0, int(cells), n) / int(cells)
    fraction, exponent = np.frexp(np.interp(u, mass, grid) + shift)
    return np.ldexp(np.round(fraction * (2 / eps)), exponent)
