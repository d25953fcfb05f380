"""The outputs of the layers of a running model, and of the model itself."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["first_tensor", "tapped"]

Tap = Callable[[str, nn.Module, Tensor], Tensor | None]


@contextlib.contextmanager
def tapped(modules: Mapping[str, nn.Module], tap: Tap) -> Iterator[None]:
    """Call `tap(path, module, output)` at each layer for a while; it may return another output."""

    def hook_of(path: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> Any:
            return tap(path, module, output) if isinstance(output, Tensor) else None

        return hook

    hooks = [module.register_forward_hook(hook_of(path)) for path, module in modules.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def first_tensor(output: Any) -> Tensor | None:
    """The output to differentiate: `.logits`, or the first floating-point tensor inside.

    Of a complex one the real and the imaginary part.
    """
    if isinstance(output, Tensor):
        output = torch.view_as_real(output) if output.is_complex() else output
        return output if output.is_floating_point() else None
    for name in ("logits", "last_hidden_state"):
        if isinstance(getattr(output, name, None), Tensor):
            return first_tensor(getattr(output, name))
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, (tuple, list)) or isinstance(output, dict):
        return next((t for t in map(first_tensor, values) if t is not None), None)
    return None
