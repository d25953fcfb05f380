"""Checks of the arguments of the finite-width distributions."""

import math
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from ...arguments import key_of_seed, short_repr
from ...random import Rng
from .._check import number

__all__ = ["DEEPEST", "Layer", "count_of", "layers_of", "rng_of"]

DEEPEST = 100_000  # layers
WIDEST = 1 << 20  # beyond this, the sum over the number of active units is no longer short


class Layer(NamedTuple):
    """The width of a layer, and the standard deviations of its weights and biases."""

    width: int
    sigma_w: float
    sigma_b: float


def layers_of(who: str, widths: Any, sigma_w: Any, sigma_b: Any) -> tuple[Layer, ...]:
    """The layers of a network.

    A standard deviation is one number or one a layer; `sigma_w=None` means He's.
    """
    sizes = _widths(who, widths)
    if sigma_w is None:
        weights = [math.sqrt(2 / n) for n in sizes]
    else:
        weights = _deviations(who, "sigma_w", sigma_w, len(sizes))
    biases = _deviations(who, "sigma_b", sigma_b, len(sizes))
    return tuple(Layer(*layer) for layer in zip(sizes, weights, biases, strict=True))


def _widths(who: str, widths: Any) -> list[int]:
    given = [widths] if hasattr(widths, "__index__") else widths
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(
            f"{who} needs widths to be integers, one a layer, got {short_repr(widths)}."
        )
    sizes = list(islice(given, DEEPEST + 1))
    if len(sizes) > DEEPEST:
        raise ValueError(f"{who} needs at most {DEEPEST} layers, got {short_repr(widths)}.")
    if not sizes:
        raise ValueError(f"{who} needs the width of at least one layer, got none.")
    for n in sizes:
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(f"{who} needs widths to be integers, one a layer, got {short_repr(n)}.")
        if not 1 <= n.__index__() <= WIDEST:
            raise ValueError(f"{who} needs widths from 1 to {WIDEST}, got {short_repr(n)}.")
    return [int(n.__index__()) for n in sizes]


def _deviations(who: str, name: str, value: Any, layers: int) -> list[float]:
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return [number(who, name, value)] * layers
    given = [number(who, name, v) for v in value]
    if len(given) != layers:
        raise ValueError(
            f"{who} needs {name} to be one number or one a layer, {layers} of them, "
            f"got {len(given)}."
        )
    return given


def count_of(who: str, n: Any) -> int:
    """`n` as an integer number of samples."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"{who} needs n to be an integer >= 0, got {short_repr(n)}.")
    if n.__index__() < 0:
        raise ValueError(f"{who} needs n to be an integer >= 0, got {short_repr(n)}.")
    return int(n.__index__())


def rng_of(who: str, seed: Any) -> Rng:
    """The float64 stream of an integer seed."""
    return Rng.from_key(key_of_seed(seed, who=who), dtype="float64")
