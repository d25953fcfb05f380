"""The Fourier sum of masses at arbitrary points, for equidistant frequencies.

A Kaiser-Bessel window spreads each mass over the 16 nearest points of a uniform grid. The grid's
fast transform is divided by the window's. At twofold oversampling the error is `exp(-BETA)`, below
rounding.
"""

import math
from typing import Any

import numpy as np

__all__ = ["fourier_sum"]

HALF = 8
BETA = math.pi * 2 * HALF * 0.75
FEW = 8


def fourier_sum(places: Any, masses: Any, step: float, count: int) -> Any:
    """`sum_j masses_j exp(i t_k places_j)`, `t_k = k step`, for `k = 0, ..., count - 1`."""
    from scipy.fft import next_fast_len

    t = step * np.arange(count)
    if places.size <= FEW:
        return np.exp(1j * t[:, None] * places) @ masses
    n = next_fast_len(max(4 * count, 4 * HALF), real=True)
    spacing = (
        2 * math.pi / (n * step)
    )  # points that are a whole period apart contribute the same at all t
    where = places / spacing
    left = np.floor(where).astype(np.int64) - (HALF - 1)
    index = left[:, None] + np.arange(2 * HALF)
    spread = masses[:, None] * _window((index - where[:, None]) / HALF)
    grid = np.bincount((index % n).reshape(-1), spread.reshape(-1), minlength=n)
    sums = np.conj(np.fft.rfft(grid)[:count])
    return sums / (HALF * _window_transform(HALF * spacing * t))


def _window(x: Any) -> Any:
    """`I0(BETA sqrt(1 - x**2)) exp(-BETA)` on `[-1, 1]`."""
    from scipy.special import i0e

    root = BETA * np.sqrt(np.maximum(1 - x * x, 0))
    return i0e(root) * np.exp(root - BETA)


def _window_transform(t: Any) -> Any:
    """`2 sinh(r) exp(-BETA) / r`, `r = sqrt(BETA**2 - t**2)`: the window's Fourier transform."""
    r = np.sqrt(BETA * BETA - t * t)
    return (np.exp(r - BETA) - np.exp(-r - BETA)) / r
