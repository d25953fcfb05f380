"""Functions that `torch.compile` calls while tracing, or that it leaves to Python."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import torch

__all__ = ["constant_while_tracing", "uncompiled"]

F = TypeVar("F", bound=Callable[..., Any])


def constant_while_tracing(function: F) -> F:
    """Let `torch.compile` call `function` while tracing, and keep what it returns.

    It does what `torch.compiler.assume_constant_result` does, which takes seconds to import.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def uncompiled(function: F) -> F:
    """Let compiled programs call `function` as it is, outside of their graphs.

    It does what `torch.compiler.disable` does, which takes seconds to import.
    """

    @functools.wraps(function)
    def outer(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            disabled: Any = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
            return disabled(*args, **kwargs)
        return function(*args, **kwargs)

    made: Any = outer
    return made  # type: ignore[no-any-return]
