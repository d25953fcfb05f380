"""What Keras's layers say of their weights, and the layers that are not called as they are."""

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from initcore.networks import Parameter
from initcore.spec import Layout

from ._active import active, traced
from ._black_box import black_box, guarded, owned
from ._handlers import norm
from ._recorder import NotBuiltError, as_array
from ._value import Value

__all__ = ["parameter", "replaced_methods"]

GATES = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1, "ConvLSTMCell": 4}
SAMPLED = 2**16  # elements of a weight that are looked at


# What layers say.


def parameter(path: str, variable: Any, layer: Any, more: Mapping[str, Any]) -> Parameter:
    """A weight with all that its layer says of it.

    Args:
        path: Its path.
        variable, layer: The weight and its layer.
        more: What the trace found out about it.
    """
    told = {**_told(layer, variable), **more}
    starts, forget = _forget_gate(layer, variable)
    return Parameter(path, tuple(variable.shape), frozen=not variable.trainable, told=told,
                     value=_number(variable), starts=starts, forget=forget)  # fmt: skip


def _told(layer: Any, v: Any) -> dict[str, Any]:
    """Kind and layout by the layer and the name."""
    name, ndim = v.name, len(v.shape)
    gates = next((GATES[c.__name__] for c in type(layer).__mro__ if c.__name__ in GATES), 0)
    if name == "gamma" or (name == "scale" and ndim <= 1):
        return {"kind": "scale"}
    if name == "beta":
        return {"kind": "shift"}
    if "bias" in name or ndim == 1:
        return {"kind": "bias"}
    if gates:
        return {"kind": "recurrent", "layout": Layout((-1,), (-2,)), "parts": gates}
    if name == "embeddings":
        return {"kind": "embedding"}
    kind = type(layer).__name__
    if "depthwise" in name or kind.startswith("DepthwiseConv"):
        return {"kind": "kernel", "layout": Layout((-1,), (), batch=(-2,)), "depthwise": True}
    if kind.endswith("Transpose"):
        return {"kind": "kernel", "layout": Layout((-2,), (-1,)), "transposed": True}
    if isinstance(layer, layers.EinsumDense) and name == "kernel":
        layout = _einsum_layout(layer.equation)
        return {"kind": "kernel", "layout": layout} if layout else {}
    if ndim >= 2:
        groups = getattr(layer, "groups", 1)
        groups = groups if isinstance(groups, int) and isinstance(layer, CONVOLUTIONS) else 1
        return {"kind": "kernel", "layout": Layout((-1,), (-2,), groups=groups)}
    return {"kind": "other", "note": "of unknown use"}


CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)


def _einsum_layout(equation: str) -> Layout | None:
    """Axes shared with the other operand alone are inputs, with the result alone outputs."""
    given, _, result = equation.replace(" ", "").replace("...", "").partition("->")
    operands = given.split(",")
    if len(operands) != 2 or not result:
        return None
    other, own = operands
    axes = range(len(own))
    return Layout(
        tuple(a for a in axes if own[a] in result and own[a] not in other),
        tuple(a for a in axes if own[a] not in result),
        batch=tuple(a for a in axes if own[a] in result and own[a] in other),
    )


def _forget_gate(layer: Any, v: Any) -> tuple[Any, Any]:
    """Rows of a bias that shift a forget gate, and what its layer starts them at."""
    units = getattr(layer, "units", None) or getattr(layer, "filters", None)
    if "LSTM" not in type(layer).__name__ or v is not getattr(layer, "bias", None) or not units:
        return (), None
    rows = (units, 2 * units)
    return (((*rows, 1.0),) if getattr(layer, "unit_forget_bias", False) else ()), rows


def _number(v: Any) -> float | None:
    """The number that all elements are, None if they differ or are too many to look at."""
    if not 0 < int(np.prod(v.shape)) <= SAMPLED or "float" not in str(v.dtype):
        return None
    values = as_array(v)
    first = values.reshape(-1)[0]
    return float(first) if bool((values == first).all()) else None


# Layers that are not called as they are.


def replaced_methods() -> Sequence[tuple[Any, str, Any]]:
    """Methods of Keras's classes and what takes their place while recording."""
    return [(kind, name, _in_trace(vars(kind)[name], new)) for kind, name, new in (
        (keras.Layer, "__call__", _called), (layers.TimeDistributed, "call", _at_one_step),
        (layers.Masking, "call", _unmasked), (layers.Softmax, "call", _softmax),
        (layers.GroupNormalization, "call", _group_normalization),
    )]  # fmt: skip


def _in_trace(original: Any, new: Any) -> Any:
    """`new(original, ...)` where this thread traces a model, `original(...)` elsewhere."""

    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return new(original, *args, **kwargs) if traced() else original(*args, **kwargs)

    return method


def _called(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
    """A layer does what it does; one that fails on values is a black box."""
    r = active()
    before, built = len(r.nodes), layer.built
    try:
        with _guarded(layer):
            made = original(layer, *args, **kwargs)
        if not built and any(r.path(v) is None for v in owned(layer)):
            raise NotBuiltError(layer.name)
        return made
    except NotBuiltError:
        raise
    except Exception:
        flat = keras.tree.flatten((args, kwargs))
        if layer is r.model or not any(isinstance(x, Value) for x in flat):
            raise
        r.back_to(before)
        return black_box(r, layer, args, kwargs)


@contextlib.contextmanager
def _guarded(layer: Any) -> Iterator[None]:
    """A context in which an activation may be a function of the backend's own arrays."""
    names = [
        n
        for n in ("activation", "recurrent_activation")
        if callable(vars(layer).get(n))
        and not isinstance(vars(layer)[n], keras.Layer)
        and not str(getattr(vars(layer)[n], "__module__", "")).startswith("keras.")
    ]
    before = {n: vars(layer)[n] for n in names}
    vars(layer).update({n: guarded(f) for n, f in before.items()})
    try:
        yield
    finally:
        vars(layer).update(before)


def _at_one_step(
    original: Any, self: Any, inputs: Any, training: Any = None, mask: Any = None
) -> Any:
    """The layer of a `TimeDistributed` at one step stands for it at all of them."""
    r = active()
    x = r.value(inputs)
    step = r.put("move", (x,), (x.shape[0], *x.shape[2:]), x.dtype, "step")
    how = {"training": training} if self.layer._call_has_training_arg else {}
    made = self.layer.call(step, **how)
    return keras.tree.map_structure(
        lambda y: r.put("move", (y,), (y.shape[0], x.shape[1], *y.shape[1:]), y.dtype, "steps"),
        made,
    )


def _unmasked(original: Any, self: Any, inputs: Any) -> Any:
    """Masking sets steps to 0 that later layers pass by."""
    return inputs


def _softmax(original: Any, self: Any, inputs: Any, mask: Any = None) -> Any:
    """Over several axes at once it is one softmax too."""
    axis = self.axis if isinstance(self.axis, int) else self.axis[-1]
    return keras.ops.softmax(inputs, axis)


def _group_normalization(original: Any, self: Any, inputs: Any) -> Any:
    """Keras spells it out in an order of its own."""
    r = active()
    weights = [w if isinstance(w, keras.Variable) else None for w in (self.gamma, self.beta)]
    return norm(r, type(self).__name__, inputs, *weights)
