"""Flax nnx: modules that hold their weights, written in place."""

from typing import Any

import jax

from ._functional import FunctionalModel, path_of
from ._guesses import guesses

__all__ = ["of_nnx"]

GATES = {"OptimizedLSTMCell": 4, "GRUCell": 3}  # in one kernel; other cells have one a gate


def of_nnx(nnx: Any, model: Any) -> FunctionalModel:
    """The module, split into a graph and arrays."""
    graph, params, rest = nnx.split(model, nnx.Param, ...)
    leaves, tree = jax.tree_util.tree_flatten_with_path(params)
    paths = [path_of(keys).replace("/", ".") for keys, _ in leaves]
    state, state_tree = jax.tree.flatten(rest)

    def call(weights: Any, state: Any, args: Any, kwargs: Any) -> Any:
        copy = nnx.merge(
            graph, jax.tree.unflatten(tree, weights), jax.tree.unflatten(state_tree, state)
        )
        copy.eval()
        return copy(*args, **kwargs)

    specs = jax.tree.leaves(nnx.get_partition_spec(params), is_leaf=_is_spec)

    def refill(new: dict[str, Any]) -> None:
        filled = [
            _partitioned(new[path], spec) if path in new else leaf
            for path, (_, leaf), spec in zip(paths, leaves, specs, strict=True)
        ]
        nnx.update(model, jax.tree.unflatten(tree, filled))

    gates = {}
    for prefix, module in nnx.iter_modules(model):
        if isinstance(module, nnx.RNNCellBase):
            start = "".join(f"{name}." for name in prefix)
            count = GATES.get(type(module).__name__, 1)
            gates.update({p: count for p in paths if p.startswith(start)})
    weights = dict(zip(paths, (leaf for _, leaf in leaves), strict=True))
    name = type(model).__name__
    return FunctionalModel(
        name,
        weights,
        state,
        call,
        refill,
        gates=gates,
        guess=lambda: guesses(model, first=False),
    )


def _is_spec(x: Any) -> bool:
    return x is None or isinstance(x, jax.sharding.PartitionSpec)


def _partitioned(w: Any, spec: Any) -> Any:
    """Inside of a compiled function a new value, partitioned as its variable says."""
    if not (isinstance(w, jax.core.Tracer) and spec) or jax.sharding.get_abstract_mesh().empty:
        return w
    return jax.lax.with_sharding_constraint(w, spec)  # type: ignore[no-untyped-call]
