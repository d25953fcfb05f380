"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Callable, Mapping
from typing import Any

import mlx.nn as nn
from mlx.utils import tree_flatten, tree_unflatten

from initcore.networks import Report, describe_network, draw, needs_data, plan, progress

from ._draw import check_dtype, to_mlx
from ._graph import graph_of

__all__ = ["initialize"]


def initialize(
    model: nn.Module,
    scheme: Any,
    *,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    sample_input: Any = None,
    paths: Mapping[str, str] | Callable[[str], str] | None = None,
) -> Report:
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Roles and activations come from the modules of an `nn.Sequential`; in other models roles come
    from names, and no activation is known. Everything is drawn before the first weight is replaced.

    Args:
        model: Its arrays are replaced.
        scheme, seed, overrides, paths: As of `initcore.networks.plan`.
        sample_input: Taken for the same call in every framework; the model is not run.

    >>> net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["layers.0.weight"].weight.activation, report["layers.2.weight"].weight.role
    ('relu', 'output')
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"initialize needs an mlx.nn.Module, got {type(model).__name__}.")
    if needs_data(scheme):
        raise ValueError("initialize runs no MLX model, which the scheme 'lsuv' needs.")
    network = describe_network(graph_of(model))
    assignments = plan(network, scheme, seed=seed, overrides=overrides, paths=paths)
    dtypes = {path: array.dtype for path, array in tree_flatten(model.parameters())}
    chosen = {a.weight.path: a for a in assignments if a.name is not None}
    fine = {path: check_dtype(dtypes[path], f"initialize: {path}") for path in chosen}
    new = []
    for path in progress(list(chosen), "initialize"):
        w = to_mlx(draw(chosen[path], seed, dtype=fine[path]), dtypes[path])
        new += [(name, w) for name in (path, *chosen[path].weight.parameter.aliases)]
    model.update(tree_unflatten(new))
    return Report(assignments, network, scheme=scheme, seed=seed, model=type(model).__name__)
