"""What a model is called with: arrays and other arguments."""

import sys
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["is_array", "is_weight", "joined", "parted", "shape_only", "shaped", "states"]

shaped: Any = jax.ShapeDtypeStruct


def shape_only(x: Any) -> Any:
    """The shape and dtype of an array."""
    return shaped(x.shape, x.dtype)


def is_array(x: Any) -> bool:
    """Whether it is an array or the shape of one."""
    return hasattr(x, "shape") and hasattr(x, "dtype")


def is_weight(x: Any) -> bool:
    """Whether a leaf can be trained: an array of floating-point or complex numbers."""
    return is_array(x) and bool(jnp.issubdtype(x.dtype, jnp.inexact))


def parted(call: Any) -> tuple[list[Any], Any]:
    """The arrays of a call (or their shapes), and everything else."""
    leaves, tree = jax.tree.flatten(call)
    arrays = [x for x in leaves if is_array(x)]
    fixed = [None if is_array(x) else (x,) for x in leaves]
    return arrays, (tree, fixed)


def states(call: Any) -> list[bool]:
    """For each array of a call, whether it is state, as Equinox hands it over, and no input."""
    equinox = sys.modules.get("equinox")

    def is_state(x: Any) -> bool:
        return equinox is not None and isinstance(x, equinox.nn.State)

    found = []
    for leaf in jax.tree.leaves(call, is_leaf=is_state):
        count = len(parted(leaf)[0]) if is_state(leaf) else 1 if is_array(leaf) else 0
        found += [is_state(leaf)] * count
    return found


def joined(fixed: Any, arrays: Any) -> Any:
    """The call that `parted` took apart, with `arrays` in the places of its arrays."""
    tree, leaves = fixed
    given = iter(arrays)
    return jax.tree.unflatten(tree, [next(given) if x is None else x[0] for x in leaves])
