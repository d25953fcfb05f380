"""Which parameters a function has."""

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["has", "required", "takes"]


def has(function: Callable[..., Any], name: str) -> bool:
    """Whether it has a parameter of this name."""
    return name in inspect.signature(function).parameters


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether it has a parameter of this name, or takes any."""
    any_ = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    return any_ or has(function, name)


def required(function: Callable[..., Any]) -> list[str]:
    """The parameters that it cannot be called without."""
    return [
        name for name, p in inspect.signature(function).parameters.items()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]  # fmt: skip
