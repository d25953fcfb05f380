"""Functions of Keras's backend that need more than their name."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from ._loops import LOOPS
from ._products import PRODUCTS
from ._value import Value, unknown

__all__ = ["HANDLERS", "norm"]


def _take(r: Any, x: Any, indices: Any, axis: Any = None) -> Any:
    """Rows of a table are looked up; elements of a signal are moved."""
    table = r.value(x)
    rows = axis is not None and axis % max(table.ndim, 1) == 0
    if not (table.alone and rows):
        return NotImplemented
    return _looked_up(r, table, indices)


def _looked_up(r: Any, table: Value, indices: Any) -> Any:
    inputs = [table, *([indices] if isinstance(indices, Value) else [])]
    shape = (*np.shape(indices), *table.shape[1:])
    if isinstance(indices, Value):
        shape = (*indices.shape, *table.shape[1:])
    return r.put("look_up", inputs, shape, table.dtype, "take")


def _getitem(r: Any, x: Any, key: Any) -> Any:
    """An index that is an array of integers looks rows of a table up."""
    first = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    integers = hasattr(first, "dtype") and "int" in str(first.dtype) and np.ndim(first)
    if x.alone and (integers or isinstance(first, Value)):
        return _looked_up(r, x, first)
    return NotImplemented


def _batch_normalization(
    r: Any, x: Any, mean: Any, variance: Any, axis: Any, offset: Any = None, scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    return norm(r, "batch_normalization", x, scale, offset)


def _layer_normalization(r: Any, x: Any, gamma: Any = None, beta: Any = None, **how: Any) -> Any:
    return norm(r, "layer_normalization", x, gamma, beta)


def _rms_normalization(r: Any, x: Any, scale: Any = None, **how: Any) -> Any:
    return norm(r, "rms_normalization", x, scale, None)


def norm(r: Any, label: str, x: Any, scale: Any, shift: Any) -> Any:
    """A fused normalization, whose weights may be missing."""
    x = r.value(x)
    given = [scale] if shift is None else [np.ones(()) if scale is None else scale, shift]
    beside = [r.value(w) for w in given if w is not None]
    return r.put("norm", (x, *beside), x.shape, x.dtype, label)


def _attention(
    r: Any, query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, **how: Any
) -> Any:
    inputs = [r.value(x) for x in (query, key, value)]
    inputs += [bias] if isinstance(bias, Value) else []
    shape = (*inputs[0].shape[:-1], inputs[2].shape[-1])
    return r.put("attention", inputs, shape, inputs[0].dtype, "dot_product_attention")


def _moments(r: Any, x: Any, axes: Any, keepdims: bool = False, **how: Any) -> Any:
    return keras.ops.mean(x, axes, keepdims), keras.ops.var(x, axes, keepdims)


def _glu(r: Any, x: Any, axis: int = -1) -> Any:
    a, b = keras.ops.split(x, 2, axis)
    return a * keras.ops.sigmoid(b)


def _like(r: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
    """An array of the value's shape that does not depend on it."""
    dtype = kwargs.get("dtype") or x.dtype
    return keras.ops.zeros(x.shape, dtype)


def _ones_like(r: Any, x: Any, dtype: Any = None) -> Any:
    return keras.ops.ones(x.shape, dtype or x.dtype)


def _full_like(r: Any, x: Any, fill_value: Any, dtype: Any = None) -> Any:
    if isinstance(fill_value, Value):
        return keras.ops.broadcast_to(fill_value, x.shape)
    return keras.ops.full(x.shape, fill_value, dtype or x.dtype)


HANDLERS: Mapping[str, Callable[..., Any]] = {
    **PRODUCTS, **LOOPS,
    "take": _take, "getitem": _getitem, "moments": _moments, "glu": _glu,
    "batch_normalization": _batch_normalization, "_layer_normalization": _layer_normalization,
    "_rms_normalization": _rms_normalization, "dot_product_attention": _attention,
    "zeros_like": _like, "empty_like": _like, "ones_like": _ones_like, "full_like": _full_like,
    "shape": lambda r, x: x.shape, "ndim": lambda r, x: x.ndim,
    "size": lambda r, x, axis=None: int(np.prod(x.shape)) if axis is None else x.shape[axis],
    "is_tensor": lambda r, x: True, "convert_to_numpy": unknown,
}  # fmt: skip
