"""A PyTorch model as the core sees it."""

import contextlib
import math
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from initcore import Rng, specs
from initcore.diagnostics import too_many
from initcore.networks import (
    Assignment,
    Graph,
    Linearized,
    Recording,
    Report,
    as_call,
    calling,
    describe_network,
    draw_with,
    first_that_works,
)

from .._fill import write
from .._precision import full_precision
from .._tensor import check_module, check_tensor, has_values, in_place
from ._inputs import guesses, unpadded, varied
from ._nested import mapped, tensors
from ._parameters import is_lazy, is_quantized, parameters_of
from ._shadow import unwrapped
from ._taps import first_tensor, tapped
from ._trace import trace
from ._untouched import evaluating, settled
from ._watch import Watch
from ._weights import computed_weights

__all__ = ["TorchModel"]

LINEAR = (nn.Linear, nn.modules.conv._ConvNd)


class TorchModel:
    """`initcore.networks.TracedModel` of a module and what it is called with."""

    def __init__(self, who: str, module: Any, sample: Any) -> None:
        check_module(who, module)
        self.name = type(module).__name__
        self._who, self._module, self._sample = who, module, sample
        self._args, self._kwargs = as_call(sample)
        self._weights: dict[str, Tensor] = dict(module.named_parameters())
        lazy = [path for path, t in [*self._weights.items(), *module.named_buffers()] if is_lazy(t)]
        if lazy:
            raise ValueError(
                f"{who} needs the sizes of {', '.join(lazy[:3])}, which {self.name} has not seen "
                "yet; call it once on real inputs first."
            )
        self._computed = computed_weights(module)

    @cached_property
    def graph(self) -> Graph:
        if self._sample is not None:
            with calling(self._who, self.name):
                return trace(self._module, self._args, self._kwargs)
        found, reason = first_that_works(self._guessed, guesses(self._module))
        if found is not None:
            return found
        self._check_modules(reason)
        told = parameters_of(self._module)
        return Graph((), told, traced=False, note=f"{reason}; pass sample_input")

    def _guessed(self, call: tuple[tuple[Any, ...], dict[str, Any]]) -> Graph:
        graph = trace(self._module, *call)
        self._args, self._kwargs = call
        return graph

    def _check_modules(self, reason: str) -> None:
        """An error where modules cannot tell what a trace would."""
        who, kind = self._who, type(self._module)
        if isinstance(self._module, (nn.ModuleList, nn.ModuleDict, nn.ParameterList)):
            raise ValueError(
                f"{who} needs a model that can be called, got a {kind.__name__}, which does not "
                f"say how its modules are joined; call {who} on the model that holds it."
            )
        if isinstance(self._module, (torch.jit.ScriptModule, torch.fx.GraphModule)):
            raise ValueError(
                f"{who} needs sample_input for {kind.__name__}: its layers are only seen in a "
                f"call, and {reason}."
            )

    @property
    def quantized(self) -> Sequence[str]:
        return [path for path, module in self._module.named_modules() if is_quantized(module)]

    def check_weight(self, path: str) -> None:
        computed = self._computed.get(path)
        if computed is not None and computed.refusal:
            raise ValueError(f"{self._who} cannot set {path}: {computed.refusal}.")
        check_tensor(self._tensor(path), f"{self._who}: {path}")

    def _tensor(self, path: str) -> Tensor:
        """A weight; of one that is computed what it is now."""
        if path in self._computed:
            with torch.no_grad():
                return self._computed[path].value.detach()
        return self._weights[path]

    def write(self, assignment: Assignment, key: tuple[int, int]) -> None:
        path = assignment.weight.path
        tensor = self._tensor(path)
        if assignment.name is None or not has_values(tensor):
            return
        if path in self._computed:
            rng = Rng.from_key(key, xp=torch, dtype=tensor.dtype, device=tensor.device)
            with full_precision():
                self._computed[path].set(draw_with(rng, assignment))
            return
        rng = Rng.from_key(key, xp=torch, dtype=tensor.dtype, device=tensor.device)
        if assignment.pieces or assignment.starts:
            with in_place(tensor), full_precision():
                tensor.copy_(draw_with(rng, assignment))
            return
        write(specs[assignment.name], rng, assignment.shape, dict(assignment.parameters), tensor,
              assignment.layout)  # fmt: skip

    @property
    def unwritten(self) -> Sequence[str]:
        """The weights without memory, which a plan can only be made for."""
        return [path for path, t in self._weights.items() if t.numel() and not has_values(t)]

    def scale(self, path: str, factor: float) -> None:
        if path in self._computed:
            self._computed[path].set(self._tensor(path) * factor)
            return
        with in_place(self._weights[path]):
            self._weights[path].mul_(factor)

    @contextlib.contextmanager
    def restored_on_error(self, paths: Sequence[str]) -> Iterator[None]:
        before = {path: self._weights[path].detach().clone() for path in paths
                  if path not in self._computed}  # fmt: skip
        kernels = {path: self._tensor(path).clone() for path in paths if path in self._computed}
        try:
            yield
        except BaseException:
            for path, values in kernels.items():
                self._computed[path].set(values)
            for path, values in before.items():
                with in_place(self._weights[path]):
                    self._weights[path].copy_(values)
            raise

    def finish(self, report: Report) -> Report:
        kept = [(path, self._tensor(path)) for path in report.untouched]
        every = [*kept, *self._module.named_buffers()]
        report.not_finite = tuple(
            name
            for name, t in every
            if t.is_floating_point() and has_values(t) and not bool(torch.isfinite(t).all())
        )
        return report

    def values(self, path: str) -> Any:
        w = self._tensor(path)
        return None if w.device.type == "meta" else _array(w)

    def bias(self, path: str) -> Any:
        prefix = path.rpartition(".")[0]
        bias = self._weights.get(f"{prefix}.bias" if prefix else "bias")
        return None if bias is None or bias.ndim != 1 else _array(bias)

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
                grads = torch.autograd.grad(y, list(signals.values()), weights, allow_unused=True)
        entering = next((t for t in tensors(given) if t.is_floating_point()), None)
        return Recording(
            {path: _array(s) for path, s in signals.items()},
            {path: _array(g) for path, g in zip(signals, grads, strict=True) if g is not None},
            None if entering is None else _array(entering.to_dense()),
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
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # PyTorch warns where one by one is faster
            (made,) = torch.autograd.grad(
                y, x, cotangents, retain_graph=True, is_grads_batched=True
            )
    except (RuntimeError, Warning):
        each = [torch.autograd.grad(y, x, u, retain_graph=True)[0] for u in cotangents]
        made = torch.stack(each)
    return _array(made)


def _array(t: Tensor) -> Any:
    return t.detach().double().cpu().numpy()
