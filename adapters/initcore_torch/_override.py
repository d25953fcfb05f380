"""Who may take over a fill: tensor-likes, modes, and loaders that have filled the tensor."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function_variadic

__all__ = ["is_loaded", "overridable"]

F = TypeVar("F", bound=Callable[..., Any])


def overridable(function: F) -> F:
    """`function`, which fills a tensor, as PyTorch's own fills can be overridden.

    A class or mode with `__torch_function__` gets one call of it, all arguments by name and with
    their defaults. A tensor that transformers has loaded stays as it is, whatever the arguments.
    """
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD][1:]
    names = [p.name for p in own]
    usual = {p.name: p.default for p in own if p.default is not p.empty}

    @functools.wraps(function)
    def called(tensor: Any, *args: Any, **given: Any) -> Any:
        if has_torch_function_variadic(tensor) and not _is_lazy(tensor):
            every = {**usual, **dict(zip(names, args, strict=False)), **given}
            return handle_torch_function(called, (tensor,), tensor=tensor, **every)
        if is_loaded(tensor) or _switched_off():
            return tensor
        if torch.compiler.is_compiling():  # a mode would be traced into all that we compute
            with torch._C.DisableTorchFunction():
                return function(tensor, *args, **given)
        return function(tensor, *args, **given)

    called.__signature__ = signature  # type: ignore[attr-defined]
    return called  # type: ignore[return-value]


def _is_lazy(tensor: Any) -> bool:
    """Whether it has no shape yet; of such parameters our own error says more."""
    return not torch.compiler.is_compiling() and torch.nn.parameter.is_lazy(tensor)


def is_loaded(tensor: Any) -> bool:
    """Whether transformers marks it, or what it is a view of, as loaded from a checkpoint."""
    if not isinstance(tensor, Tensor):
        return False
    if getattr(tensor, "_is_hf_initialized", False):
        return True
    whole = None if torch.compiler.is_compiling() else tensor._base
    return whole is not None and bool(getattr(whole, "_is_hf_initialized", False))


def _switched_off() -> bool:
    """Whether transformers' `no_init_weights` is in force; it replaces PyTorch's fills."""
    theirs = torch.nn.init.zeros_
    return not torch.compiler.is_compiling() and "no_init_weights" in theirs.__qualname__
