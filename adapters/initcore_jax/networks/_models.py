"""What the libraries of JAX call a model: its weights by path, and how to call and refill it."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax

from ._calls import is_weight
from ._guesses import guesses

__all__ = ["Model", "path_of", "understood"]


@dataclass(frozen=True)
class Model:
    """A model of any library.

    Attributes:
        name: For reports.
        weights: Its weights by path, arrays or only their shapes.
        state: Other arrays that the call needs: running statistics, keys.
        call: `call(weights, state, args, kwargs)`, with `weights` a list in their order.
        refill: From new weights by path to what `initialize` returns beside the report.
        gates: For kernels of recurrent cells, how many gates each holds.
        guess: Calls that may fit.
    """

    name: str
    weights: dict[str, Any]
    state: list[Any]
    call: Callable[..., Any]
    refill: Callable[[dict[str, Any]], Any]
    gates: Mapping[str, int] = field(default_factory=dict)
    guess: Callable[[], Iterator[tuple[Any, ...]]] = lambda: iter(())


def understood(model: Any, sample: Any, seed: int) -> Model:
    """The model, whichever library it is of.

    Raises:
        TypeError: It is of none.
    """
    from ._trees import of_tree

    nnx, linen = sys.modules.get("flax.nnx"), sys.modules.get("flax.linen")
    equinox = sys.modules.get("equinox")
    if nnx is not None and isinstance(model, nnx.Module):
        from ._nnx import of_nnx

        return of_nnx(nnx, model)
    if linen is not None and isinstance(model, linen.Module):
        from ._linen import of_linen

        return of_linen(linen, model, sample, seed)
    if equinox is not None and isinstance(model, equinox.Module) and callable(model):
        return of_tree(_called, model, type(model).__name__, lambda: guesses(model, first=True))
    pair = isinstance(model, tuple) and len(model) == 2 and callable(model[0])
    if pair and any(is_weight(leaf) for leaf in jax.tree.leaves(model[1])):
        name = getattr(model[0], "__name__", type(model[0]).__name__)
        return of_tree(model[0], model[1], name)
    raise TypeError(
        "initialize needs a Flax module, an Equinox module or a pair (function, parameters), "
        f"got {type(model).__name__}."
    )


def _called(model: Any, *args: Any, **kwargs: Any) -> Any:
    return model(*args, **kwargs)


def path_of(keys: Any) -> str:
    """A key path as one name: `layers.0.weight` of attributes, `params/Dense_0/kernel` of dicts."""
    names = [str(getattr(k, "name", getattr(k, "key", getattr(k, "idx", k)))) for k in keys]
    if len(keys) > 1 and names[-1] in ("value", "raw_value") and hasattr(keys[-1], "name"):
        names, keys = names[:-1], keys[:-1]  # of a variable's box
    return ("." if hasattr(keys[0], "name") else "/").join(names)
