"""Tensors within nested arguments and results."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

__all__ = ["mapped", "tensors"]


def tensors(values: Any) -> list[Tensor]:
    """All tensors in nested arguments or results, in order."""
    found: list[Tensor] = []
    _collect(values, found)
    return found


PLAIN = (int, float, bool, str, bytes, type(None), complex)


def _collect(values: Any, found: list[Tensor]) -> None:
    kind = type(values)
    if kind in PLAIN:
        return
    if isinstance(values, Tensor):
        found.append(values)
        return
    if isinstance(values, dict):
        values = values.values()
    elif kind not in (list, tuple) and not hasattr(values, "__iter__"):
        return
    for v in values:
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
