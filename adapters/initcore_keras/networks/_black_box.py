"""Layers and activations that take arrays of the running backend alone.

What they compute is not seen, but they can be run: shapes are asked of the backend, and numbers
tell what is elementwise and what is linear.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from ._active import active, unhooked
from ._recorder import as_array, one_spec, slots
from ._value import Value

__all__ = ["black_box", "guarded", "owned"]

SAMPLED = 2**16  # elements of an array that a layer is tried on


def owned(layer: Any) -> list[Any]:
    """The weights of a layer itself that training changes, or would if it were not frozen."""
    return list(layer._trainable_variables)


def guarded(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """An activation that may be a function of the backend's own arrays."""

    def activation(x: Any) -> Any:
        try:
            return function(x)
        except Exception:
            if not isinstance(x, Value):
                raise
        label = getattr(function, "__name__", "activation")
        return active().put("map", (x,), x.shape, x.dtype, label, function=_computed(function))

    return activation


def _computed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of the backend's arrays as one of NumPy's."""

    def evaluate(x: Any) -> Any:
        with unhooked():
            made = function(keras.ops.convert_to_tensor(x))
            return as_array(made.detach() if hasattr(made, "detach") else made)

    return evaluate


def black_box(r: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    """What a layer makes of values that it cannot be called on: nodes of the right shapes."""
    parameters = inspect.signature(layer.call).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        kwargs = {name: x for name, x in kwargs.items() if name in parameters}
    inputs, filled = slots(list(args), dict(kwargs))
    try:
        specs = one_spec(layer.call, args, kwargs)
    except Exception:  # it says itself what it cannot be asked
        given = filled([keras.KerasTensor(x.shape, x.dtype) for x in inputs])
        with unhooked():
            specs = layer.compute_output_spec(*given[0], **given[1])
    weights = [r.path(v) for one in layer._flatten_layers() for v in owned(one)]
    paths = list(dict.fromkeys(p for p in weights if p is not None))
    if len(inputs) == 1 and isinstance(specs, keras.KerasTensor):
        made = _alike(r, layer, inputs[0], tuple(specs.shape), paths)
        if made is not None:
            return made
    kind = "other" if paths else "move"
    beside = [*inputs, *(r.weight(p) for p in paths)]
    return keras.tree.map_structure(
        lambda s: r.put(kind, beside, s.shape, s.dtype, type(layer).__name__), specs
    )


def _alike(r: Any, layer: Any, x: Value, shape: Sequence[int], paths: Sequence[str]) -> Any:
    """The node of a layer that is elementwise, or a product with its kernel and its bias."""
    if "float" not in x.dtype or int(np.prod(x.shape)) > SAMPLED:
        return None
    evaluate, label = _computed(layer.call), type(layer).__name__
    shapes = {p: tuple(r.variables[p].shape) for p in paths}
    kernels = [p for p in paths if len(shapes[p]) == 2]
    biases = [p for p in paths if shapes[p] == shape[-1:]]
    try:
        if not paths and shape == x.shape and _acts_elementwise(evaluate, x):
            return r.put("map", (x,), shape, x.dtype, label, function=evaluate)
        fits = len(kernels) == 1 and len(kernels) + len(biases) == len(paths) and (
            (*x.shape[:-1], *shapes[kernels[0]][1:]) == shape
            and shapes[kernels[0]][0] == x.shape[-1]
        )  # fmt: skip
        if fits and _is_affine(evaluate, x):
            made = keras.ops.matmul(x, r.weight(kernels[0]))
            for path in biases:
                made = made + r.weight(path)
            return made
    except Exception:  # it does not take these numbers
        return None
    return None


def _acts_elementwise(evaluate: Callable[[Any], Any], x: Value) -> bool:
    """Whether turning an array around turns the result around, and no more."""
    given = np.linspace(-3, 3, int(np.prod(x.shape)))
    made, turned = (
        np.asarray(evaluate(a.reshape(x.shape).astype(x.dtype))).reshape(-1)
        for a in (given, given[::-1].copy())
    )
    return bool(np.allclose(made[::-1], turned, rtol=1e-5))


def _is_affine(evaluate: Callable[[Any], Any], x: Value) -> bool:
    a, b = np.random.default_rng(0).normal(size=(2, *x.shape)).astype(x.dtype)
    zero, fa, fb, fab = (np.asarray(evaluate(v), np.float64) for v in (0 * a, a, b, a - b))
    return bool(np.allclose(fab - zero, fa - fb, rtol=1e-3, atol=1e-5 * np.abs(fa).max()))
