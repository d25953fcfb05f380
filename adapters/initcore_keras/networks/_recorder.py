"""The graph of a Keras model, recorded while its own code runs on values without numbers."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from initcore.networks import NOTHING, Graph, Node, spread

from ._hooks import unhooked
from ._operations import IDENTITIES, JOINS, MAPS, MOVES, PREDICATES, REDUCTIONS, SOFTMAXES
from ._value import Value

__all__ = ["Recorder", "as_array", "one_spec", "slots", "unique"]


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

    def methods(self) -> Sequence[tuple[Any, str, Any]]:
        """Methods of Keras's classes and what takes their place while recording."""
        from ._layers import replaced_methods

        return replaced_methods()

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

    # Operations.

    def call(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What a function of the backend makes, recorded."""
        from ._handlers import HANDLERS

        def stand_in(x: Any) -> Any:
            path = self.path(x)
            return x if path is None else self.weight(path)

        args, kwargs = keras.tree.map_structure(stand_in, (list(args), dict(kwargs)))
        handler = HANDLERS.get(name)
        if handler is not None:
            made = handler(self, *args, **kwargs)
            if made is not NotImplemented:
                return made
        if name in IDENTITIES:
            return self._identity(args, kwargs)
        if name in MAPS:
            return self.map(name, MAPS[name], function, args, kwargs)
        if name in MOVES:
            return self.move(name, MOVES[name], function, args, kwargs)
        if name in REDUCTIONS:
            return self.reduce(name, function, args, kwargs)
        if name in SOFTMAXES:
            x = args[0]
            axis = kwargs.get("axis", args[1] if len(args) > 1 else -1)
            axis = x.ndim - 1 if axis is None else axis % x.ndim
            return self.put("softmax", (x,), x.shape, x.dtype, name, axis=axis)
        return self.other(name, function, args, kwargs)

    def _identity(self, args: Any, kwargs: Any) -> Any:
        x = args[0]
        if not isinstance(x, Value):  # a nest of values
            return keras.ops.stack([keras.ops.convert_to_tensor(y) for y in x])
        dtype = kwargs.get("dtype", args[1] if len(args) > 1 else None)
        if not isinstance(dtype, str):
            dtype = None if dtype is None or isinstance(dtype, float) else (
                keras.backend.standardize_dtype(dtype))  # fmt: skip
        made = Value(x.node, x.shape, dtype or x.dtype, x.alone)
        if hasattr(x, "_keras_mask"):
            made._keras_mask = x._keras_mask  # type: ignore[attr-defined]
        return made

    def map(
        self, name: str, numpy: Callable[..., Any] | None, function: Callable[..., Any],
        args: Any, kwargs: Any,
    ) -> Value:  # fmt: skip
        """An elementwise function; by constants of many numbers it is a move."""
        values, filled = slots(args, kwargs)
        flat = keras.tree.flatten((args, kwargs))
        shape = np.broadcast_shapes(*(np.shape(x) if not isinstance(x, Value) else x.shape
                                      for x in flat if hasattr(x, "shape")))  # fmt: skip
        dtype = _dtype(name, [x for x in flat if x is not None and not isinstance(x, str)])
        constants = [x for x in flat if hasattr(x, "shape") and not isinstance(x, Value)]
        if any(np.prod(np.shape(c)) > 1 for c in constants):
            return self.put("move", values, shape, dtype, name)

        def evaluate(*arrays: Any) -> Any:
            if numpy is not None:
                given = [as_array(a) if hasattr(a, "shape") else a for a in arrays]
                args, kwargs = filled(given, as_array)
                return numpy(*args, **kwargs)
            with unhooked():
                args, kwargs = filled([keras.ops.convert_to_tensor(a) for a in arrays])
                return as_array(function(*args, **kwargs))

        kind = "sum" if name in ("add", "subtract") and len(values) == 2 else "map"
        return self.put(kind, values, shape, dtype, name, function=evaluate)

    def move(
        self, name: str, numpy: Callable[..., Any], function: Callable[..., Any], args: Any,
        kwargs: Any,
    ) -> Any:  # fmt: skip
        """What moves elements: one node for each array it makes."""
        named = inspect.signature(function).bind(*args, **kwargs).arguments
        moved = {list(named)[k] for k in JOINS.get(name, (0,)) if k < len(named)}
        indices = {k: v for k, v in named.items() if k not in moved}
        values = unique([x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, Value)])
        if any(isinstance(x, Value) for x in keras.tree.flatten(indices)):
            return self._moved_by_values(name, function, args, kwargs, values)
        indices = keras.tree.map_structure(
            lambda x: as_array(x) if hasattr(x, "shape") else x, indices)  # fmt: skip
        indices.pop("num", None)
        places = {v.node: n for n, v in enumerate(values)}

        def evaluate(*arrays: Any) -> Any:
            def array(x: Any) -> Any:
                if isinstance(x, Value):
                    return arrays[places[x.node]]
                return spread(np.int8(NOTHING), np.shape(x))

            data = {k: keras.tree.map_structure(array, v) for k, v in named.items() if k in moved}
            return numpy(*[{**data, **indices}[k] for k in named if k in data or k in indices])

        made = evaluate(*(spread(np.int8(0), v.shape) for v in values))
        if not isinstance(made, list):
            return self.put("move", values, made.shape, values[0].dtype, name, function=evaluate)
        return [
            self.put("move", values, one.shape, values[0].dtype, name,
                     function=lambda *a, n=n: evaluate(*a)[n])
            for n, one in enumerate(made)
        ]  # fmt: skip

    def _moved_by_values(
        self, name: str, function: Any, args: Any, kwargs: Any, values: Sequence[Value]
    ) -> Any:
        """A movement by indices that the network computes."""
        specs = one_spec(function, args, kwargs)
        dtype = values[0].dtype
        return keras.tree.map_structure(
            lambda s: self.put("move", values, s.shape, dtype, name), specs
        )

    def reduce(self, name: str, function: Any, args: Any, kwargs: Any) -> Value:
        """A sum, a mean, an extremum over axes."""
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        x = next(iter(bound.arguments.values()))
        axis, keep = bound.arguments.get("axis"), bound.arguments.get("keepdims", False)
        axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
        shape = [1 if a in axes else n for a, n in enumerate(x.shape) if keep or a not in axes]
        values = unique([v for v in bound.arguments.values() if isinstance(v, Value)])
        dtype = "int32" if name.startswith(("arg", "count")) else _dtype(name, [x])
        if name in ("mean", "average", "std", "var") and "float" not in dtype:
            dtype = keras.config.floatx()
        return self.put("reduce", values, shape, dtype, name)

    def other(self, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """Anything else: the backend is asked for the shapes."""
        flat = keras.tree.flatten((args, kwargs))
        values = unique([x for x in flat if isinstance(x, Value)])
        specs = one_spec(function, args, kwargs)
        kind = "move" if name in ("max_pool", "average_pool", "adaptive_average_pool", "resize",
                                  "adaptive_max_pool", "cumsum", "sort", "top_k", "one_hot",
                                  "multi_hot", "shuffle", "unfold", "fold") else "other"  # fmt: skip

        def made(spec: Any) -> Any:
            return self.put(kind, values, spec.shape, spec.dtype, name)

        return keras.tree.map_structure(made, specs)

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


def _dtype(name: str, values: Sequence[Any]) -> str:
    if name in PREDICATES:
        return "bool"
    kinds = [dtype_of(x) if hasattr(x, "dtype") else type(x) for x in values
             if hasattr(x, "dtype") or isinstance(x, (bool, int, float))]  # fmt: skip
    made = str(keras.backend.result_type(*(kinds[1:] if name == "where" else kinds)))
    plain = name in ("abs", "absolute", "add", "clip", "floor_divide", "maximum", "minimum", "mod",
                     "multiply", "negative", "power", "sign", "square", "subtract", "sum", "where",
                     "max", "min", "prod", "relu")  # fmt: skip
    return made if plain or "float" in made or "complex" in made else keras.config.floatx()
