"""Runs of a model that change neither its mode nor its buffers."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

__all__ = ["evaluating"]


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while, on copies of the buffers; both are as before afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    # A transformer layer in one operation would hide what it is made of.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _copied_buffers(model):
            model.eval()
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def _copied_buffers(model: nn.Module) -> Iterator[None]:
    """Let a model write to copies of its buffers.

    The buffers are put back, not written back: what autograd has saved of them stays valid.
    """
    copies: dict[int, Tensor] = {}
    before = []
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):  # its buffers live in C++
            continue
        before.append((module, dict(module._buffers)))
        for name, buffer in module._buffers.items():
            if buffer is not None:
                copy = copies.setdefault(id(buffer), buffer.detach().clone())
                module._buffers[name] = copy
    try:
        yield
    finally:
        for module, buffers in before:
            module._buffers.clear()
            module._buffers.update(buffers)
