"""What `torch.compile` is told."""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["constant_while_tracing"]

F = TypeVar("F", bound=Callable[..., Any])


def constant_while_tracing(function: F) -> F:
    """Let `torch.compile` call `function` while tracing, and keep what it returns.

    As `torch.compiler.assume_constant_result`, which would import the compiler for seconds.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function
