"""Namespaces and their floating dtypes, real and complex."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arguments import short_repr
from ._library import is_jax, is_numpy, is_torch

__all__ = [
    "check_out",
    "compute_dtype",
    "dtype_name",
    "eps",
    "is_complex",
    "is_double",
    "real_of",
    "register_dtypes",
    "resolve",
]

REAL = ("float16", "bfloat16", "float32", "float64")
COMPLEX = {"complex64": "float32", "complex128": "float64"}
"""By name the dtype of the real and of the imaginary part."""
DOUBLE = ("float64", "complex128")
# Spacing of the numbers above 1; kept here because bfloat16 is in no namespace's finfo but ours.
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}


# By name rather than by array-api-compat's cached functions, which torch.compile warns of.
_names: dict[Any, str] = {}


def register_dtypes(names: Mapping[Any, str]) -> None:
    """Let `dtype_name` know a framework's dtypes without looking at their texts.

    Args:
        names: From the dtypes to their names.
    """
    _names.update(names)


def dtype_name(dtype: Any) -> str:
    """`"float32"` for `"float32"`, `numpy.float32`, `torch.float32`, `jax.numpy.float32`, ..."""
    if isinstance(dtype, str):
        return dtype
    try:
        return _names[dtype]
    except (KeyError, TypeError):
        return _name_of(dtype)


def _name_of(dtype: Any) -> str:
    try:
        text = str(dtype)
    except Exception:
        text = type(dtype).__name__
    if text.startswith(("torch.", "array_api_strict.")):
        return text.rpartition(".")[2]
    try:
        return str(np.dtype(dtype).name)
    except Exception:
        return str(getattr(dtype, "name", text))


def is_complex(dtype: Any) -> bool:
    """Whether a dtype is complex."""
    return dtype_name(dtype) in COMPLEX


def is_double(dtype: Any) -> bool:
    """Whether a dtype has 64 bits for a real number."""
    return dtype_name(dtype) in DOUBLE


def real_of(dtype: Any) -> Any:
    """The name of the dtype of a complex number's parts; a real dtype as it is."""
    return COMPLEX.get(dtype_name(dtype), dtype)


def resolve(xp: Any, dtype: Any, *, device: Any = None, who: str = "Rng") -> Any:
    """`dtype` as an object of `xp`; a `TypeError` unless it is a floating one that `xp` has."""
    name = dtype_name(dtype)
    if name not in REAL and name not in COMPLEX:
        raise TypeError(
            f"{who} needs a real floating dtype (float16, bfloat16, float32 or float64), "
            f"or a complex one (complex64 or complex128), "
            f"got {name if name.isidentifier() and len(name) < 99 else short_repr(name)}."
        )
    if is_numpy(xp) and name == "bfloat16":
        try:
            import ml_dtypes
        except ImportError:
            raise TypeError(
                f"{who} got dtype bfloat16, which NumPy has only with the package ml_dtypes."
            ) from None
        return np.dtype(ml_dtypes.bfloat16)
    if name in DOUBLE:
        kind = "real floating" if name == "float64" else "complex floating"
        missing = name not in xp.__array_namespace_info__().dtypes(device=device, kind=kind)
    else:
        missing = not hasattr(xp, name)
    if missing:
        where = f"{xp.__name__}" + (f" on {device}" if device is not None else "")
        hint = "; enable jax_enable_x64 first" if is_jax(xp) else ""
        raise TypeError(f"{who} got dtype {name}, which {where} does not have{hint}.")
    found = getattr(xp, name)
    return np.dtype(found) if is_numpy(xp) else found


def compute_dtype(xp: Any, dtype: Any) -> Any:
    """The dtype to draw and factor in: float32 for halves, every other one itself."""
    name = dtype_name(dtype)
    return resolve(xp, name if name == "float64" or name in COMPLEX else "float32")


def eps(dtype: Any) -> float:
    """The spacing of `dtype`'s numbers just above 1."""
    return EPS[dtype_name(real_of(dtype))]


def check_out(who: str, out: Any, shape: tuple[int, ...], xp: Any, dtype: Any) -> None:
    """Raise unless `out` is None, or an array of `xp` that a result can be written to."""
    if out is None:
        return
    if not (is_numpy(xp) or is_torch(xp)):
        raise TypeError(f"{who} needs out=None: arrays of {xp.__name__} cannot be written to.")
    found, kind = getattr(out, "shape", None), getattr(out, "dtype", None)
    if found is None or tuple(found) != shape or kind != dtype:
        got = "an object of type " + type(out).__name__
        if found is not None:
            got = f"one of shape {tuple(found)} and {dtype_name(kind)}"
        raise ValueError(
            f"{who} needs out to be an array of shape {shape} and {dtype_name(dtype)}, got {got}."
        )
