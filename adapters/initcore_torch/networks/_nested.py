"""Tensors within nested arguments and results."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

__all__ = ["mapped", "tensors"]


def tensors(values: Any) -> list[Tensor]:
    """All tensors in nested arguments or results, in order."""
    if isinstance(values, Tensor):
        return [values]
    found: list[Tensor] = []
    _collect(values, found)
    return found


PLAIN = frozenset((int, float, bool, str, bytes, type(None), complex))


def _collect(values: Any, found: list[Tensor]) -> None:
    kind = type(values)
    if kind is dict or isinstance(values, dict):
        values = values.values()
    elif kind not in (list, tuple) and (kind in PLAIN or not hasattr(values, "__iter__")):
        return
    for v in values:
        if isinstance(v, Tensor):
            found.append(v)
        elif type(v) not in PLAIN:
            _collect(v, found)


def mapped(function: Callable[[Tensor], Any], values: Any) -> Any:
    """The nested `values` with `function(t)` in place of every tensor `t`, in order."""
    if isinstance(values, Tensor):
        return function(values)
    if isinstance(values, dict):
        return {k: mapped(function, v) for k, v in values.items()}
    if isinstance(values, (list, tuple)):
        return type(values)(mapped(function, v) for v in values)
    return values
