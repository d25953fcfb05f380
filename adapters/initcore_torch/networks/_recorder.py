"""Records what a model computes as nodes of a graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from initcore.networks import Graph, GraphBuilder, Node

from ._kernels import convolution, dense, plain
from ._nested import mapped, tensors
from ._operations import CONVOLUTIONS, LOOK_UPS, kind_of, name_of, product_operands
from ._parameters import recurrent_parameters, tied_paths

__all__ = ["Recorder"]

# Of a weight alone they leave the weight, though they are no views.
COPIES = ("t", "clone", "contiguous", "_to_copy", "_reshape_alias", "detach", "alias")
BESIDE = {"mul": "multiply", "div": "multiply", "add": "add", "sub": "add", "cat": "join",
          "stack": "join"}  # fmt: skip


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation: the tensors it takes, and the weights among them.

    A tensor is known by its `id`; all of them are kept until the end, so that no `id` returns.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._weights = dict(model.named_parameters())
        self._made = GraphBuilder({path: tuple(p.shape) for path, p in self._weights.items()})
        self._node_of: dict[int, int] = {}
        self._kept: list[Any] = []
        self._views: dict[int, tuple[str, Tensor]] = {
            id(p): (path, p) for path, p in self._weights.items()
        }
        self._derived: dict[int, tuple[str, ...]] = {}
        self._recurrent = recurrent_parameters(model)
        self._ties = tied_paths(model)

    def inputs(self, given: list[Tensor]) -> None:
        for t in given:
            self._put(t, Node("input", shape=tuple(t.shape)))

    def _put(self, t: Tensor, node: Node) -> int:
        index = self._node_of[id(t)] = self._made.add(node)
        self._kept.append(t)
        return index

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        if function.namespace == "aten":
            self._note(function, args, kwargs, result)
        return result

    def _note(self, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        made, given = tensors(result), tensors((args, kwargs))
        self._kept += [*made, *given]
        values = [t for t in given if id(t) in self._node_of]
        weights = [t for t in given if id(t) in self._views or id(t) in self._derived]
        if not made:
            return
        name = name_of(function)
        constant_indices = name in LOOK_UPS and weights
        if not values and not constant_indices:
            self._of_weights_alone(function, name, weights, made)
            return
        node = self._node(function, name, args, kwargs, values, weights, tuple(made[0].shape))
        index = self._put(made[0], node)
        for t in made[1:]:
            self._node_of[id(t)] = index
        if name != function._schema.name.partition("::")[2]:  # written in place: a view's base too
            base = getattr(made[0], "_base", None)
            if base is not None:
                self._node_of[id(base)] = index

    def _of_weights_alone(
        self, function: Any, name: str, weights: list[Tensor], made: list[Tensor]
    ) -> None:
        """Views of a weight are the weight; other functions of weights are derived from them."""
        if not weights:
            return
        moved = name in COPIES
        for t in made:
            whole = id(weights[0]) in self._views and len(weights) == 1
            if whole and (function.is_view or moved):
                self._views[id(t)] = self._views[id(weights[0])]
            else:
                self._derived[id(t)] = tuple(p for w in weights for p in self._paths(w))
        for w in weights:
            if id(made[0]) in self._derived:
                for path in self._paths(w):
                    self._use(path, kind="derived", note=f"used through {name}")

    def _paths(self, t: Tensor) -> tuple[str, ...]:
        if id(t) in self._views:
            return (self._views[id(t)][0],)
        return self._derived.get(id(t), ())

    def _use(self, path: str, **facts: Any) -> None:
        # A cell that is spelled out multiplies as a layer does.
        facts = self._recurrent.get(path, facts) if facts["kind"] == "kernel" else facts
        self._made.use(path, **facts)

    def _node(
        self, function: Any, name: str, args: Any, kwargs: Any, values: list[Tensor],
        weights: list[Tensor], shape: tuple[int, ...],
    ) -> Node:  # fmt: skip
        kind = kind_of(function, name, values)
        inputs = tuple(self._node_of[id(t)] for t in values)
        paths = tuple(dict.fromkeys(p for w in weights for p in self._paths(w)))
        if kind == "layer" and not weights:
            kind = "mix" if len(set(inputs)) > 1 else "move"  # by a constant matrix
        elif kind in ("layer", "look_up"):
            self._layer(name, args, values)
        elif kind == "recurrent":
            for path in paths:
                self._use(path, **self._recurrent.get(path, {"kind": "other"}))
        elif kind == "norm":
            for w, what in zip(weights, ("scale", "shift"), strict=False):
                for path in self._paths(w):
                    self._use(path, kind=what)
        elif kind == "mix" and weights:
            kind = "layer"
            for path in paths:
                self._use(path, kind="kernel", layout=plain(self._weights[path]))
        elif kind in ("map", "sum", "move", "other") and weights:
            kind = self._joined(name, kind, values, weights)
        apply = evaluator(function, args, kwargs, values) if kind == "map" else None
        return Node(kind, inputs, str(function), shape, paths, apply)

    def _joined(self, name: str, kind: str, values: list[Tensor], weights: list[Tensor]) -> str:
        """A weight that is added to the signal, multiplies it or stands beside it."""
        normalized = self._made.after_norm(self._node_of[id(t)] for t in values)
        how = BESIDE.get(name, "")
        for w in weights:
            if id(w) in self._views:
                path, flat = self._views[id(w)][0], w.numel() == max((*w.shape, 1))
                self._made.use_beside(path, how, name, flat=flat, normalized=normalized)
        return "move" if how else kind

    def _layer(self, name: str, args: Any, values: list[Tensor]) -> None:
        operands = product_operands(name, args)
        if operands:
            _, kernel, bias = operands
            if id(kernel) not in self._views and id(kernel) not in self._derived:
                kernel = operands[0]  # the weight stands on the left
            if id(kernel) in self._views:
                path, base = self._views[id(kernel)]
                self._use(path, kind="kernel", layout=dense(name, kernel, base))
        elif name in CONVOLUTIONS:
            kernel, bias = args[1], args[2]
            transposed, groups = (args[6], args[8]) if len(args) > 8 else (False, args[-1])
            if id(kernel) in self._views:
                path, base = self._views[id(kernel)]
                self._use(path, **convolution(base, bool(transposed), int(groups)))
        else:
            kernel, bias = args[0], None
            if id(kernel) in self._views:
                self._use(self._views[id(kernel)][0], kind="embedding")
        if isinstance(bias, Tensor):
            for path in self._paths(bias):
                self._use(path, kind="bias")

    def graph(self) -> Graph:
        """What was recorded."""
        more = {
            path: {"aliases": self._ties.get(path, ()), "frozen": not p.requires_grad}
            for path, p in self._weights.items()
        }
        return Graph(self._made.nodes, self._made.parameters(more))


def evaluator(function: Any, args: Any, kwargs: Mapping[str, Any], values: list[Tensor]) -> Any:
    """The operation on float64 arrays in place of `values`; None if it needs other tensors."""
    ids = [id(t) for t in values]
    others = [t for t in tensors((args, kwargs)) if id(t) not in ids]
    if any(t.numel() != 1 or type(t) is not Tensor for t in others):
        return None
    # An operation in place would write into the arrays that theory hands it.
    plain = getattr(torch.ops.aten, name_of(function), None)
    overload = getattr(plain, function._overloadname, function) if plain else function

    def evaluate(*arrays: Any) -> Any:
        slots = {i: torch.as_tensor(np.array(a)) for i, a in zip(ids, arrays, strict=True)}
        filled = mapped(lambda t: slots.get(id(t), t), (args, dict(kwargs)))
        return overload(*filled[0], **filled[1]).numpy()

    return evaluate
