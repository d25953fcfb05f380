"""Haiku and Equinox, whose layers do not call initializers as JAX does."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.typing import DTypeLike

from ._constant import ones, zeros
from ._init import rng
from ._initializer import Initializer
from ._structured import IdentityInitializer

__all__ = ["equinox", "haiku"]


def haiku(initializer: Initializer) -> Callable[[Sequence[int], DTypeLike], jax.Array]:
    """`initializer` as Haiku calls it, with `(shape, dtype)` and the next key of `hk.transform`.

    For example `hk.Linear(64, w_init=haiku(orthogonal()))`. An initializer whose result does not
    depend on the key asks for none: it works in `net.init(None, x)`, and outside of a transform.
    `haiku(identity())` is Haiku's `Identity`: the matrix again for each index of the axes before
    the last two.

    Args:
        initializer: Any initializer of this package.
    """
    plain = (zeros, ones, jax.nn.initializers.zeros, jax.nn.initializers.ones)
    random = initializer not in plain and getattr(initializer, "random", True)

    def w_init(shape: Sequence[int], dtype: DTypeLike) -> jax.Array:
        import haiku as hk

        made = initializer
        if isinstance(made, IdentityInitializer):
            made = made.repeated(len(shape))
        key: Any = hk.next_rng_key() if random else None
        return made(key, tuple(shape), dtype)

    return w_init


def equinox(
    model: Any,
    initializer: Callable[..., Initializer],
    *,
    key: jax.Array,
    where: Callable[[Any], bool] | None = None,
) -> Any:
    """A copy of the Equinox `model` whose layers' weights are drawn by `initializer`.

    Equinox's layers take no initializer. Each weight's key is made of `key` and the weight's path,
    so a weight does not depend on how many layers there are, or in which order.

    Args:
        model: Any pytree that contains `eqx.nn.Linear`, `Conv` or `ConvTranspose` layers.
        initializer: Function such as `orthogonal` that makes an initializer from `in_axis`,
            `out_axis` and `groups`; bind its other arguments with `functools.partial`.
        key: JAX key.
        where: Which layers to fill, a function of the layer; all by default.

    Raises:
        ValueError: There is no layer to fill.
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
        # Equinox keeps all kernels as (out, in / groups, *k), transposed ones too.
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
