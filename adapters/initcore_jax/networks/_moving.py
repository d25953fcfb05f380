"""JAX's movements of elements, on NumPy arrays of indices."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from initcore.networks import NOTHING, reshaped, spread

__all__ = ["movement"]

Move = Callable[..., Any]
SAME = ("convert_element_type", "copy", "copy_p", "stop_gradient", "reduce_precision",
        "sharding_constraint", "layout_constraint", "name", "device_put", "reshard", "mesh_cast",
        "pvary", "pcast", "optimization_barrier")  # fmt: skip


def movement(eqn: Any, name: str, given: list[Any], n: int) -> Move | None:
    """The equation on index arrays in place of its values; None where it does more than move.

    Args:
        eqn: The equation.
        name: Of its primitive.
        given: For each operand None, or the number of a constant one.
        n: Which of its results.
    """
    params, shape = eqn.params, tuple(eqn.outvars[n].aval.shape)
    if name in SAME:
        return _same
    if name in ("reshape", "squeeze", "expand_dims"):
        return partial(_reshape, shape=shape) if params.get("dimensions") is None or name != (
            "reshape") else None  # fmt: skip
    if name == "transpose":
        return partial(_transpose, order=tuple(params["permutation"]))
    if name == "broadcast_in_dim":
        return partial(_broadcast, shape=shape, at=tuple(params["broadcast_dimensions"]))
    if name == "slice":
        strides = params["strides"] or (1,) * len(shape)
        cuts = tuple(map(slice, params["start_indices"], params["limit_indices"], strides))
        return partial(_cut, cuts=cuts)
    if name == "split":
        start = sum(params["sizes"][:n])
        at = [slice(None)] * len(shape)
        at[params["axis"]] = slice(start, start + params["sizes"][n])
        return partial(_cut, cuts=tuple(at))
    if name == "rev":
        at = [slice(None)] * len(shape)
        for axis in params["dimensions"]:
            at[axis] = slice(None, None, -1)
        return partial(_cut, cuts=tuple(at))
    if name == "concatenate":
        sizes = [tuple(v.aval.shape) for v in eqn.invars]
        return partial(_join, axis=params["dimension"], given=given, sizes=sizes)
    if name == "pad":
        return partial(_padded, config=tuple(params["padding_config"]), shape=shape)
    if name == "dynamic_slice" and all(g is not None for g in given[1:]):
        cuts = tuple(slice(int(g), int(g) + size) for g, size in
                     zip(given[1:], params["slice_sizes"], strict=True))  # fmt: skip
        return partial(_cut, cuts=cuts)
    return None


def _same(a: Any) -> Any:
    return a


def _reshape(a: Any, shape: tuple[int, ...]) -> Any:
    return reshaped(a, shape)


def _transpose(a: Any, order: tuple[int, ...]) -> Any:
    return np.transpose(a, order)


def _broadcast(a: Any, shape: tuple[int, ...], at: tuple[int, ...]) -> Any:
    wide = [1] * len(shape)
    for n, axis in zip(a.shape, at, strict=True):
        wide[axis] = n
    return spread(reshaped(a, tuple(wide)), shape)


def _cut(a: Any, cuts: tuple[slice, ...]) -> Any:
    return a[cuts]


def _join(*arrays: Any, axis: int, given: list[Any], sizes: list[tuple[int, ...]]) -> Any:
    rest = iter(arrays)
    filled = [next(rest) if g is None else spread(np.int32(NOTHING), size)
              for g, size in zip(given, sizes, strict=True)]  # fmt: skip
    return np.concatenate(filled, axis=axis)


def _padded(a: Any, config: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    if any(low < 0 or high < 0 or inner for low, high, inner in config):
        raise ValueError("pads that cut or dilate are not followed")
    return np.pad(a, [(low, high) for low, high, _ in config], constant_values=NOTHING)
