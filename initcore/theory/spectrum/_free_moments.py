"""Moments of a spectrum from the power series of its S-transform."""

import math
from typing import Any

import numpy as np

__all__ = ["log_s_series", "moment"]


def _times(a: Any, b: Any) -> Any:
    return np.convolve(a, b)[: a.size]


def _power(a: Any, n: int) -> Any:
    """`a**n` of a series with `a[0] != 0`, by `a p' = n a' p` (J.C.P. Miller)."""
    p = np.zeros_like(a)
    p[0] = a[0] ** n
    for k in range(1, a.size):
        i = np.arange(1, k + 1)
        p[k] = ((n * i - (k - i)) * a[i] * p[k - i]).sum() / (k * a[0])
    return p


def _log(a: Any) -> Any:
    """`log a` of a series with `a[0] == 1`."""
    out = np.zeros_like(a)
    for k in range(1, a.size):
        i = np.arange(1, k)
        out[k] = a[k] - (i * out[i] * a[k - i]).sum() / k
    return out


def _exp(a: Any) -> Any:
    """`exp a` of a series with `a[0] == 0`."""
    out = np.zeros_like(a)
    out[0] = 1.0
    for k in range(1, a.size):
        i = np.arange(1, k + 1)
        out[k] = (i * a[i] * out[k - i]).sum() / k
    return out


def log_s_series(moments: Any) -> Any:
    """Coefficients of `log S(m)`, `m**0` to `m**(n-1)`, from the moments `1..n` at mean 1.

    `S(m) = (1 + m) chi(m) / m`, where `chi` is the inverse of `psi(chi) = sum moments[k] chi**k`.
    Its coefficients come from Lagrange's inversion formula.
    """
    n = len(moments)
    ratio = np.asarray(moments, dtype=np.float64)  # psi(chi) / chi
    chi = np.array([_power(ratio, -k)[k - 1] / k for k in range(1, n + 1)])  # chi(m) / m
    one_plus = np.zeros(n)
    one_plus[:2] = 1.0
    return _log(_times(one_plus[:n], chi))


def moment(log_s: Any, k: int) -> float:
    """The moment `k >= 1` of the distribution with this `log S`.

    By Lagrange's formula on `m = z**-1 (1 + m) / S(m)`.
    """
    n = max(k, 2)
    one_plus = np.zeros(n)
    one_plus[:2] = 1.0
    f = _times(one_plus, _exp(-np.resize(np.append(log_s[:n], np.zeros(n)), n)))
    total = float(_power(f, k)[k - 1]) / k
    return total if math.isfinite(total) else math.inf
