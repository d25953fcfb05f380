"""What the layers of Keras do with their weights; every other layer is called and recorded."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from initcore.spec import Layout

from ._operations import _einsum

__all__ = ["call_layer", "owned"]

GATES = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1}
NORMS = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization,
         layers.RMSNormalization, layers.UnitNormalization)  # fmt: skip
Handler = Callable[[Any, Any, Any, Any], Any]


def owned(layer: Any) -> list[Any]:
    """The weights of a layer itself that training changes, or would if it were not frozen."""
    return list(layer._trainable_variables)


def call_layer(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    """What `layer(*args, **kwargs)` makes, recorded."""
    for kind, handler in HANDLERS:
        if isinstance(layer, kind):
            return handler(recorder, layer, args, kwargs)
    how = dict(kwargs)
    if layer._call_has_training_arg:
        how["training"] = False
    elif "training" in how and "training" not in inspect.signature(layer.call).parameters:
        del how["training"]
    before = len(recorder.nodes)
    try:
        made = layer.call(*args, **how)
    except Exception:
        if owned(layer) or len(recorder.nodes) > before:
            raise
        # Works on arrays of the backend alone: what it makes of shapes is known all the same.
        spec = layer.compute_output_spec(*args, **how)
        return recorder.put("move", (list(args), kwargs), type(layer).__name__, spec)
    for w in owned(layer):
        if not recorder.used(w):
            _by_name(recorder, w)
    return made


def _by_name(recorder: Any, w: Any) -> None:
    """A weight that a layer transforms before use; its name tells the rest."""
    name = w.name
    kind = next((k for k, names in (("bias", ("bias", "beta")), ("multiplier", ("gamma", "scale")))
                 if any(n in name for n in names)), "derived")  # fmt: skip
    recorder.use(w, kind=kind, note="used through a function of it; judged by its name")


def _product(
    recorder: Any, layer: Any, x: Any, kernel: Any, facts: dict[str, Any], shape: Any
) -> Any:
    """A product with a kernel, its bias and its activation."""
    bias = getattr(layer, "bias", None)
    recorder.use(kernel, kind="kernel", **facts)
    if bias is not None:
        recorder.use(bias, kind="bias")
    made = keras.KerasTensor(tuple(shape), x.dtype)
    recorder.put("layer", x, type(layer).__name__, made, (kernel, bias))
    return _activated(recorder, getattr(layer, "activation", None), made)


def _activated(recorder: Any, activation: Any, x: Any) -> Any:
    """An activation; one that takes arrays of the backend alone is a map all the same."""
    if activation is None:
        return x
    try:
        return activation(x)
    except Exception:

        def function(v: Any) -> Any:
            tensor = keras.ops.convert_to_tensor(v)
            return np.asarray(keras.ops.convert_to_numpy(activation(tensor)))

        made = keras.KerasTensor(tuple(x.shape), x.dtype)
        label = getattr(activation, "__name__", "activation")
        return recorder.put("map", x, label, made, (), function)


def _activation(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    return _activated(recorder, layer.activation, _first(args, kwargs))


def _first(args: Any, kwargs: Any) -> Any:
    return args[0] if args else next(iter(kwargs.values()))


def _dense(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    facts = {"layout": Layout((1,), (0,))}
    shape = (*x.shape[:-1], layer.units)
    return _product(recorder, layer, x, layer._kernel, facts, shape)


def _einsum_dense(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    facts = _einsum(layer.equation, 1)
    shape = layer.compute_output_shape(x.shape)
    return _product(recorder, layer, x, layer._kernel, facts or {}, shape)


def _convolution(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    channels = x.shape[-1 if layer.data_format == "channels_last" else 1]
    facts = {
        "layout": Layout((-1,), (-2,), groups=layer.groups),
        "depthwise": layer.groups > 1 and layer.groups == channels,
    }
    return _product(recorder, layer, x, layer._kernel, facts, layer.compute_output_shape(x.shape))


def _transposed(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    facts = {"layout": Layout((-2,), (-1,)), "transposed": True}
    return _product(recorder, layer, x, layer.kernel, facts, layer.compute_output_shape(x.shape))


def _depthwise(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    facts = {"layout": Layout((-1,), (), batch=(-2,)), "depthwise": True}
    return _product(recorder, layer, x, layer.kernel, facts, layer.compute_output_shape(x.shape))


def _separable(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    axis = -1 if layer.data_format == "channels_last" else 1
    shape = list(layer.compute_output_shape(x.shape))
    between = list(shape)
    between[axis] = x.shape[axis] * layer.depth_multiplier
    middle = keras.KerasTensor(tuple(between), x.dtype)
    first = {"layout": Layout((-1,), (), batch=(-2,)), "depthwise": True}
    recorder.use(layer.depthwise_kernel, kind="kernel", **first)
    recorder.put("layer", x, type(layer).__name__, middle, (layer.depthwise_kernel,))
    facts = {"layout": Layout((-1,), (-2,))}
    return _product(recorder, layer, middle, layer.pointwise_kernel, facts, shape)


def _embedding(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    table = layer._embeddings
    if kwargs.get("reverse") or (len(args) > 1 and args[1] is True):
        own = getattr(layer, "reverse_embeddings", None)
        kernel = table if own is None else own
        layout = Layout((0,), (1,)) if own is None else Layout((1,), (0,))
        made = keras.KerasTensor((*x.shape[:-1], layer.input_dim), x.dtype)
        if own is not None:
            recorder.use(kernel, kind="kernel", layout=layout)
        return recorder.put("layer", x, type(layer).__name__, made, (kernel,))
    recorder.use(table, kind="embedding")
    made = keras.KerasTensor((*x.shape, layer.output_dim), layer.compute_dtype)
    return recorder.put("look_up", x, type(layer).__name__, made, (table,))


def _norm(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    weights = [getattr(layer, name, None) for name in ("gamma", "scale", "beta")]
    weights = [w for w in weights if isinstance(w, keras.Variable)]
    for w in weights:
        recorder.use(w, kind="shift" if w is getattr(layer, "beta", None) else "scale")
    made = keras.KerasTensor(tuple(x.shape), x.dtype)
    return recorder.put("norm", x, type(layer).__name__, made, weights)


def _recurrent(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    weights = []
    for cell in _cells(layer.cell):
        gates = next((GATES[c.__name__] for c in type(cell).__mro__ if c.__name__ in GATES), 1)
        if "ConvLSTM" in type(cell).__name__:
            gates = 4
        for w in owned(cell):
            weights.append(w)
            if len(w.shape) < 2 or "bias" in w.name:
                recorder.use(w, kind="bias")
            else:
                recorder.use(w, kind="recurrent", layout=Layout((-1,), (-2,)), parts=gates)
    how = {k: v for k, v in kwargs.items() if k == "initial_state"}
    made = layer.compute_output_spec(_first(args, kwargs), **how)
    return recorder.put("recurrent", (list(args), kwargs), type(layer).__name__, made, weights)


def _cells(cell: Any) -> list[Any]:
    inner = getattr(cell, "cells", None)
    return [c for one in inner for c in _cells(one)] if inner else [cell]


def _over_time(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    """The layer at one step stands for it at all of them."""
    x = _first(args, kwargs)
    step = keras.KerasTensor((x.shape[0], *x.shape[2:]), x.dtype)
    recorder.put("move", x, "step", step)
    made = call_layer(recorder, layer.layer, (step,), {})
    whole = keras.KerasTensor((made.shape[0], x.shape[1], *made.shape[1:]), made.dtype)
    return recorder.put("move", made, "steps", whole)


def _learned_slope(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    x = _first(args, kwargs)
    recorder.use(layer.alpha, kind="multiplier")
    slopes = np.asarray(keras.ops.convert_to_numpy(layer.alpha), np.float64)
    slope = float(slopes.reshape(-1)[0])

    def leaky(v: Any) -> Any:
        return np.where(v >= 0, v, slope * v)

    made = keras.KerasTensor(tuple(x.shape), x.dtype)
    label, weights = type(layer).__name__, (layer.alpha,)
    if (slopes != slope).any():
        return recorder.put("move", x, label, made, weights)
    return recorder.put("map", x, label, made, weights, leaky)


def _nothing(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    return _first(args, kwargs)


def _both_ways(recorder: Any, layer: Any, args: Any, kwargs: Any) -> Any:
    """Both directions read the same sequence, and are joined."""
    x = _first(args, kwargs)
    made = layer.compute_output_spec(x)
    ways = [
        _recurrent(recorder, way, (x,), {}) for way in (layer.forward_layer, layer.backward_layer)
    ]
    return recorder.put("move", ways, type(layer).__name__, made)


HANDLERS: tuple[tuple[Any, Handler], ...] = (
    (layers.EinsumDense, _einsum_dense),
    (layers.Dense, _dense),
    ((layers.DepthwiseConv1D, layers.DepthwiseConv2D), _depthwise),
    ((layers.SeparableConv1D, layers.SeparableConv2D), _separable),
    ((layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose), _transposed),
    ((layers.Conv1D, layers.Conv2D, layers.Conv3D), _convolution),
    (layers.Embedding, _embedding),
    (NORMS, _norm),
    (layers.Activation, _activation),
    (layers.Bidirectional, _both_ways),
    (layers.RNN, _recurrent),
    (layers.TimeDistributed, _over_time),
    (layers.PReLU, _learned_slope),
    ((layers.Dropout, layers.GaussianDropout, layers.GaussianNoise, layers.SpatialDropout1D,
      layers.SpatialDropout2D, layers.SpatialDropout3D, layers.AlphaDropout,
      layers.ActivityRegularization, layers.Masking), _nothing),
)  # fmt: skip
