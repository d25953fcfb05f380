"""The invariant of independent entries: they are draws of one law."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._dtype import eps
from .._kernel import Kernel
from ._protocol import FALSE_ALARM, SIGMAS, host, rounding

__all__ = ["Follows", "law_violation", "standard_law"]


@dataclass(frozen=True)
class Follows:
    """The entries are independent draws of a law: its mean, variance, shape, and all distinct."""

    law: str
    fixed: dict[str, Any] = field(default_factory=dict, hash=False)

    def __init__(self, law: str, **fixed: Any) -> None:
        object.__setattr__(self, "law", law)
        object.__setattr__(self, "fixed", fixed)

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        given = {**parameters, **self.fixed}
        mean, std, kind, low, high = self._parameters(w.shape, given)
        a = host(w).reshape(-1)
        if std == 0 or a.size == 0:
            allowed = rounding(w) * abs(mean)
            off = float(abs(a - mean).max()) if a.size else 0.0
            return None if off <= allowed else f"an element is {off:.3g} off {mean:g}, allowed 0"
        z = (a - mean) / std
        cdf, law_mean, law_var, law_kurtosis = standard_law(kind, low, high)
        # A rounding of mean + std * z to the dtype moves z by this much.
        step = eps(w.dtype) * (1 + abs(mean) / std)
        return law_violation(z, cdf, law_mean, law_var, law_kurtosis, step)

    def _parameters(self, shape: Any, p: dict[str, Any]) -> tuple[float, float, str, float, float]:
        if self.law == "uniform":
            return p["low"], p["high"] - p["low"], "unit", 0.0, 1.0
        if self.law == "normal":
            return p["mean"], p["std"], "normal", 0.0, 0.0
        if self.law == "truncated_normal":
            return p["mean"], p["std"], "truncated", p["low"], p["high"]
        from .._variance import TRUNCATED_STD, fan

        kernel = Kernel(tuple(shape), p.get("groups", 1))
        std = math.sqrt(p["scale"] / fan(kernel, p["mode"]))
        if p["distribution"] == "uniform":
            return -math.sqrt(3) * std, 2 * math.sqrt(3) * std, "unit", 0.0, 1.0
        if p["distribution"] == "normal":
            return 0.0, std, "normal", 0.0, 0.0
        return 0.0, std / TRUNCATED_STD, "truncated", -2.0, 2.0

    def __str__(self) -> str:
        if self.law != "variance":
            return f"entries are independent, of the {self.law.replace('_', ' ')} law given"
        f = self.fixed or {"scale": "`scale`", "mode": "`mode`", "distribution": "`distribution`"}
        kind = str(f["distribution"]).replace("_", " ")
        return f"entries are independent, {kind}, of mean 0 and variance {f['scale']} / {f['mode']}"


def standard_law(kind: str, low: float, high: float) -> tuple[Any, float, float, float]:
    """Distribution function, mean, variance and kurtosis of a standard law."""
    from scipy.special import ndtr
    from scipy.stats import truncnorm

    if kind == "unit":
        return (lambda x: np.clip(x, 0.0, 1.0)), 0.5, 1 / 12, 1.8
    if kind == "normal":
        return ndtr, 0.0, 1.0, 3.0
    law = truncnorm(low, high)
    mean, var, _, excess = (float(v) for v in law.stats("mvsk"))
    return law.cdf, mean, var, excess + 3


def law_violation(
    z: Any, cdf: Any, mean: float, var: float, kurtosis: float, step: float
) -> str | None:
    """Mean, variance, distribution and distinctness of independent draws `z`."""
    n = z.size
    if n < 30:  # too few for the normal approximations below
        return None
    if not np.isfinite(z).all():
        return f"{(~np.isfinite(z)).sum()} of {n} elements are not finite"
    allowed = SIGMAS * math.sqrt(var / n) + step
    if abs(z.mean() - mean) > allowed:
        return f"the mean is {z.mean():.4g} deviations, should be {mean:.4g} +- {allowed:.2g}"
    ratio = ((z - mean) ** 2).mean() / var
    allowed = SIGMAS * math.sqrt((kurtosis - 1) / n) * (1 + 10 / math.sqrt(n)) + 2 * step
    if abs(ratio - 1) > allowed:
        return f"the variance is {ratio:.4g} times what it should be, allowed 1 +- {allowed:.2g}"
    # Kolmogorov-Smirnov with the Dvoretzky-Kiefer-Wolfowitz-Massart bound, exact at every n.
    ordered = np.sort(z)
    expected = cdf(ordered)
    rank = np.arange(1, n + 1) / n
    distance = max((rank - expected).max(), (expected - rank + 1 / n).max())
    allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n)) + step
    if distance > allowed:
        return f"the distribution is {distance:.3g} off its law (KS), allowed {allowed:.3g}"
    return _repeats(z, step)


def _repeats(z: Any, step: float) -> str | None:
    """Too few distinct values: a generator drawn in a coarse dtype, or a block used twice."""
    n = z.size
    distinct = np.unique(z).size
    # n draws from at least `cells` values about equally likely keep this many distinct on average;
    # float32 draws come from 2**23 of them, coarser dtypes from what their rounding leaves.
    cells = min(2.0**23, 1 / step)
    expected = cells * -math.expm1(-n / cells)
    allowed = 0.5 * expected - SIGMAS * math.sqrt(n)
    if distinct < allowed:
        return f"only {distinct} of {n} elements are distinct, at least {allowed:.0f} expected"
    return None
