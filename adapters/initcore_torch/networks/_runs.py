"""Runs of a PyTorch model: its signals, gradients and Jacobian."""

import contextlib
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from initcore.diagnostics import too_many
from initcore.networks import Graph, Linearized, Recording, as_call, calling, describe_network

from .._tensor import check_module, has_values
from .._warnings import filtered
from ._inputs import unpadded, varied
from ._nested import mapped, tensors
from ._shadow import unwrapped
from ._taps import first_tensor, tapped
from ._untouched import evaluating, settled
from ._watch import Watch

__all__ = ["Runs", "as_array"]

LINEAR = (nn.Linear, nn.modules.conv._ConvNd)


class Runs(ABC):
    """A module that is run on what it is called with, and left as it was.

    Args:
        who: The function that asks, for errors.
        module: The model.
        sample: What it is called with, or None.
    """

    def __init__(self, who: str, module: Any, sample: Any) -> None:
        check_module(who, module)
        self.name = type(module).__name__
        self._who, self._module, self._sample = who, module, sample
        self._args, self._kwargs = as_call(sample)
        self._weights: dict[str, Tensor] = dict(module.named_parameters())

    @cached_property
    @abstractmethod
    def graph(self) -> Graph:
        """What one call computes."""

    @property
    def has_data(self) -> bool:
        given = tensors((self._args, self._kwargs))
        return self._sample is not None and all(t.device.type != "meta" for t in given)

    @property
    def float_inputs(self) -> Sequence[bool]:
        return [t.is_floating_point() for t in tensors((self._args, self._kwargs))]

    def run_scaled(self, paths: Collection[str], factor: Callable[[str, float], float]) -> None:
        modules = {
            path: module
            for path, module in self._layers.items()
            if path in paths and (isinstance(module, LINEAR) or type(module).__name__ == "Conv1D")
        }

        def scaled(path: str, module: nn.Module, output: Tensor) -> Tensor:
            variance = float(output.double().var(correction=0)) if output.numel() else math.nan
            by = factor(path, variance)
            bias = getattr(module, "bias", None)
            if not isinstance(bias, Tensor):
                return output * by
            shape = [1] * output.ndim
            shape[1 if isinstance(module, nn.modules.conv._ConvNd) else -1] = -1
            b = bias.reshape(shape[-output.ndim :])
            return (output - b) * by + b

        with evaluating(unwrapped(self._module)), torch.no_grad(), tapped(modules, scaled):
            args, kwargs = self._copies
            unwrapped(self._module)(*args, **kwargs)

    @property
    def too_dear(self) -> str:
        """Why the model is not run after it was initialized; empty if it can be."""
        weights = list(self._weights.values())
        if not all(type(t) is nn.Parameter and has_values(t) for t in weights):
            return "its weights are not all here"
        if any(t.device.type == "meta" for t in tensors((self._args, self._kwargs))):
            return "its inputs have no values"
        return too_many(sum(t.numel() for t in weights))

    @property
    def _copies(self) -> tuple[Any, Any]:
        """Copies of the inputs, for a model that writes to what it is given."""
        copies: tuple[Any, Any] = mapped(
            lambda t: t.detach().clone(), (self._args, dict(self._kwargs))
        )
        return copies

    def recorded(self, coefficients: Callable[[Sequence[int]], Any]) -> Recording:
        signals: dict[str, Tensor] = {}

        def keep(path: str, output: Tensor) -> Tensor | None:
            if path in signals:
                return None
            signals[path] = output if output.requires_grad else output.detach().requires_grad_()
            return signals[path].clone()  # which what follows may write to

        model, given = unwrapped(self._module), self._copies
        watched = {path: self._weights[path] for path in self._layers if path in self._weights}
        looking = self._who != "initialize"
        if not looking:  # the sample may be of zeros: it was asked for its shape
            given = mapped(varied, given)
        with (
            contextlib.nullcontext() if looking else unpadded(model),
            evaluating(model),
            settled(model, given),
            torch.enable_grad(),
            tapped(self._alone, lambda path, module, output: keep(path, output)),
            Watch(watched, keep),
        ):
            y = self._output(*mapped(lambda t: t.clone(), given))
            grads: Sequence[Tensor | None] = [None] * len(signals)
            if signals and y.requires_grad:
                weights = torch.as_tensor(coefficients(y.shape)).to(y)
                with contextlib.suppress(RuntimeError):  # a cache, say, that is written to again
                    grads = torch.autograd.grad(
                        y, list(signals.values()), weights, allow_unused=True
                    )
        entering = next((t for t in tensors(given) if t.is_floating_point()), None)
        return Recording(
            {path: as_array(s) for path, s in signals.items()},
            {path: as_array(g) for path, g in zip(signals, grads, strict=True) if g is not None},
            None if entering is None else as_array(entering.to_dense()),
        )

    @contextlib.contextmanager
    def linearized(self, at: int | None) -> Iterator[Linearized | None]:
        # Only the plain attention can be differentiated twice.
        with evaluating(unwrapped(self._module)), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            x, y = self._by_look_up() if at is None else self._by_input(at)
            pulled = None
            if x is not None and y.requires_grad:
                cotangent = torch.zeros_like(y, requires_grad=True)
                (pulled,) = torch.autograd.grad(
                    y, x, cotangent, create_graph=True, allow_unused=True
                )
            if x is None or pulled is None:
                yield None
                return
            # The pulled-back cotangent is linear in it; its own pull-back is the push forward.
            yield Linearized(
                (x.shape, y.shape),
                lambda v: _pulled(pulled, cotangent, v),
                lambda u: _pulled(y, x, u),
            )

    def _by_input(self, at: int) -> tuple[Tensor, Tensor]:
        x = tensors((self._args, self._kwargs))[at].detach().clone().requires_grad_()
        places = iter(range(at + 1))
        args, kwargs = mapped(
            lambda t: x.clone() if next(places, None) == at else t.clone(),
            (self._args, dict(self._kwargs)),
        )
        return x, self._output(args, kwargs)

    def _by_look_up(self) -> tuple[Tensor | None, Tensor]:
        looked_up: list[Tensor] = []

        def keep(path: str, module: nn.Module, output: Tensor) -> Tensor | None:
            if looked_up:
                return None
            looked_up.append(output.detach().clone().requires_grad_())
            return looked_up[0].clone()

        tables = {n: m for n, m in self._module.named_modules() if isinstance(m, nn.Embedding)}
        with tapped(tables, keep):
            y = self._output(*self._copies)
        return looked_up[0] if looked_up else None, y

    @cached_property
    def _layers(self) -> dict[str, nn.Module]:
        """The modules that hold the kernels, by the kernels' paths."""
        if isinstance(self._module, torch.jit.ScriptModule):
            raise TypeError(
                f"{self._who} needs a model whose layers can be watched, got a "
                f"{type(self._module).__name__}; call it on the model that was scripted."
            )
        modules = dict(self._module.named_modules())
        return {
            w.path: modules[w.path.rpartition(".")[0]]
            for w in describe_network(self.graph).kernels
            if w.role not in ("recurrent", "other")
        }

    @property
    def _alone(self) -> dict[str, nn.Module]:
        """The layers whose output is the product of one kernel that only they compute with."""
        held = Counter(map(id, self._layers.values()))
        return {
            path: module
            for path, module in self._layers.items()
            if held[id(module)] == 1 and next(module.children(), None) is None
        }

    def _output(self, args: Any, kwargs: Any) -> Tensor:
        with calling(self._who, self.name):
            made = unwrapped(self._module)(*args, **kwargs)
        y = first_tensor(made)
        if y is None:
            raise TypeError(
                f"{self._who} needs a model with a floating-point output, got "
                f"{type(made).__name__}."
            )
        return y


def _pulled(y: Tensor, x: Tensor, rows: Any) -> Any:
    """Cotangents `(k, *y.shape)` pulled back, at once where every operation can do that."""
    cotangents = torch.as_tensor(rows).to(y)
    try:
        # PyTorch warns where one by one is faster.
        with filtered("error", "There is a performance drop"):
            (made,) = torch.autograd.grad(
                y, x, cotangents, retain_graph=True, is_grads_batched=True
            )
    except (RuntimeError, Warning):
        each = [torch.autograd.grad(y, x, u, retain_graph=True)[0] for u in cotangents]
        made = torch.stack(each)
    return as_array(made)


def as_array(t: Tensor) -> Any:
    t = t.detach().resolve_conj().cpu()
    return t.to(torch.complex128 if t.is_complex() else torch.float64).numpy()
