"""The graph of a Keras model, recorded while its own code runs on values without numbers."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from initcore.networks import Graph, Node

from ._active import unhooked
from ._value import Value

__all__ = ["NotBuiltError", "Recorder", "as_array", "dtype_of", "one_spec", "slots", "unique"]


class NotBuiltError(ValueError):
    """A layer made its weights only when it was traced; its text is the layer's name."""


class Recorder:
    """Notes every function of the backend that is called with a value of the network or a weight.

    Args:
        model: What is called.
        variables: Its weights by path.
    """

    def __init__(self, model: Any, variables: Mapping[str, Any]) -> None:
        self.model, self.variables = model, variables
        self.nodes: list[Node] = []
        self._path_of = {id(v): path for path, v in variables.items()}
        self._weights: dict[str, Value] = {}
        self.kept: list[Any] = []  # so that no `id` of a constant returns
        self.told: dict[str, dict[str, Any]] = {}

    def path(self, x: Any) -> str | None:
        """The path of a weight of the model, None of anything else."""
        return self._path_of.get(id(x))

    def path_by_id(self, key: int) -> str | None:
        """The path of the weight of that `id`."""
        return self._path_of.get(key)

    @contextlib.contextmanager
    def weights_replaced(self) -> Iterator[None]:
        """A context in which reading a weight gives its value here, and assigning is forgotten."""
        with keras.StatelessScope(collect_losses=True) as scope:
            scope.state_mapping = _Weights(self)
            yield

    # Nodes.

    def put(
        self, kind: str, inputs: Sequence[Value], shape: Sequence[int], dtype: str, label: str = "",
        **more: Any,
    ) -> Value:  # fmt: skip
        """The value of a new node."""
        alone = kind in ("weight", "constant") or (
            kind in ("map", "move", "sum", "reduce", "product") and all(v.alone for v in inputs)
        )
        shape = tuple(int(n) for n in shape)
        self.nodes.append(Node(kind, tuple(v.node for v in inputs), label, shape, **more))
        return Value(len(self.nodes) - 1, shape, dtype, alone)

    def weight(self, path: str) -> Value:
        """The value of a weight, made when it is first met."""
        if path not in self._weights:
            v = self.variables[path]
            self._weights[path] = self.put("weight", (), v.shape, dtype_of(v), path,
                                           parameters=(path,))  # fmt: skip
        return self._weights[path]

    def value(self, x: Any) -> Value:
        """A value, a weight's value, or one of a constant."""
        if isinstance(x, Value):
            return x
        path = self.path(x)
        if path is not None:
            return self.weight(path)
        array = as_array(x)
        return self.put("constant", (), array.shape, str(array.dtype), "constant")

    @contextlib.contextmanager
    def scratch(self) -> Iterator[list[Node]]:
        """A context whose nodes are taken back at its end; yields the list of all nodes."""
        before = len(self.nodes)
        try:
            yield self.nodes
        finally:
            self.back_to(before)

    def back_to(self, count: int) -> None:
        """Take all nodes but the first `count` back."""
        del self.nodes[count:]
        self._weights = {p: v for p, v in self._weights.items() if v.node < count}

    def graph(self, parameters: Sequence[Any], outputs: Any) -> Graph:
        """What was recorded."""
        ends = [x.node for x in keras.tree.flatten(outputs) if isinstance(x, Value)]
        return Graph(self.nodes, parameters, outputs=tuple(dict.fromkeys(ends)))


class _Weights(dict[int, Any]):
    """What a scope has in place of variables: values for the weights, made when they are read."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def get(self, key: int, default: Any = None) -> Any:
        path = self._recorder.path_by_id(key)
        if key in self or path is None:
            return super().get(key, default)
        return self._recorder.weight(path)


def unique(values: Sequence[Value]) -> list[Value]:
    """Each value once."""
    return list({v.node: v for v in values}.values())


def slots(args: Any, kwargs: Any) -> tuple[list[Value], Callable[..., Any]]:
    """The values among nested arguments, and a function that puts arrays in their places."""
    values = unique([x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, Value)])
    places = {v.node: n for n, v in enumerate(values)}

    def filled(arrays: Sequence[Any], constant: Callable[[Any], Any] | None = None) -> Any:
        def put(x: Any) -> Any:
            if isinstance(x, Value):
                return arrays[places[x.node]]
            return constant(x) if constant and hasattr(x, "shape") else x

        return keras.tree.map_structure(put, (args, kwargs))

    return values, filled


def one_spec(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Shapes and dtypes of what a function makes, asked of the backend."""
    values, filled = slots(list(args), dict(kwargs))

    def of_tensors(*tensors: Any) -> Any:
        args, kwargs = filled(tensors)
        return function(*args, **kwargs)

    tensors = [keras.KerasTensor(v.shape, v.dtype) for v in values]
    with unhooked():
        return sys.modules["keras.src.backend"].compute_output_spec(of_tensors, *tensors)


def as_array(x: Any) -> Any:
    """A constant in NumPy."""
    if isinstance(x, np.ndarray):
        return x
    with unhooked():
        return np.asarray(keras.ops.convert_to_numpy(x))


def dtype_of(x: Any) -> str:
    return str(keras.backend.standardize_dtype(x.dtype))
