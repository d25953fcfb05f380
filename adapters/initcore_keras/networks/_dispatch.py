"""What becomes of a call of a function of Keras's backend: nodes of the graph."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from initcore.networks import NOTHING, spread

from ._active import unhooked
from ._handlers import HANDLERS
from ._operations import IDENTITIES, JOINS, MAPS, MOVES, PREDICATES, REDUCTIONS, SOFTMAXES, VIEWS
from ._recorder import Recorder, as_array, dtype_of, one_spec, slots, unique
from ._value import Value

__all__ = ["dispatch"]


def dispatch(r: Recorder, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What a function of the backend makes, recorded."""

    def stand_in(x: Any) -> Any:
        path = r.path(x)
        return x if path is None else r.weight(path)

    args, kwargs = keras.tree.map_structure(stand_in, (list(args), dict(kwargs)))
    if name in HANDLERS:
        made = HANDLERS[name](r, *args, **kwargs)
        if made is not NotImplemented:
            return made
    if name in IDENTITIES:
        return _identity(args, kwargs)
    if name in MAPS:
        return _map(r, name, MAPS[name], function, args, kwargs)
    if name in MOVES:
        return _move(r, name, MOVES[name], function, args, kwargs)
    if name in REDUCTIONS:
        return _reduce(r, name, function, args, kwargs)
    if name in SOFTMAXES:
        x = args[0]
        axis = kwargs.get("axis", args[1] if len(args) > 1 else -1)
        axis = x.ndim - 1 if axis is None else axis % x.ndim
        return r.put("softmax", (x,), x.shape, x.dtype, name, axis=axis)
    return _other(r, name, function, args, kwargs)


def _identity(args: Any, kwargs: Any) -> Any:
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


def _map(
    r: Recorder, name: str, numpy: Callable[..., Any] | None, function: Callable[..., Any],
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
        return r.put("move", values, shape, dtype, name)

    def evaluate(*arrays: Any) -> Any:
        if numpy is not None:
            given = [as_array(a) if hasattr(a, "shape") else a for a in arrays]
            args, kwargs = filled(given, as_array)
            return numpy(*args, **kwargs)
        with unhooked():
            args, kwargs = filled([keras.ops.convert_to_tensor(a) for a in arrays])
            return as_array(function(*args, **kwargs))

    kind = "sum" if name in ("add", "subtract") and len(values) == 2 else "map"
    return r.put(kind, values, shape, dtype, name, function=evaluate)


def _move(
    r: Recorder, name: str, numpy: Callable[..., Any], function: Callable[..., Any], args: Any,
    kwargs: Any,
) -> Any:  # fmt: skip
    """What moves elements: one node for each array it makes."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    named = bound.arguments
    moved = {list(named)[k] for k in JOINS.get(name, (0,)) if k < len(named)}
    indices = {k: v for k, v in named.items() if k not in moved}
    values = unique([x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, Value)])
    if any(isinstance(x, Value) for x in keras.tree.flatten(indices)):
        return _moved_by_values(r, name, function, args, kwargs, values)
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
        return r.put("move", values, made.shape, values[0].dtype, name, function=evaluate)
    return [
        r.put("move", values, one.shape, values[0].dtype, name,
                 function=lambda *a, n=n: evaluate(*a)[n])
        for n, one in enumerate(made)
    ]  # fmt: skip


def _moved_by_values(
    r: Recorder, name: str, function: Any, args: Any, kwargs: Any, values: Sequence[Value]
) -> Any:
    """A movement by indices that the network computes."""
    specs = one_spec(function, args, kwargs)
    dtype = values[0].dtype
    return keras.tree.map_structure(lambda s: r.put("move", values, s.shape, dtype, name), specs)


def _reduce(r: Recorder, name: str, function: Any, args: Any, kwargs: Any) -> Value:
    """A sum, a mean, an extremum over axes."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    x = next(iter(bound.arguments.values()))
    axis, keep = bound.arguments.get("axis"), bound.arguments.get("keepdims", False)
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
    shape = [1 if a in axes else n for a, n in enumerate(x.shape) if keep or a not in axes]
    values = unique([v for v in bound.arguments.values() if isinstance(v, Value)])
    dtype = _dtype(name, [x])
    if name.startswith(("arg", "count")) or (name == "sum" and dtype == "bool"):
        dtype = "int32"
    if name in ("mean", "average", "std", "var") and "float" not in dtype:
        dtype = keras.config.floatx()
    return r.put("reduce", values, shape, dtype, name)


def _other(r: Recorder, name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """Anything else: the backend is asked for the shapes."""
    flat = keras.tree.flatten((args, kwargs))
    values = unique([x for x in flat if isinstance(x, Value)])
    specs = one_spec(function, args, kwargs)
    kind = "move" if name in VIEWS else "other"

    def made(spec: Any) -> Any:
        return r.put(kind, values, spec.shape, spec.dtype, name)

    return keras.tree.map_structure(made, specs)


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
