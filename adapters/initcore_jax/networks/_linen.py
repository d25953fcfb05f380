"""Flax linen: modules that hold no arrays; their variables are made here."""

from typing import Any

import jax

from initcore.networks import as_call, calling

from ._calls import is_weight, joined, parted, shape_only
from ._functional import FunctionalModel, path_of

__all__ = ["of_linen"]

GATES = {"ConvLSTMCell": 4}  # in one kernel; other cells have one a gate


def of_linen(linen: Any, module: Any, sample: Any, seed: int, who: str) -> FunctionalModel:
    """The module with the shapes of its variables.

    Raises:
        ValueError: There is no sample input, or `module.init` does not take it.
    """
    name = type(module).__name__
    if sample is None:
        raise ValueError(
            f"{who} needs sample_input, what {name} is called with: a Flax linen module has no "
            "variables before its first call."
        )
    args, kwargs = as_call(sample)
    arrays, fixed = parted((args, kwargs))
    arrays = [shape_only(a) for a in arrays]
    cells: dict[str, int] = {}

    def init(key: Any, arrays: Any) -> Any:
        args, kwargs = joined(fixed, arrays)
        rngs = {"params": key, "dropout": jax.random.fold_in(key, 1)}
        return module.init(rngs, *args, **kwargs)

    def note(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        # Inside of a lifted scan a cell does not know its path; the scan itself is seen then.
        cell = isinstance(context.module, linen.RNNCellBase)
        if cell and (context.module.path or isinstance(module, linen.RNNCellBase)):
            path = "/".join(("params", *context.module.path))
            cells[path + "/"] = GATES.get(type(context.module).__name__, 1)
        return call(*args, **kwargs)

    key = jax.random.key(seed)
    with calling(who, name), linen.intercept_methods(note):
        shapes = jax.eval_shape(init, key, arrays)
    leaves, tree = jax.tree_util.tree_flatten_with_path(shapes)
    paths = [path_of(keys) for keys, _ in leaves]
    kinds = [p.startswith("params/") and is_weight(x) for p, (_, x) in zip(paths, leaves,
             strict=True)]  # fmt: skip

    def made(wanted: list[int]) -> list[Any]:
        """Those of the module's own initial values; no others are computed."""
        if not wanted:
            return []
        zeros = [jax.numpy.zeros(a.shape, a.dtype) for a in arrays]

        def own(key: Any) -> list[Any]:
            leaves = jax.tree.leaves(init(key, zeros))
            return [leaves[i] for i in wanted]

        return list(jax.jit(own)(key))

    def own(names: list[str]) -> dict[str, Any]:
        return dict(zip(names, made([paths.index(p) for p in names]), strict=True))

    rest = [i for i, kind in enumerate(kinds) if not kind]
    state = made(rest)

    def call(weights: Any, state: Any, args: Any, kwargs: Any) -> Any:
        weights, state = iter(weights), iter(state)
        variables = jax.tree.unflatten(
            tree, [next(weights) if kind else next(state) for kind in kinds]
        )
        return module.apply(variables, *args, **kwargs)

    def refill(new: dict[str, Any]) -> Any:
        kept = [i for i, p in enumerate(paths) if kinds[i] and p not in new]
        own = {**dict(zip(kept, made(kept), strict=True)), **dict(zip(rest, state, strict=True))}
        return jax.tree.unflatten(
            tree, [own[i] if i in own else new[p] for i, p in enumerate(paths)]
        )

    weights = {p: x for p, (_, x), kind in zip(paths, leaves, kinds, strict=True) if kind}
    gates = {p: n for start, n in cells.items() for p in weights if p.startswith(start)}
    return FunctionalModel(name, weights, state, call, refill, own, gates)
