"""Whether two samples have one distribution."""

import math
from typing import Any

import numpy as np
from scipy import stats

__all__ = ["unlike"]

STANDARD_ERRORS = 7.0
RARE = 1e-9
"""Probability with which two right samples are told apart, at most; it is that of the quantiles."""


def unlike(ours: Any, theirs: Any) -> str | None:
    """How the mean, the size or the quantiles of two samples differ by more than chance explains.

    Complex numbers are taken for their real and imaginary parts.
    """
    x, y = (_flat(w) for w in (ours, theirs))
    (mean, size, error), (mean_, size_, error_) = _moments(x), _moments(y)
    allowed = STANDARD_ERRORS * math.hypot(x.std(), y.std()) / math.sqrt(x.size)
    if abs(mean - mean_) > allowed:
        return f"the mean is {mean:.4g}, not {mean_:.4g}"
    if abs(size - size_) > STANDARD_ERRORS * math.hypot(error, error_):
        return f"the mean square is {size:.4g}, not {size_:.4g}"
    test = stats.ks_2samp(x, y, method="asymp")
    if test.pvalue < RARE:
        at = float(test.statistic_location)
        shares = [float((z <= at).mean()) for z in (x, y)]
        return f"a share of {shares[0]:.3f} is below {at:.4g}, not {shares[1]:.3f}"
    return None


def _flat(w: Any) -> Any:
    w = np.asarray(w).reshape(-1)
    return np.concatenate([w.real, w.imag]) if np.iscomplexobj(w) else w


def _moments(x: Any) -> tuple[float, float, float]:
    """Mean, mean square, and the standard error of the latter."""
    squares = x**2
    return float(x.mean()), float(squares.mean()), float(squares.std()) / math.sqrt(x.size)
