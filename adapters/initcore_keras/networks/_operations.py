"""Functions of Keras's backend by name: what each is to the core, and what it does in NumPy."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from initcore.networks import NOTHING, reshaped, spread

__all__ = ["IDENTITIES", "JOINS", "MAPS", "MOVES", "PREDICATES", "REDUCTIONS",
           "SOFTMAXES", "VIEWS"]  # fmt: skip

# Element by element. What NumPy computes under the same name needs no more than the name.
MAPS: Mapping[str, Callable[..., Any] | None] = {
    **{name: getattr(np, name) for name in (
        "abs", "absolute", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
        "arctanh", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "cbrt", "ceil", "cos",
        "cosh", "deg2rad", "divide", "equal", "exp", "exp2", "expm1", "fabs", "floor",
        "floor_divide", "fmax", "fmin", "fmod", "greater", "greater_equal", "heaviside", "hypot",
        "isclose", "isfinite", "isinf", "isnan", "left_shift", "less", "less_equal", "log", "log10",
        "log1p", "log2", "logaddexp", "logaddexp2", "logical_and", "logical_not", "logical_or",
        "logical_xor", "maximum", "minimum", "mod", "multiply", "negative", "not_equal", "power",
        "rad2deg", "reciprocal", "right_shift", "round", "sign", "signbit", "sin", "sinc", "sinh",
        "sqrt", "square", "subtract", "tan", "tanh", "true_divide", "trunc", "where",
    )},
    "clip": lambda x, x_min, x_max: np.clip(x, x_min, x_max),
    "divide_no_nan": lambda a, b: np.where(b == 0, 0.0, a / np.where(b == 0, 1.0, b)),
    "erf": special.erf,
    "relu": lambda x: np.maximum(x, 0.0),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": special.expit,
    "silu": lambda x: x * special.expit(x),
    "softplus": lambda x: np.logaddexp(0.0, x),
    # The running backend computes these.
    **dict.fromkeys((
        "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift", "celu", "elu", "erfc",
        "erfinv", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "i0",
        "isneginf", "isposinf", "ldexp", "leaky_relu", "log_sigmoid", "nan_to_num", "relu6", "selu",
        "soft_shrink", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink",
        "threshold",
    )),
}  # fmt: skip
PREDICATES = ("equal", "greater", "greater_equal", "isclose", "isfinite", "isinf", "isnan", "less",
              "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal",
              "signbit", "all", "any")  # fmt: skip
REDUCTIONS = ("all", "amax", "amin", "any", "argmax", "argmin", "average", "count_nonzero",
              "logsumexp", "max", "mean", "median", "min", "nanmax", "nanmean", "nanmin", "nanstd",
              "nansum", "nanvar", "norm", "prod", "ptp", "std", "sum", "var")  # fmt: skip
SOFTMAXES = ("softmax", "log_softmax", "sparsemax")
VIEWS = ("max_pool", "average_pool", "adaptive_average_pool", "adaptive_max_pool", "cumsum",
         "cumprod", "fold", "multi_hot", "one_hot", "resize", "shuffle", "sort", "top_k",
         "unfold")  # fmt: skip
"""What moves, averages or selects elements in a way that is not followed."""
IDENTITIES = ("array", "cast", "convert_to_tensor", "copy", "dropout", "stop_gradient")
"""The value itself, in another dtype perhaps, or as in evaluation."""


def _reshape(x: Any, newshape: Any) -> Any:
    shape = [int(n) for n in np.atleast_1d(newshape)]
    known = int(np.prod([n for n in shape if n >= 0]))
    return reshaped(x, [x.size // max(known, 1) if n < 0 else n for n in shape])


def _pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    if mode == "constant":
        return np.pad(x, pad_width, mode="constant", constant_values=NOTHING)
    return np.pad(x, pad_width, mode=mode)  # type: ignore[call-overload]


def _slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    at = zip(np.atleast_1d(start_indices), shape, strict=True)
    return inputs[tuple(slice(int(s), int(s) + int(n)) for s, n in at)]


def _slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    made = np.array(inputs)
    at = zip(np.atleast_1d(start_indices), updates.shape, strict=True)
    made[tuple(slice(int(s), int(s) + n) for s, n in at)] = updates
    return made


def _scatter_update(inputs: Any, indices: Any, updates: Any, reduction: Any = None) -> Any:
    if reduction is not None:
        raise TypeError("adds up")
    made = np.array(inputs)
    made[tuple(np.moveaxis(np.asarray(indices), -1, 0))] = updates
    return made


def _scatter(indices: Any, values: Any, shape: Any) -> Any:
    return _scatter_update(np.full(shape, NOTHING), indices, values)


def _unstack(x: Any, axis: int = 0) -> Any:
    return [np.take(x, i, axis) for i in range(x.shape[axis])]


def _triangle(function: Callable[..., Any]) -> Callable[..., Any]:
    def triangle(x: Any, k: int = 0) -> Any:
        return np.where(function(np.ones(x.shape[-2:], bool), k), x, NOTHING)

    return triangle


def _blocks(to_depth: bool) -> Callable[..., Any]:
    def moved(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
        n = block_size
        if data_format == "channels_first":
            x = np.moveaxis(x, 1, -1)
        b, h, w, c = x.shape
        if to_depth:
            x = x.reshape(b, h // n, n, w // n, n, c).transpose(0, 1, 3, 2, 4, 5)
            x = x.reshape(b, h // n, w // n, n * n * c)
        else:
            x = x.reshape(b, h, w, n, n, c // n**2).transpose(0, 1, 3, 2, 4, 5)
            x = x.reshape(b, h * n, w * n, c // n**2)
        return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x

    return moved


def _broadcast_to(x: Any, shape: Any) -> Any:
    return spread(x, [int(n) for n in np.atleast_1d(shape)])


def _squeeze(x: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.squeeze(x)
    axes = [a % x.ndim for a in ([axis] if np.ndim(axis) == 0 else axis)]
    return np.squeeze(x, tuple(a for a in axes if x.shape[a] == 1))


def _flip(x: Any, axis: Any = None) -> Any:
    return np.flip(x, axis if axis is None or np.ndim(axis) == 0 else tuple(axis))


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    given = indices_or_sections
    return np.split(x, given if np.ndim(given) == 0 else [int(i) for i in given], axis)


def _getitem(x: Any, key: Any) -> Any:
    return x[key]


# On arrays of integers in place of the values, as the backend's functions move their elements.
MOVES: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in (
        "append", "array_split", "concatenate", "diagonal", "dsplit", "dstack", "expand_dims",
        "fliplr", "flipud", "hsplit", "hstack", "moveaxis", "ravel", "repeat", "roll", "rot90",
        "stack", "swapaxes", "take", "take_along_axis", "tile", "transpose", "vsplit", "vstack",
    )},
    "broadcast_to": _broadcast_to, "depth_to_space": _blocks(False), "flip": _flip,
    "getitem": _getitem, "pad": _pad, "reshape": _reshape, "scatter": _scatter,
    "scatter_update": _scatter_update, "slice": _slice, "slice_update": _slice_update,
    "space_to_depth": _blocks(True), "split": _split, "squeeze": _squeeze,
    "tril": _triangle(np.tril), "triu": _triangle(np.triu), "unstack": _unstack,
}  # fmt: skip
# Which arguments of a move are arrays that are moved, the first one if nothing is said.
JOINS: Mapping[str, Sequence[int]] = {"append": (0, 1), "scatter": (1,), "scatter_update": (0, 2),
                                      "slice_update": (0, 2)}  # fmt: skip
