"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Collection
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_unflatten

from initcore import Rng, networks
from initcore.networks import INITIALIZE, Overrides, Paths, Report, described

from ._draw import check_dtype, to_mlx
from ._graph import graph_of

__all__ = ["initialize"]


class MlxModel:
    """An MLX module as `initcore.networks.FillableModel`."""

    has_data = False  # it is not run

    def __init__(self, who: str, model: nn.Module) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"{who} needs an mlx.nn.Module, got {type(model).__name__}.")
        self.who, self.model, self.name = who, model, type(model).__name__
        self.quantized = sorted(p for p, m in model.named_modules() if {"scales", "weight"} <= {*m})
        self.graph = networks.Graph((), ()) if self.quantized else graph_of(model)
        self.arrays: dict[str, mx.array] = dict(tree_flatten(model.parameters()))
        self.new: list[tuple[str, mx.array]] = []  # written once all are drawn

    def check_weight(self, path: str) -> None:
        check_dtype(self.arrays[path].dtype, f"{self.who}: {path}")

    def write(self, assignment: networks.Assignment, key: tuple[int, int]) -> None:
        parameter, dtype = assignment.weight.parameter, self.arrays[assignment.weight.path].dtype
        rng = Rng.from_key(key, dtype=check_dtype(dtype, self.who))
        w = to_mlx(networks.draw_with(rng, assignment), dtype)
        self.new += [(name, w) for name in (parameter.path, *parameter.aliases)]

    def finish(self, report: Report) -> Report:
        self.model.update(tree_unflatten(self.new))
        return report


@described(INITIALIZE)
def initialize(
    model: nn.Module, scheme: Any, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Report:  # fmt: skip
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Args:
        model: Its arrays are replaced. Roles and activations come from the modules of an
            `nn.Sequential`; in other models roles come from names, and no activation is known.
        sample_input: Ignored; the model is not run.

    >>> net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["layers.0.weight"].weight.activation, report["layers.2.weight"].weight.role
    ('relu', 'output')
    """
    return networks.initialize(
        MlxModel("initialize", model), scheme, seed=seed, overrides=overrides, paths=paths,
        only=only, input_scale=input_scale,
    )  # fmt: skip
