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
    from names, and no activation is known. Everything is decided, checked and drawn before the
    first weight is replaced. Frozen weights keep their values unless they are named.

    Args:
        model: Its arrays are replaced.
        scheme: A scheme's or an initializer's name, `(name, parameters)`, or a mapping from
            patterns of paths and from roles to initializers, which leaves everything else alone.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths and from roles to an initializer's name, to
            `(name, parameters)`, or to None for what is to be left alone.
        sample_input: Taken for the same call in every framework; the model is not run.
        paths: Names to make keys from instead of the model's, for equal weights in two models.

    Raises:
        TypeError, ValueError: An argument is wrong, or the network is not made for the scheme.

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
    chosen = [a for a in assignments if a.name is not None]
    fine = [check_dtype(dtypes[a.weight.path], f"initialize: {a.weight.path}") for a in chosen]
    new = []
    for a, kind in zip(progress(chosen, "initialize"), fine, strict=True):
        w = to_mlx(draw(a, seed, dtype=kind), dtypes[a.weight.path])
        new += [(path, w) for path in (a.weight.path, *a.weight.parameter.aliases)]
    model.update(tree_unflatten(new))
    return Report(assignments, network, scheme=scheme, seed=seed, model=type(model).__name__)
