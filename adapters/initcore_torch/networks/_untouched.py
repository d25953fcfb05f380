"""Runs of a model that leave it as it was: attributes, buffers, hooks, modes, random states."""

import collections
import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from initcore.networks import uncollected

from ._nested import mapped

__all__ = ["evaluating", "kept", "settled"]

MANY = 200_000  # objects that are looked at, at most
PLAIN = (str, bytes, int, float, complex, bool, type(None), Tensor, torch.dtype, torch.device)


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while, on copies of the buffers; all is as before afterwards."""
    # A transformer layer in one operation would hide what it is made of.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with kept(model), _random_states(), _uncompiled():
            for module in model.modules():
                if not isinstance(module, torch.jit.ScriptModule):
                    module.__dict__["training"] = False
            scripted = [m for m in model.modules() if isinstance(m, torch.jit.ScriptModule)]
            modes = [m.training for m in scripted]
            for m in scripted:
                m.train(False)
            try:
                yield
            finally:
                for m, mode in zip(scripted, modes, strict=True):
                    m.train(mode)
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def _uncompiled() -> contextlib.AbstractContextManager[Any]:
    """Let compiled parts run as they were written."""
    if "torch._dynamo" not in sys.modules:
        return contextlib.nullcontext()
    stance: contextlib.AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance


@contextlib.contextmanager
def settled(model: nn.Module, given: Any) -> Iterator[None]:
    """Give fresh batch normalizations the statistics of a batch, on copies of their buffers.

    Before training their running statistics say nothing, and a batch of training would be
    normalized by its own. For inside of `evaluating`, which puts all back.
    """
    fresh = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
             and m.track_running_stats and m.num_batches_tracked is not None
             and int(m.num_batches_tracked) == 0]  # fmt: skip
    if fresh:
        momentum = [m.momentum for m in fresh]
        for m in fresh:
            m.training, m.momentum = True, 1.0
        args, kwargs = mapped(lambda t: t.clone(), given)
        with torch.no_grad(), contextlib.suppress(ValueError):  # of one number a channel
            model(*args, **kwargs)
        for m, before in zip(fresh, momentum, strict=True):
            m.training, m.momentum = False, before
    yield


@contextlib.contextmanager
def kept(model: nn.Module) -> Iterator[None]:
    """Put every attribute of every module back, and what the attributes hold, caches too.

    Buffers are copies in the meantime. They are put back, not written back: what autograd has
    saved of them stays valid.
    """
    with uncollected():
        before = _Snapshot(model)
    copies: dict[int, Tensor] = {}
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):  # its buffers live in C++
            continue
        for name, buffer in module._buffers.items():
            if buffer is not None:
                copy = copies.get(id(buffer))
                if copy is None:
                    copy = copies[id(buffer)] = buffer.detach().clone()
                module._buffers[name] = copy
    try:
        yield
    finally:
        before.restore()


class _Snapshot:
    """What the containers and objects that can be reached from a model hold."""

    def __init__(self, model: nn.Module) -> None:
        self._held: list[tuple[Any, Any]] = []
        seen: set[int] = set()
        front: list[Any] = [model]
        while front and len(seen) < MANY:
            x = front.pop()
            if id(x) in seen or isinstance(x, (PLAIN, type)) or (callable(x) and not hasattr(
                x, "__dict__"
            )):  # fmt: skip
                continue
            seen.add(id(x))
            if isinstance(x, dict):
                self._held.append((x, dict(x)))
                front += x.values()
            elif isinstance(x, (list, collections.deque)):
                self._held.append((x, list(x)))
                front += x
            elif isinstance(x, set):
                self._held.append((x, set(x)))
            elif isinstance(x, (tuple, frozenset)):
                front += x
            elif isinstance(x, np.ndarray):
                if x.nbytes <= 2**20 and x.flags.writeable:
                    self._held.append((x, x.copy()))
            elif _is_object(x):
                front.append(x.__dict__)

    def restore(self) -> None:
        for x, held in self._held:
            if isinstance(x, np.ndarray):
                x[...] = held
            elif isinstance(x, dict):
                if len(x) != len(held) or any(
                    x.get(k, self) is not v for k, v in held.items()
                ) or list(x) != list(held):  # fmt: skip
                    x.clear()
                    x.update(held)
            elif isinstance(x, set):
                if x != held:
                    x.clear()
                    x.update(held)
            elif len(x) != len(held) or any(a is not b for a, b in zip(x, held, strict=True)):
                x.clear()
                x.extend(held)


def _is_object(x: Any) -> bool:
    """Whether `x` is an object of a model: a module, or something with attributes of its own."""
    if isinstance(x, nn.Module):
        return not isinstance(x, torch.jit.ScriptModule)
    kind = type(x)
    if not isinstance(getattr(x, "__dict__", None), dict):
        return False
    library = kind.__module__.partition(".")[0] in ("torch", "builtins", "functools", "threading")
    return not library and not isinstance(x, type(sys))


@contextlib.contextmanager
def _random_states() -> Iterator[None]:
    """The states of the global generators, put back."""
    plain, arrays = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(_devices()):
        try:
            yield
        finally:
            random.setstate(plain)
            np.random.set_state(arrays)


def _devices() -> list[int]:
    ready = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return list(range(torch.cuda.device_count())) if ready else []
