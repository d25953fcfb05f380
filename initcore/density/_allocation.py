"""How a density of the whole network is spread over its layers."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..arguments import as_shape, short_repr
from ._scores import check_density

__all__ = [
    "erdos_renyi",
    "erdos_renyi_kernel",
    "uniform",
]

Shapes = TypeVar("Shapes", bound=Sequence[Any] | Mapping[Any, Any])


def uniform(shapes: Any, density: float) -> Any:
    """The same density in every layer, to within one weight.

    Args:
        shapes: Kernel shapes, a sequence or a mapping.
        density: Fraction of weights kept in the whole network, in `[0, 1]`.

    Raises:
        TypeError: A shape or the density is no such thing.
        ValueError: A shape has fewer than 2 axes, or the density is outside `[0, 1]`.

    >>> uniform([(4, 4), (2, 4)], 0.5)
    [0.5, 0.5]
    """
    return _spread("uniform", shapes, density, lambda shape: 1.0)


def erdos_renyi(shapes: Any, density: float) -> Any:
    """Densities proportional to `(out + in) / (out * in)`, of layers that are not full.

    Layers that would pass 1 are dense, and the others are solved for again. Arguments and errors
    are those of `uniform`.

    >>> erdos_renyi([(100, 100), (10, 10)], 0.2)
    [0.192, 1.0]
    """
    return _spread("erdos_renyi", shapes, density, lambda s: (s[0] + s[1]) / (s[0] * s[1]))


def erdos_renyi_kernel(shapes: Any, density: float) -> Any:
    """Densities proportional to `sum(shape) / prod(shape)`, of layers that are not full.

    So the taps of a convolution count as its channels do. Otherwise as `erdos_renyi`.

    >>> [round(d, 4) for d in erdos_renyi_kernel([(64, 64, 3, 3), (128, 64, 3, 3)], 0.1)]
    [0.1211, 0.0895]
    """
    return _spread("erdos_renyi_kernel", shapes, density, lambda s: sum(s) / math.prod(s))


def _spread(who: str, shapes: Any, density: Any, raw: Callable[[Any], float]) -> Any:
    if isinstance(shapes, Mapping):
        found = _spread(who, list(shapes.values()), density, raw)
        return dict(zip(shapes, found, strict=True))
    if not hasattr(shapes, "__len__"):
        raise TypeError(f"{who} needs a sequence or a mapping of shapes, got {short_repr(shapes)}.")
    sizes = [as_shape(shape, who=who) for shape in shapes]
    for shape in sizes:
        if len(shape) < 2 or not math.prod(shape):
            raise ValueError(f"{who} needs shapes (out, in, *spatial) of weights, got {shape}.")
    check_density(who, density)
    counts = [math.prod(shape) for shape in sizes]
    kept = _counts([raw(s) * n for s, n in zip(sizes, counts, strict=True)], counts, density)
    return [k / n for k, n in zip(kept, counts, strict=True)]


def _counts(shares: list[float], counts: list[int], density: float) -> list[int]:
    """Whole numbers up to `counts`, as proportional to `shares` as they can be, of a given sum."""
    total = round(density * sum(counts))
    full: set[int] = set()
    while True:
        rest = [i for i in range(len(counts)) if i not in full]
        left = total - sum(counts[i] for i in full)
        factor = left / sum(shares[i] for i in rest) if rest else 0.0
        passed = {i for i in rest if factor * shares[i] >= counts[i]}
        if not passed:
            break
        full |= passed
    wanted = [float(n) if i in full else factor * shares[i] for i, n in enumerate(counts)]
    kept = [math.floor(w) for w in wanted]
    # the largest remainders are rounded up
    order = sorted(range(len(counts)), key=lambda i: kept[i] - wanted[i])
    for i in order[: total - sum(kept)]:
        kept[i] += 1
    return kept
