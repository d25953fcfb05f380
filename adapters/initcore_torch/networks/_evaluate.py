"""Recorded operations as functions of arrays: of numbers, or of the indices of elements."""

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

from initcore.networks import NOTHING, reshaped, spread

from ._nested import mapped, tensors
from ._operations import COPIES, RESHAPES

__all__ = ["Evaluate", "add", "cut", "is_elementwise", "leaky", "logistic", "multiply", "number",
           "on_indices", "on_numbers", "reshape"]  # fmt: skip

Evaluate = Callable[..., Any]


def number(t: Tensor) -> Any:
    """The number of a constant of one element; None of others, and where it is not known."""
    if t.numel() != 1 or isinstance(t, FakeTensor) or t.device.type == "meta":
        return None
    return t


def on_numbers(
    function: Any, name: str, args: Any, kwargs: Mapping[str, Any], values: list[Tensor],
    others: list[Tensor],
) -> Evaluate | None:  # fmt: skip
    """The operation on float64 arrays in place of `values`; None if it needs other arrays."""
    if any(number(t) is None for t in others):
        return None
    ids = [id(t) for t in values]
    overload = _out_of_place(function, name)

    def evaluate(*arrays: Any) -> Any:
        slots = {i: torch.as_tensor(np.array(a)) for i, a in zip(ids, arrays, strict=True)}
        filled = mapped(lambda t: slots.get(id(t), t), (args, dict(kwargs)))
        result = overload(*filled[0], **filled[1])
        return tensors(result)[0].numpy()

    return evaluate


def is_elementwise(
    function: Any, name: str, args: Any, kwargs: Mapping[str, Any], values: list[Tensor],
    others: list[Tensor],
) -> bool:  # fmt: skip
    """Whether an operation acts on each element by itself, found by trying it."""
    evaluate = on_numbers(function, name, args, kwargs, values, others)
    x = np.linspace(-2.0, 3.0, 7)
    try:
        if evaluate is None:
            return False
        y, part = evaluate(x), evaluate(x[4:1:-1])
    except Exception:  # made for arrays of other shapes
        return False
    same = y.shape == x.shape and np.allclose(y[4:1:-1], part, rtol=1e-6, atol=1e-6)
    return bool(same) and y.dtype.kind == "f"


def _out_of_place(function: Any, name: str) -> Any:
    """An operation in place would write into the arrays that theory hands it."""
    if name == function._schema.name.partition("::")[2]:
        return function
    plain = getattr(torch.ops.aten, name, None)
    return getattr(plain, function._overloadname, function) if plain else function


def on_indices(
    function: Any, name: str, args: Any, kwargs: Mapping[str, Any], values: list[Tensor], n: int,
    shape: tuple[int, ...],
) -> Evaluate | None:  # fmt: skip
    """An operation that moves elements, on arrays of indices; None where it does more."""
    if name in COPIES:
        return _same
    if name in RESHAPES and len(values) == 1:
        return partial(reshape, shape=shape)
    if name == "constant_pad_nd":
        args = (*args[:2], NOTHING)
        kwargs = {}
    elif name == "copy":  # `x[...] = y`
        last = id(values[-1]) == id(args[1])
        return partial(_copied, shape=shape) if last else None
    elif name not in EXACT and not getattr(function, "is_view", False):
        return None
    ids = [id(t) for t in values]
    others = [t for t in tensors((args, kwargs)) if id(t) not in ids]
    if name not in ("cat", "stack") and any(isinstance(t, FakeTensor) for t in others):
        return None
    if any(t.device.type == "meta" for t in others) and name not in ("cat", "stack"):
        return None
    overload = _out_of_place(function, name)

    def evaluate(*arrays: Any) -> Any:
        slots = {i: torch.from_numpy(a) for i, a in zip(ids, arrays, strict=True)}
        if name in ("cat", "stack"):
            for t in others:
                slots[id(t)] = torch.tensor(NOTHING, dtype=next(iter(slots.values())).dtype
                                            ).expand(t.shape)  # fmt: skip
        filled = mapped(lambda t: slots.get(id(t), t), (args, dict(kwargs)))
        made = overload(*filled[0], **filled[1])
        made = made if isinstance(made, Tensor) else tensors(made)[n]
        return made.numpy()

    return evaluate


# Moves whose operation can be run on integers as it is.
EXACT = ("cat", "stack", "index_select", "index", "gather", "pixel_shuffle", "pixel_unshuffle",
         "flip", "repeat", "roll", "constant_pad_nd", "select_scatter", "slice_scatter", "unbind",
         "split", "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "unsafe_chunk",
         "chunk", "narrow", "channel_shuffle", "repeat_interleave",
         "reflection_pad1d", "reflection_pad2d", "tile")  # fmt: skip


def _same(a: Any) -> Any:
    return a


def reshape(a: Any, shape: tuple[int, ...]) -> Any:
    return reshaped(a, shape)


def _copied(*arrays: Any, shape: tuple[int, ...]) -> Any:
    return spread(arrays[-1], shape)


def cut(a: Any, axis: int, start: int, stop: int) -> Any:
    at: list[Any] = [slice(None)] * a.ndim
    at[axis] = slice(start, stop)
    return a[tuple(at)]


def add(a: Any, b: Any) -> Any:
    return a + b


def multiply(a: Any, b: Any) -> Any:
    return a * b


def logistic(a: Any) -> Any:
    with contextlib.suppress(FloatingPointError):
        return 1.0 / (1.0 + np.exp(-a))


def leaky(x: Any, slope: float) -> Any:
    """A leaky ReLU: what a randomized one is on average, and in evaluation."""
    return np.where(x >= 0, x, slope * np.asarray(x))
