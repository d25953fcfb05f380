"""The weights of a model by its modules and, in an `nn.Sequential`, the order of its layers."""

from collections.abc import Callable, Iterator
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten

from initcore.networks import Graph, Node, Parameter
from initcore.spec import Layout

from ._draw import kernel_layout

__all__ = ["graph_of"]

NORMS = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.InstanceNorm, nn.BatchNorm)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
GATES = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}
NODES = {
    **dict.fromkeys((nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *TRANSPOSED), "layer"),
    **dict.fromkeys(NORMS, "norm"),
    nn.Embedding: "look_up", nn.RNN: "recurrent", nn.GRU: "recurrent", nn.PReLU: "map",
}  # fmt: skip


def graph_of(model: nn.Module) -> Graph:
    """Every weight with its kind and layout; the nodes of an `nn.Sequential` of known layers."""
    modules = dict(model.named_modules())
    arrays = dict(tree_flatten(model.parameters()))
    trainable = dict(tree_flatten(model.trainable_parameters()))
    same: dict[int, list[str]] = {}
    for path, array in arrays.items():
        same.setdefault(id(array), []).append(path)
    parameters = []
    for path, *aliases in same.values():
        prefix, _, name = path.rpartition(".")
        if not name.startswith("running_"):  # a batch normalization's
            facts = _facts(modules.get(prefix), name, arrays[path])
            facts |= {"aliases": tuple(aliases), "frozen": path not in trainable}
            parameters.append(Parameter(path, tuple(arrays[path].shape), **facts))
    nodes = [Node("input")]
    for path, step in _steps(model, ""):
        node = _node(path, step, len(nodes) - 1)
        if node is None:
            note = f"what calls {path.rstrip('.') or type(model).__name__} makes is not known"
            return Graph((), parameters, traced=False, note=note)
        nodes.append(node)
    return Graph(nodes, parameters)


def _facts(module: Any, name: str, p: mx.array) -> dict[str, Any]:
    recurrent = next((n for kind, n in GATES.items() if isinstance(module, kind)), 0)
    groups = getattr(module, "groups", 1)
    if isinstance(module, nn.Embedding):
        return {"kind": "embedding"}
    if isinstance(module, NORMS):
        return {"kind": "scale" if name == "weight" else "shift"}
    if name == "bias" or (recurrent and p.ndim == 1):
        return {"kind": "bias"}
    if p.ndim < 2 or not mx.issubdtype(p.dtype, mx.floating):
        return {"kind": "other", "note": "of unknown use"}
    layout = Layout((0,), (1, 2)) if isinstance(module, nn.Bilinear) else kernel_layout(groups)
    if recurrent:
        return {"kind": "recurrent", "layout": layout, "parts": recurrent}
    return {
        "kind": "kernel", "layout": layout, "depthwise": groups > 1 == p.shape[-1],
        "transposed": isinstance(module, TRANSPOSED),
    }  # fmt: skip


def _steps(step: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What a model calls one after another, with the beginnings of its weights' paths."""
    if type(step) is not nn.Sequential:
        yield path, step
        return
    for i, inner in enumerate(step.layers):
        yield from _steps(inner, f"{path}layers.{i}.")


def _node(path: str, step: Any, before: int) -> Node | None:
    """The node of one step; None where its class is not known."""
    label, known = getattr(step, "__name__", type(step).__name__), NODES.get(type(step))
    weights = tree_flatten(step.parameters()) if isinstance(step, nn.Module) else []
    foreign = isinstance(step, nn.Module) and not type(step).__module__.startswith("mlx.")
    if not known and (weights or foreign):
        return None
    kind = known or ("move" if label.startswith(("Dropout", "Avg", "Max", "Upsample")) else "map")
    function = _elementwise(step) if kind == "map" else None
    kind = "other" if kind == "map" and function is None else kind
    return Node(kind, (before,), label, None, tuple(path + n for n, _ in weights), function)


def _elementwise(step: Callable[[mx.array], mx.array]) -> Callable[[Any], Any] | None:
    """The step as a function of float64 NumPy arrays, None if it mixes or moves elements."""

    def function(x: Any) -> Any:
        with mx.stream(mx.cpu):  # MLX has float64 there alone
            return np.array(step(mx.array(np.asarray(x, order="C"), dtype=mx.float64)))

    x = np.linspace(-2.0, 3.0, 7)
    try:
        y, part = function(x), function(x[4:1:-1])
    except Exception:  # made for arrays of other shapes
        return None
    same = y.shape == x.shape and np.allclose(y[4:1:-1], part, rtol=1e-6, atol=1e-6)
    return function if same else None
