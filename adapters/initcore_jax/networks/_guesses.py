"""What a model may be called with, where the caller does not say: what its first layer takes."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp

from ._calls import shaped

__all__ = ["guesses"]

IMAGES = (32, 64, 224)  # pixels; the first that the model takes
TOKENS = 8


def guesses(model: Any, *, first: bool) -> Iterator[tuple[Any, ...]]:
    """Arguments that the first layer takes; `first` says that channels come first, as in Equinox,
    whose layers take one sample at a time."""
    for module in _modules(model, set()):
        found = list(_of_equinox(module) if first else _of_nnx(module))
        if found:
            yield from ((shaped(shape, kind),) for shape, kind in found)
            return


def _modules(node: Any, seen: set[int]) -> Iterator[Any]:
    """`node` and the modules within, in the order of their attributes."""
    if id(node) in seen:
        return
    seen.add(id(node))
    inside = node
    if hasattr(node, "__dict__") and not isinstance(node, type):
        yield node
        inside = vars(node)
    if isinstance(inside, Mapping):
        for value in inside.values():
            if not callable(value) or hasattr(value, "__dict__"):
                yield from _modules(value, seen)
    elif isinstance(inside, (list, tuple)):
        for value in inside:
            yield from _modules(value, seen)


def _of_nnx(module: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    nnx: Any = sys.modules["flax.nnx"]
    if isinstance(module, nnx.Embed):
        yield (1, TOKENS), jnp.int32
    elif isinstance(module, nnx.Linear):
        yield (2, module.in_features), jnp.float32
        yield (2, TOKENS, module.in_features), jnp.float32
    elif isinstance(module, nnx.Conv):
        k = module.kernel_size
        axes = 1 if isinstance(k, int) else len(k)
        yield from (((2, *[n] * axes, module.in_features), jnp.float32) for n in IMAGES)


def _of_equinox(module: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    nn: Any = sys.modules["equinox"].nn
    if isinstance(module, nn.Embedding):
        yield (TOKENS,), jnp.int32
        yield (), jnp.int32
    elif isinstance(module, nn.Linear) and isinstance(module.in_features, int):
        yield (module.in_features,), jnp.float32
        yield (TOKENS, module.in_features), jnp.float32
    elif isinstance(module, nn.Conv):
        axes = module.num_spatial_dims
        yield from (((module.in_channels, *[n] * axes), jnp.float32) for n in IMAGES)
