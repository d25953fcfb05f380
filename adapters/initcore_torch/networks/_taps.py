"""What the layers of a running model put out."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from initcore.diagnostics import coefficients
from initcore.networks import Network

__all__ = ["first_tensor", "modules_of", "tapped"]

Tap = Callable[[str, nn.Module, Tensor], Tensor | None]


def modules_of(model: nn.Module, network: Network) -> dict[str, nn.Module]:
    """The modules that hold the kernels, by the kernels' paths."""
    modules = dict(model.named_modules())
    return {
        w.path: modules[w.path.rpartition(".")[0]]
        for w in network.kernels
        if w.role not in ("recurrent", "other")
    }


@contextlib.contextmanager
def tapped(modules: dict[str, nn.Module], tap: Tap) -> Iterator[None]:
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


def first_tensor(output: Any) -> Tensor:
    """The output to differentiate: a tensor, `.logits`, or the first tensor inside."""
    if isinstance(output, Tensor):
        return output
    for name in ("logits", "last_hidden_state"):
        if isinstance(getattr(output, name, None), Tensor):
            return getattr(output, name)  # type: ignore[no-any-return]
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, (tuple, list)) or isinstance(output, dict):
        for value in values:
            with contextlib.suppress(TypeError):
                return first_tensor(value)
    raise TypeError(f"a model needs to put out a tensor to be looked at, got {type(output)}.")


def seeded(shape: Any, like: Tensor, seed: int) -> Tensor:
    """Standard normal numbers like `like`."""
    return torch.as_tensor(coefficients(shape, seed)).to(device=like.device, dtype=like.dtype)
