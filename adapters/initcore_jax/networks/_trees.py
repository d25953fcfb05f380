"""Pytrees of weights: Equinox modules, and the parameters of a function."""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax

from ._calls import is_array, is_weight
from ._functional import FunctionalModel, path_of

__all__ = ["of_tree"]

GATES = {"LSTMCell": 4, "GRUCell": 3}


def of_tree(
    function: Any, tree: Any, name: str, guess: Callable[[], Iterator[Any]] = lambda: iter(())
) -> FunctionalModel:
    """A function of a pytree; of Flax's variables the collection `params`, else all of it."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(tree, is_leaf=_is_state)
    flax = isinstance(tree, Mapping) and "params" in tree
    kinds = [is_weight(x) and (not flax or keys[0].key == "params") for keys, x in leaves]
    paths = [path_of(keys) if keys else "weight" for keys, _ in leaves]
    state = [x for (_, x), kind in zip(leaves, kinds, strict=True) if is_array(x) and not kind]

    def filled(weights: Iterator[Any], state: Iterator[Any]) -> Any:
        new = [next(weights) if kind else next(state) if is_array(x) else x
               for (_, x), kind in zip(leaves, kinds, strict=True)]  # fmt: skip
        return jax.tree.unflatten(structure, new)

    def call(weights: Any, state: Any, args: Any, kwargs: Any) -> Any:
        return function(evaluating(filled(iter(weights), iter(state))), *args, **kwargs)

    weights = {p: x for p, (_, x), kind in zip(paths, leaves, kinds, strict=True) if kind}

    def refill(new: dict[str, Any]) -> Any:
        return filled(iter([new.get(p, x) for p, x in weights.items()]), iter(state))

    return FunctionalModel(
        name, weights, state, call, refill, gates=_equinox_gates(tree, weights), guess=guess
    )


def evaluating(tree: Any) -> Any:
    """An Equinox model without dropout and with running statistics; any other tree as it is."""
    equinox = sys.modules.get("equinox")
    return tree if equinox is None else equinox.nn.inference_mode(tree)


def _is_state(x: Any) -> bool:
    equinox = sys.modules.get("equinox")
    return equinox is not None and isinstance(x, equinox.nn.StateIndex)


def _equinox_gates(tree: Any, weights: Mapping[str, Any]) -> dict[str, int]:
    """The kernels of Equinox's recurrent cells."""
    equinox = sys.modules.get("equinox")
    if equinox is None:
        return {}
    cells = (equinox.nn.LSTMCell, equinox.nn.GRUCell)
    found = jax.tree_util.tree_flatten_with_path(tree, is_leaf=lambda x: isinstance(x, cells))[0]
    gates = {}
    for keys, cell in found:
        if isinstance(cell, cells):
            start = path_of(keys) + "." if keys else ""
            count = GATES[type(cell).__name__]
            gates.update({p: count for p in weights if p.startswith(start)})
    return gates
