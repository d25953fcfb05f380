"""What stands in for a model's weights while it is traced, and what is taken off meanwhile."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["plain_name", "standing_in", "unhooked", "unwrapped"]

WRAPPERS = ("_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module")
OUTER = ("DataParallel", "DistributedDataParallel", "FullyShardedDataParallel")
FOREIGN = ("torch.distributed", "accelerate", "deepspeed")


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside of the wrappers of `torch.compile` and `torch.distributed`."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in OUTER:
            inner = getattr(model, "module", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def plain_name(model: nn.Module, path: str) -> str:
    """The path that a weight has in the model without wrappers."""
    names = path.split(".")
    while type(model).__name__ in OUTER and names[0] == "module":
        model, names = getattr(model, "module"), names[1:]  # noqa: B009
    return ".".join(n for n in names if n not in WRAPPERS)


@contextlib.contextmanager
def unhooked(model: nn.Module) -> Iterator[None]:
    """Without the hooks that gather and scatter sharded weights; the caller puts them back."""
    for module in model.modules():
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks"):
            hooks = module.__dict__.get(name)
            for key in [k for k, h in (hooks or {}).items() if _is_foreign(h)]:
                del module.__dict__[name][key]
    yield


def _is_foreign(hook: Any) -> bool:
    owner = getattr(hook, "__self__", None)
    modules = [getattr(hook, "__module__", ""), type(owner).__module__, type(hook).__module__]
    inner = getattr(hook, "func", None) or getattr(hook, "__wrapped__", None)
    if inner is not None:
        modules.append(getattr(inner, "__module__", ""))
    return any(str(m).startswith(FOREIGN) for m in modules)


def standing_in(
    model: nn.Module, weights: Mapping[str, Tensor], instead: Callable[[Tensor], Tensor]
) -> dict[str, Tensor]:
    """By path the tensors that are met instead of the weights, put in their places.

    `instead(t)` gives the stand-in of a weight or a buffer, or `t` itself. The caller puts the
    weights back.
    """
    found: dict[int, Tensor] = {}
    for t in weights.values():
        new = instead(t)
        if new is not t:
            found[id(t)] = nn.Parameter(new, requires_grad=t.requires_grad)
    put: set[int] = set()
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):  # its parameters live in C++
            continue
        for name, own in module._parameters.items():
            if own is not None and id(own) in found:
                module._parameters[name] = found[id(own)]  # type: ignore[assignment]
                put.add(id(own))
        flat = module.__dict__.get("_flat_weights")  # of recurrences
        if isinstance(flat, list):
            flat[:] = [found.get(id(t), t) for t in flat]
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = instead(buffer)
    return {path: found[id(t)] if id(t) in put else t for path, t in weights.items()}
