"""The graph of a Keras model, recorded while it is called on symbolic tensors.

For a while `keras.Operation` and `keras.Layer` hand every symbolic call of this thread to a
`Recorder`. Layers with weights are taken as they are; all others are called, so that what they do
is recorded in turn. Shapes are computed, values are not.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from initcore.networks import Graph, GraphBuilder, Node

from ._operations import PRODUCTS, SAME, evaluator, kind_of, product_layout

__all__ = ["PATCHING", "Recorder", "recording"]

ARITHMETIC = {
    f"__{side}{name}__": function
    for side in ("", "r")
    for name, function in (("add", keras.ops.add), ("sub", keras.ops.subtract),
                           ("mul", keras.ops.multiply), ("truediv", keras.ops.true_divide),
                           ("matmul", keras.ops.matmul), ("pow", keras.ops.power))
}  # fmt: skip
BESIDE = {"Multiply": "multiply", "Divide": "multiply", "TrueDivide": "multiply", "Add": "add",
          "Subtract": "add", "Concatenate": "join", "Stack": "join"}  # fmt: skip
_here = threading.local()
# Held by whoever has replaced methods of Keras: a second thread would put the wrong ones back.
PATCHING = threading.RLock()


class Recorder:
    """Notes every operation: the values it takes, and the weights among them.

    A value is a `KerasTensor`, known by its `id`; all are kept, so that no `id` returns.

    Args:
        variables: The weights by path.
        keys: The names that their keys are made from.
    """

    def __init__(self, variables: dict[str, Any], keys: Mapping[str, str]) -> None:
        self._made = GraphBuilder({path: tuple(v.shape) for path, v in variables.items()})
        self.variables, self._keys = variables, keys
        self._path_of = {id(v): path for path, v in variables.items()}
        self._node_of: dict[int, int] = {}
        self._kept: list[Any] = []

    @property
    def nodes(self) -> list[Node]:
        """The nodes so far."""
        return self._made.nodes

    def path(self, variable: Any) -> str | None:
        """The path of a weight of the model."""
        return self._path_of.get(id(variable))

    def node(self, value: Any) -> int | None:
        """The node of a value."""
        return self._node_of.get(id(value))

    def values(self, given: Any) -> list[Any]:
        """The values of the network among nested arguments."""
        return [x for x in keras.tree.flatten(given) if id(x) in self._node_of]

    def use(self, variable: Any, **facts: Any) -> None:
        """Note what a weight is for, if it is one of the model's."""
        path = self.path(variable)
        if path is not None:
            self._made.use(path, **facts)

    def used(self, variable: Any) -> bool:
        """Whether the use of a weight has been noted."""
        return self.path(variable) in self._made.uses

    def put(
        self, kind: str, inputs: Any, label: str, made: Any, weights: Any = (), function: Any = None
    ) -> Any:
        """A node that makes `made`, nested symbolic tensors; returns them."""
        flat = [t for t in keras.tree.flatten(made) if isinstance(t, keras.KerasTensor)]
        indices = tuple(self._node_of[id(x)] for x in self.values(inputs))
        paths = [self.path(w) for w in weights if w is not None]
        shape = tuple(flat[0].shape) if flat else None
        self.nodes.append(Node(kind, indices, label, shape,
                               tuple(p for p in paths if p is not None), function))  # fmt: skip
        self._kept += flat
        for t in flat:
            self._node_of[id(t)] = len(self.nodes) - 1
        return made

    def operation(self, op: Any, args: Any, kwargs: Any) -> Any:
        """A symbolic call of an operation that is no layer."""
        made = op.compute_output_spec(*args, **kwargs)
        name = type(op).__name__
        flat = keras.tree.flatten((list(args), dict(kwargs)))
        values = self.values(flat)
        weights = [x for x in flat if self.path(x) is not None]
        if not values and not (weights and name == "Take"):
            return made
        if weights:
            return self._weighted(op, name, args, flat, values, weights, made)
        if name in SAME:
            self._kept.append(made)
            self._node_of[id(made)] = self._node_of[id(values[0])]
            return made
        constants = [x for x in flat if id(x) not in self._node_of]
        kind = kind_of(name, len({self.node(v) for v in values}), constants)
        function = evaluator(op, args, kwargs, values) if kind == "map" else None
        return self.put(kind, values, name, made, (), function)

    def _weighted(
        self, op: Any, name: str, args: Any, flat: Any, values: Any, weights: Any, made: Any
    ) -> Any:
        """A weight that a layer of someone else's hands to an operation as it is."""
        kind = "move"
        if name == "Take":
            kind = "look_up"
            self.use(weights[0], kind="embedding")
        elif name in PRODUCTS:
            kind = "layer"
            for w in weights:
                position = next(i for i, x in enumerate(flat) if x is w)
                facts = product_layout(op, name, position, w.shape, values[0].shape)
                self.use(w, kind="kernel", **facts) if facts else self.use(
                    w, kind="other", note=f"used by {name}")  # fmt: skip
        else:
            for w in weights:
                self._joined(name, w, values)
        return self.put(kind, values, name, made, weights)

    def _joined(self, name: str, w: Any, values: Any) -> None:
        """A weight that is added to the signal, multiplies it or stands beside it."""
        flat = int(np.prod(w.shape)) == max((*w.shape, 1))
        normalized = self._made.after_norm((self._node_of[id(v)] for v in values), steps=1)
        path, how = self._path_of[id(w)], BESIDE.get(name, "")
        self._made.use_beside(path, how, name, flat=flat, normalized=normalized)

    def graph(self) -> Graph:
        """What was recorded."""
        more = {path: {"frozen": not v.trainable, "key": self._keys[path]}
                for path, v in self.variables.items()}  # fmt: skip
        return Graph(self.nodes, self._made.parameters(more))


@contextlib.contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """Hand symbolic calls of this thread to `recorder` for a while."""
    from ._layers import call_layer

    _here.recorder = recorder
    with _patched(call_layer):
        try:
            yield
        finally:
            _here.recorder = None


@contextlib.contextmanager
def _patched(call_layer: Any) -> Iterator[None]:
    with PATCHING:
        symbolic_call, layer_call = keras.Operation.symbolic_call, keras.Layer.__call__
        arithmetic = {name: getattr(keras.Variable, name) for name in ARITHMETIC}
        own = {name for name in ARITHMETIC if name in vars(keras.Variable)}

        def operation(self: Any, *args: Any, **kwargs: Any) -> Any:
            recorder = getattr(_here, "recorder", None)
            if recorder is None:
                return symbolic_call(self, *args, **kwargs)
            return recorder.operation(self, args, kwargs)

        def layer(self: Any, *args: Any, **kwargs: Any) -> Any:
            recorder = getattr(_here, "recorder", None)
            if recorder is None or not recorder.values((list(args), dict(kwargs))):
                return layer_call(self, *args, **kwargs)
            return call_layer(recorder, self, args, kwargs)

        keras.Operation.symbolic_call, keras.Layer.__call__ = operation, layer
        for name, plain in arithmetic.items():
            setattr(keras.Variable, name, _symbolic(name, plain))
        try:
            yield
        finally:
            keras.Operation.symbolic_call, keras.Layer.__call__ = symbolic_call, layer_call
            for name, plain in arithmetic.items():
                setattr(keras.Variable, name, plain) if name in own else delattr(
                    keras.Variable, name)  # fmt: skip


def _symbolic(name: str, plain: Any) -> Any:
    """A weight's operator that takes symbolic tensors too: Keras's own takes them on the left."""
    function = ARITHMETIC[name]

    def operator(self: Any, other: Any) -> Any:
        if not isinstance(other, keras.KerasTensor):
            return plain(self, other)
        return function(other, self) if name.startswith("__r") else function(self, other)

    return operator
