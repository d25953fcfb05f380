"""A chain of layers with biases: the distribution after each layer, from the one before it.

With a bias, `v = sigma_w**2 z + sigma_b**2` is not a product. So the layers are cut into runs
without biases. The density of `log z` after a run is computed on a uniform grid, as the Fourier
series of its transform. It is band-limited (to `exp(-TINY)`), so the grid's values times its step
are quadrature weights at the points `log v` for the next run, to that accuracy.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._arguments import Layer
from ._fourier import fourier_sum
from ._log_law import LogLaw, Product
from ._moments import log_of
from ._units import Units

__all__ = ["compose"]

# A smaller mass at an end of the grid is rounding of the transform, and is moved inwards.
GONE = 1e-14


def compose(
    layers: Sequence[Layer],
    units_of: Callable[[int], Units],
    log_square: float,
    fineness: float = 1.0,
) -> LogLaw | None:
    """The distribution of `log z` after `layers`, from `z = exp(log_square)`.

    Returns None if `z` is always 0.
    """
    runs = _runs(layers)
    products = [Product.of([units_of(layer.width) for layer in run]) for run in runs]
    bands = [p.band(0.0) for p in products]
    places, weights, dead = np.array([log_square]), np.ones(1), 0.0
    if log_square == -math.inf:
        places, weights, dead = np.empty(0), np.empty(0), 1.0
    cache: dict[Any, Any] = {}
    for i, (run, product) in enumerate(zip(runs, products, strict=True)):
        first = run[0]
        scale = [0.5 * math.log(units_of(layer.width).mean) for layer in run]
        signal, noise = (2 * (scale[0] + log_of(d)) for d in (first.sigma_w, first.sigma_b))
        shift = sum(
            2 * (c + log_of(layer.sigma_w)) for c, layer in zip(scale[1:], run[1:], strict=True)
        )
        if first.sigma_b:
            places = np.append(np.logaddexp(places + signal, noise), noise) + shift
            weights, dead = np.append(weights, dead), 0.0
            places, weights = places[weights > 0], weights[weights > 0]
        else:
            places = places + (signal + shift)
        if not places.size or math.isinf(places[0]):
            places, weights, dead = np.empty(0), np.empty(0), 1.0
        elif i == len(runs) - 1:
            clean = -math.inf if places.size == 1 else math.log(1e-13)
            return LogLaw(places, weights, product, clean)
        else:
            step = math.pi / (2 * fineness * max(bands[i], bands[i + 1]))
            alive = math.exp(float(product.log_transform(np.zeros(1))[0]))
            dead += float(weights.sum()) * (1 - alive)
            places, weights = _through(places, weights, product, step, cache)
    return None


def _runs(layers: Sequence[Layer]) -> list[list[Layer]]:
    """`layers`, cut before each that has biases or no weights."""
    runs: list[list[Layer]] = []
    for layer in layers:
        if not runs or layer.sigma_b or not layer.sigma_w:
            runs.append([])
        runs[-1].append(layer)
    return runs


def _through(
    places: Any, weights: Any, product: Product, step: float, cache: dict[Any, Any]
) -> tuple[Any, Any]:
    """Grid and weights of the distribution of `U + log product`.

    `U` takes the values `places` with the probabilities `weights`.
    """
    low, high = product.reach(0.0)
    origin = float(places.min()) + low
    length = (float(places.max()) + high - origin) / step
    n = 1 << max(6, math.ceil(math.log2(length + 8)))
    frequency = 2 * math.pi / (n * step)
    count = min(n // 4, 1 + int(product.band(0.0) / frequency))
    key = product, n, step
    if key not in cache:
        cache[key] = np.exp(product.log_transform(1j * frequency * np.arange(count)))
    spectrum = np.zeros(n // 2 + 1, complex)
    spectrum[:count] = fourier_sum(places - origin, weights, frequency, count) * cache[key]
    after = np.maximum(np.fft.irfft(np.conj(spectrum), n), 0)
    alive = float(weights.sum()) * abs(cache[key][0])
    after *= alive / after.sum()
    cumulated = np.cumsum(after)
    first = int(np.searchsorted(cumulated, GONE))
    last = n - 1 - int(np.searchsorted(np.cumsum(after[::-1]), GONE))
    after[first] = cumulated[first]
    after[last] += after[last + 1 :].sum()
    return origin + step * np.arange(first, last + 1), after[first : last + 1]
