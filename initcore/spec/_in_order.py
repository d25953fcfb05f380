"""Results on the host in the order of axes that a framework keeps, without a turned copy."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import aligned_empty
from ..random import Rng
from ._layout import Layout
from ._spec import Spec

__all__ = ["made_in_order"]


def made_in_order(
    spec: Spec,
    rng: Rng,
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    values: Mapping[str, Any],
    layout: Layout | None,
) -> Any:
    """What `spec` makes of checked arguments, as a new NumPy array of a framework's `shape`.

    Independent entries are drawn where they belong. The array begins at a cache line, so that JAX
    takes it without a copy.

    Args:
        spec: The initializer.
        rng: An `Rng` of NumPy.
        shape: The framework's shape.
        sizes, values: What `spec.check` returned.
        layout: The framework's order; None if it is the core's.

    >>> from initcore.spec import specs
    >>> w = made_in_order(specs["normal"], Rng(0), (2, 3), (3, 2), {}, Layout((1,), (0,)))
    >>> bool((w == Rng(0).normal((3, 2)).T).all())
    True
    """
    w = aligned_empty(shape, rng.dtype)
    turned = w if layout is None else _turned(w, sizes, layout)
    if layout is None or np.may_share_memory(turned, w):
        spec.draw(rng, sizes, values, turned)
    else:  # several of the framework's axes are one in the core
        w[...] = layout.from_canonical(spec.draw(rng, sizes, values, None), shape, xp=np)
    return w


def _turned(w: Any, sizes: tuple[int, ...], layout: Layout) -> Any:
    if layout.groups_on_in:
        return layout.to_canonical(w, xp=np)
    return w.transpose(_order(layout, w.ndim)).reshape(sizes)


_order = functools.lru_cache(1024)(Layout._order)
