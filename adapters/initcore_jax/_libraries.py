"""Libraries whose layers call initializers in another way: Haiku and Equinox."""

from collections.abc import Callable
from typing import Any

import jax

from ._init import rng
from ._initializer import Initializer

__all__ = ["equinox", "haiku"]


def haiku(initializer: Initializer) -> Callable[..., Any]:
    """`initializer` as Haiku calls it, `(shape, dtype)` with a key of Haiku's own.

    For example `hk.Linear(64, w_init=haiku(orthogonal()))`.
    """

    def w_init(shape: Any, dtype: Any) -> Any:
        import haiku as hk

        return initializer(hk.next_rng_key(), tuple(shape), dtype)

    return w_init


def equinox(
    model: Any,
    initializer: Callable[..., Initializer],
    *,
    key: Any,
    where: Callable[[Any], bool] | None = None,
) -> Any:
    """A copy of the Equinox `model` whose layers' weights are drawn by `initializer`.

    Equinox keeps kernels as `(out, in / groups, *k)`, transposed ones too, and its layers take no
    initializer. Each weight's key comes from `key` and the path of the weight, so that it depends
    neither on the order nor on the number of layers.

    Args:
        model: Any pytree with `eqx.nn.Linear`, `Conv` or `ConvTranspose` layers inside.
        initializer: Function that makes an initializer from `in_axis`, `out_axis` and `groups`, as
            `orthogonal` is, with other arguments bound by `functools.partial`.
        key: JAX key.
        where: Which layers to fill, a function of the layer; all by default.

    Raises:
        ValueError: No layer is there to fill.
    """
    import equinox as eqx

    kinds = (eqx.nn.Linear, eqx.nn.Conv, eqx.nn.ConvTranspose)
    base = rng(key)
    filled = 0

    def replace(path: Any, layer: Any) -> Any:
        nonlocal filled
        if not isinstance(layer, kinds) or (where is not None and not where(layer)):
            return layer
        filled += 1
        words = base.fold_in(jax.tree_util.keystr(path)).key
        data = jax.numpy.asarray([jax.numpy.uint32(w) for w in words], dtype=jax.numpy.uint32)
        made = initializer(in_axis=1, out_axis=0, **_groups(layer))
        weight = made(jax.random.wrap_key_data(data), layer.weight.shape, layer.weight.dtype)
        return eqx.tree_at(lambda found: found.weight, layer, weight)

    def is_layer(node: Any) -> bool:
        return isinstance(node, kinds)

    result = jax.tree_util.tree_map_with_path(replace, model, is_leaf=is_layer)
    if not filled:
        raise ValueError("equinox found no Linear, Conv or ConvTranspose layer to fill.")
    return result


def _groups(layer: Any) -> dict[str, int]:
    groups = getattr(layer, "groups", 1)
    return {"groups": groups} if groups > 1 else {}
