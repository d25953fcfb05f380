"""A mark for functions that `torch.compile` calls while tracing."""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["constant_while_tracing"]

F = TypeVar("F", bound=Callable[..., Any])


def constant_while_tracing(function: F) -> F:
    """Let `torch.compile` call `function` while tracing, and keep what it returns.

    It does what `torch.compiler.assume_constant_result` does, which takes seconds to import.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function
