"""JAX's primitives, sorted by what they do to a network's values."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy  # which imports `special` by need: a sixth of a second

__all__ = ["ELEMENTWISE", "MOVES", "REDUCTIONS", "ROOTS", "apply", "body_of", "evaluator"]

# Of a weight alone they leave the weight; of values they move elements.
MOVES = {"reshape", "transpose", "squeeze", "broadcast_in_dim", "convert_element_type", "copy",
         "copy_p", "rev", "slice", "dynamic_slice", "split", "stop_gradient", "reduce_precision",
         "sharding_constraint", "layout_constraint", "name", "device_put", "reshard", "mesh_cast",
         "pvary", "pcast", "optimization_barrier", "expand_dims"}  # fmt: skip
REDUCTIONS = {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or",
              "argmax", "argmin"}  # fmt: skip
ROOTS = {"rsqrt", "sqrt", "pow", "cbrt"}
AVERAGES = {"concatenate", "pad", "reduce_window", "reduce_window_sum", "reduce_window_max",
            "reduce_window_min", "cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp", "sort",
            "dynamic_update_slice", "scatter", "scatter-add", "scatter_add", "gather", "top_k",
            "select_and_gather_add", "tile", "psum", "pmean", "pmax", "all_gather", "clamp_pad",
            "dropout", "fft"}  # fmt: skip
MOVING = MOVES | REDUCTIONS | AVERAGES
ELEMENTWISE = {
    "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2", "atanh",
    "cbrt", "ceil", "clamp", "cos", "cosh", "div", "eq", "erf", "erf_inv", "erfc", "exp", "exp2",
    "expm1", "floor", "ge", "gt", "integer_pow", "is_finite", "le", "lgamma", "log", "log1p",
    "logistic", "lt", "max", "min", "mul", "ne", "neg", "not", "or", "pow", "rem", "round", "rsqrt",
    "select_n", "sign", "sin", "sinh", "sqrt", "square", "sub", "tan", "tanh", "xor",
}  # fmt: skip
# On NumPy arrays, for those that activations are made of: theory integrates them point by point.
FAST: dict[str, Any] = {
    "abs": np.abs, "add": np.add, "add_any": np.add, "and": np.logical_and, "atan": np.arctan,
    "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "div": np.divide, "eq": np.equal,
    "erf": lambda x: scipy.special.erf(x), "erfc": lambda x: scipy.special.erfc(x),
    "logistic": lambda x: scipy.special.expit(x), "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1,
    "floor": np.floor, "ge": np.greater_equal, "gt": np.greater, "is_finite": np.isfinite,
    "le": np.less_equal, "log": np.log, "log1p": np.log1p, "lt": np.less,
    "max": np.maximum, "min": np.minimum, "mul": np.multiply, "ne": np.not_equal,
    "neg": np.negative, "not": np.logical_not, "or": np.logical_or, "pow": np.power,
    "sign": np.sign, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "square": np.square,
    "sub": np.subtract, "tan": np.tan, "tanh": np.tanh,
    "rsqrt": lambda x: 1 / np.sqrt(x), "clamp": lambda low, x, high: np.clip(x, low, high),
    "select_n": lambda which, no, yes: np.where(which, yes, no),
}  # fmt: skip
INLINED = ("jaxpr", "call_jaxpr", "fun_jaxpr")
OPAQUE = ("scan", "while", "cond", "pallas_call", "custom_root", "custom_linear_solve")


def body_of(eqn: Any) -> tuple[Any, list[Any]] | None:
    """The jaxpr that an equation merely calls, with its constants; None of any other equation."""
    if eqn.primitive.name in OPAQUE:
        return None
    for name in INLINED:
        found = eqn.params.get(name)
        inner = getattr(found, "jaxpr", found)
        if hasattr(inner, "eqns") and len(inner.invars) == len(eqn.invars):
            return inner, list(getattr(found, "consts", ()))
    return None


def evaluator(eqn: Any, given: list[Any]) -> Callable[..., Any]:
    """The equation on float64 arrays in place of the None among `given`."""

    def evaluate(*arrays: Any) -> Any:
        rest = iter(arrays)
        values = [next(rest) if g is None else g for g in given]
        return apply(eqn, values)

    return evaluate


def apply(eqn: Any, values: list[Any]) -> Any:
    """An elementwise equation on NumPy arrays, in float64 whatever its own dtype."""
    name = eqn.primitive.name
    if name == "convert_element_type":
        return _converted(values[0], np.dtype(eqn.params["new_dtype"]))
    wide = [_wide(v) for v in values]
    if name == "integer_pow":
        return wide[0] ** eqn.params["y"]
    if name in FAST and (name != "select_n" or wide[0].dtype == np.bool_):
        return FAST[name](*wide)
    arrays = np.broadcast_arrays(*wide)
    with _x64(True), jax.default_device(jax.local_devices(backend="cpu")[0]):
        made = eqn.primitive.bind(*[jnp.asarray(a) for a in arrays], **eqn.params)
        return np.asarray(made)


def _wide(value: Any) -> Any:
    array = np.asarray(value)
    return array if array.dtype == np.bool_ else array.astype(np.float64)


def _converted(value: Any, dtype: Any) -> Any:
    array = np.asarray(value)
    if dtype == np.bool_:
        return array != 0
    return np.trunc(array) if dtype.kind in "iu" else array.astype(np.float64)


def _x64(on: bool) -> Any:
    try:
        return jax.enable_x64(on)
    except AttributeError:  # before JAX 0.8
        return getattr(jax.experimental, "enable_x64")(on)  # noqa: B009
