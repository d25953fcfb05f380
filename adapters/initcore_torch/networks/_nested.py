"""Tensors within nested arguments and results."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

__all__ = ["mapped", "tensors"]


def tensors(values: Any) -> list[Tensor]:
    """All tensors in nested arguments or results, in order."""
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, dict):
        values = values.values()
    if isinstance(values, (list, tuple)) or (
        hasattr(values, "__iter__") and not isinstance(values, (str, bytes))
    ):
        return [t for v in values for t in tensors(v)]
    return []


def mapped(function: Callable[[Tensor], Any], values: Any) -> Any:
    """The nested `values` with `function(t)` in place of every tensor `t`, in order."""
    if isinstance(values, Tensor):
        return function(values)
    if isinstance(values, dict):
        return {k: mapped(function, v) for k, v in values.items()}
    if isinstance(values, (list, tuple)):
        return type(values)(mapped(function, v) for v in values)
    return values
