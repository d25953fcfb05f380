"""Tells which of JAX's libraries a model belongs to."""

import sys
from typing import Any

import jax

from initcore.arguments import for_model

from ._calls import is_weight
from ._functional import FunctionalModel
from ._guesses import guesses
from ._linen import of_linen
from ._nnx import of_nnx
from ._trees import of_tree

__all__ = ["functional"]


def functional(model: Any, sample: Any, seed: int, who: str) -> FunctionalModel:
    """The model of any library as a function of its weights.

    Raises:
        TypeError: It is of none.
        ValueError: It is a Flax linen module that does not take `sample`.
    """
    nnx, linen = sys.modules.get("flax.nnx"), sys.modules.get("flax.linen")
    equinox = sys.modules.get("equinox")
    if nnx is not None and isinstance(model, nnx.Module):
        return of_nnx(nnx, model)
    if linen is not None and isinstance(model, linen.Module):
        return of_linen(linen, model, sample, seed, who)
    if equinox is not None and isinstance(model, equinox.Module) and callable(model):
        return of_tree(_called, model, type(model).__name__, lambda: guesses(model, first=True))
    pair = isinstance(model, tuple) and len(model) == 2 and callable(model[0])
    if pair and any(is_weight(leaf) for leaf in jax.tree.leaves(model[1])):
        name = getattr(model[0], "__name__", type(model[0]).__name__)
        return of_tree(model[0], model[1], name)
    raise TypeError(
        f"{who} needs a Flax module, an Equinox module or a pair (function, parameters), "
        f"got {type(model).__name__}{for_model(model, 'initcore_jax')}"
    )


def _called(model: Any, *args: Any, **kwargs: Any) -> Any:
    return model(*args, **kwargs)
