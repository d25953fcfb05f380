"""Contractions, whatever Keras calls them, as products whose axes have letters."""

import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from initcore.networks import Product

from ._recorder import one_spec
from ._value import Value

__all__ = ["PRODUCTS"]

LETTERS = string.ascii_letters + "".join(map(chr, range(0x3B1, 0x3B1 + 25)))


def product(
    r: Any, label: str, values: Sequence[Any], letters: Sequence[str], result: str, **more: Any
) -> Value:
    """The contraction of two values; one of nothing but elements is a map."""
    a, b = (r.value(x) for x in values)
    left, right = letters
    sizes = dict(zip(right + left, (*b.shape, *a.shape), strict=True))
    shape = more.pop("shape", None) or tuple(sizes[c] for c in result)
    if set(left) | set(right) == set(result) and not more.get("windows"):
        return _aligned(a, left, result) * _aligned(b, right, result)  # type: ignore[no-any-return]
    dtype = str(keras.backend.result_type(a.dtype, b.dtype))
    made = Product((left, right), result, **more)
    return r.put("product", (a, b), shape, dtype, label, product=made)  # type: ignore[no-any-return]


def _aligned(x: Value, letters: str, result: str) -> Any:
    """The value with its axes in the order of the result's, of length 1 where it has none."""
    order = [letters.index(c) for c in result if c in letters]
    if order != list(range(len(order))):
        x = keras.ops.transpose(x, order)
    return keras.ops.reshape(x, [x.shape[sum(d in letters for d in result[:k])] if c in letters
                                 else 1 for k, c in enumerate(result)])  # fmt: skip


def _matmul(r: Any, x1: Any, x2: Any) -> Any:
    a, b = r.value(x1), r.value(x2)
    if not a.ndim or not b.ndim:
        return a * b
    left = LETTERS[: a.ndim - 2] if a.ndim > 2 else ""
    right = LETTERS[: b.ndim - 2] if b.ndim > 2 else ""
    many = max(len(left), len(right))
    batch = LETTERS[:many]
    left, right = batch[many - len(left) :], batch[many - len(right) :]
    # An axis of length 1 meets a longer one without being it.
    fresh = iter(LETTERS[many + 3 :])
    sizes_a = dict(zip(left, a.shape, strict=False))
    sizes_b = dict(zip(right, b.shape, strict=False))
    one_a = {c: next(fresh) for c in left if sizes_a[c] == 1 and sizes_b.get(c, 1) > 1}
    one_b = {c: next(fresh) for c in right if sizes_b[c] == 1 and sizes_a.get(c, 1) > 1}
    n, k, m = list(LETTERS[many : many + 3])
    left = "".join(one_a.get(c, c) for c in left) + (n if a.ndim > 1 else "") + k
    right = "".join(one_b.get(c, c) for c in right) + k + (m if b.ndim > 1 else "")
    result = batch + (n if a.ndim > 1 else "") + (m if b.ndim > 1 else "")
    return product(r, "matmul", (a, b), (left, right), result)


def _tensordot(r: Any, x1: Any, x2: Any, axes: Any = 2) -> Any:
    a, b = r.value(x1), r.value(x2)
    if isinstance(axes, int):
        pairs = list(zip(range(a.ndim - axes, a.ndim), range(axes), strict=True))
    else:
        pairs = list(zip(*(np.atleast_1d(np.asarray(x)).tolist() for x in axes), strict=True))
    letters = iter(LETTERS)
    left, right = [next(letters) for _ in a.shape], [next(letters) for _ in b.shape]
    for i, j in pairs:
        right[j] = left[i]
    result = [c for c in left + right if not (c in left and c in right)]
    return product(r, "tensordot", (a, b), ("".join(left), "".join(right)), "".join(result))


def _dot(r: Any, x1: Any, x2: Any) -> Any:
    a, b = r.value(x1), r.value(x2)
    if not a.ndim or not b.ndim:
        return a * b
    return _tensordot(r, a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]))


def _inner(r: Any, x1: Any, x2: Any) -> Any:
    a, b = r.value(x1), r.value(x2)
    if not a.ndim or not b.ndim:
        return a * b
    return _tensordot(r, a, b, ([a.ndim - 1], [b.ndim - 1]))


def _outer(r: Any, x1: Any, x2: Any) -> Any:
    a, b = r.value(x1), r.value(x2)
    return keras.ops.reshape(a, (-1, 1)) * keras.ops.reshape(b, (1, -1))


def _einsum(r: Any, subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    values = [r.value(x) for x in operands]
    names = given.split(",")
    plain = {c for c in subscripts if c.isalpha()}
    more = [c for c in LETTERS if c not in plain]
    rank = max((v.ndim - len(s.replace("...", "")) for s, v in zip(names, values, strict=True)
                if "..." in s), default=0)  # fmt: skip
    dots = "".join(more[:rank])
    spelled = []
    for s, v in zip(names, values, strict=True):
        own = v.ndim - len(s.replace("...", ""))
        spelled.append(s.replace("...", dots[rank - own :]))
    if not arrow:
        once = "".join(sorted(c for c in plain if given.count(c) == 1))
        result = "..." * ("..." in given) + once
    result = result.replace("...", dots)
    if any(len(set(s)) < len(s) for s in spelled):
        return NotImplemented  # a trace or a diagonal
    if len(values) == 1:
        return _of_one(values[0], spelled[0], result)
    made, letters = values[0], spelled[0]
    for n, (v, s) in enumerate(zip(values[1:], spelled[1:], strict=True), start=2):
        later = set("".join(spelled[n:]) + result)
        kept = result if n == len(values) else "".join(
            dict.fromkeys(c for c in letters + s if c in later))  # fmt: skip
        made, letters = product(r, "einsum", (made, v), (letters, s), kept), kept
    return made


def _of_one(x: Value, letters: str, result: str) -> Any:
    gone = [k for k, c in enumerate(letters) if c not in result]
    if gone:
        x, letters = keras.ops.sum(x, axis=gone), "".join(c for c in letters if c in result)
    return keras.ops.transpose(x, [letters.index(c) for c in result])


def _spatial(x: Value, data_format: Any) -> tuple[str, str, str]:
    """Letters of a convolution's windows, and the patterns of its input and its output."""
    n = x.ndim - 2
    windows, before, after = LETTERS[3 : 3 + n], LETTERS[6 : 6 + n], LETTERS[9 : 9 + n]
    first = _format(data_format) == "channels_first"
    return windows, f"b*{before}" if first else f"b{before}*", (
        f"b*{after}" if first else f"b{after}*")  # fmt: skip


def _format(data_format: Any) -> str:
    return str(data_format or keras.config.image_data_format())


def _conv(
    r: Any, inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    x, w = r.value(inputs), r.value(kernel)
    windows, before, after = _spatial(x, data_format)
    axis = before.index("*")
    shape = _sizes(x, w, strides, padding, dilation_rate, axis, w.shape[-1])
    return product(r, "conv", (x, w), (before.replace("*", "a"), windows + "ac"),
                   after.replace("*", "c"), shape=shape, windows=windows,
                   groups=x.shape[axis] // w.shape[-2])  # fmt: skip


def _depthwise_conv(
    r: Any, inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    x, w = r.value(inputs), r.value(kernel)
    windows, before, after = _spatial(x, data_format)
    axis, n = before.index("*"), x.shape[before.index("*")]
    shape = list(_sizes(x, w, strides, padding, dilation_rate, axis, n))
    shape[axis : axis + 1] = [n, w.shape[-1]]
    made = product(r, "depthwise_conv", (x, w), (before.replace("*", "a"), windows + "ac"),
                   after.replace("*", "ac"), shape=tuple(shape), windows=windows)  # fmt: skip
    shape[axis : axis + 2] = [n * w.shape[-1]]
    return keras.ops.reshape(made, shape)


def _separable_conv(
    r: Any, inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = 1,
    padding: str = "valid", data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    made = _depthwise_conv(r, inputs, depthwise_kernel, strides, padding, data_format,
                           dilation_rate)  # fmt: skip
    return _conv(r, made, pointwise_kernel, 1, "valid", data_format)


def _conv_transpose(
    r: Any, inputs: Any, kernel: Any, strides: Any = 1, padding: str = "valid",
    output_padding: Any = None, data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    x, w = r.value(inputs), r.value(kernel)
    windows, before, after = _spatial(x, data_format)
    arguments = (x, w, strides, padding, output_padding, data_format, dilation_rate)
    spec = one_spec(keras.ops.conv_transpose, arguments, {})
    return product(r, "conv_transpose", (x, w), (before.replace("*", "a"), windows + "ca"),
                   after.replace("*", "c"), shape=tuple(spec.shape), windows=windows,
                   transposed=True)  # fmt: skip


def _sizes(
    x: Value, w: Value, strides: Any, padding: str, dilation: Any, axis: int, channels: int
) -> tuple[int, ...]:
    """The shape of a convolution's output."""
    n = x.ndim - 2
    places = [k for k in range(1, x.ndim) if k != axis]
    shape = list(x.shape)
    shape[axis] = channels
    for k, taps, s, d in zip(places, w.shape, _each(strides, n), _each(dilation, n), strict=False):
        reach = 0 if padding.lower() in ("same", "causal") else (taps - 1) * d
        shape[k] = max(0, -(-(x.shape[k] - reach) // s))
    return tuple(shape)


def _each(x: Any, n: int) -> tuple[int, ...]:
    return (int(x),) * n if np.ndim(x) == 0 else tuple(int(v) for v in x)


PRODUCTS: Mapping[str, Callable[..., Any]] = {
    "matmul": _matmul, "tensordot": _tensordot, "dot": _dot, "inner": _inner, "outer": _outer,
    "einsum": _einsum, "conv": _conv, "depthwise_conv": _depthwise_conv,
    "separable_conv": _separable_conv, "conv_transpose": _conv_transpose,
}  # fmt: skip
