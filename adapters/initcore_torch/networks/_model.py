"""A PyTorch model as the core sees it."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn

from initcore import Rng, specs
from initcore.networks import (
    Assignment,
    Graph,
    Report,
    calling,
    draw_with,
    first_that_works,
)

from .._fill import write
from .._precision import full_precision
from .._tensor import check_tensor, has_values, in_place
from ._inputs import guesses
from ._owners import Owners
from ._parameters import is_lazy, is_quantized, parameters_of
from ._runs import Runs, as_array
from ._threads import is_alone, threads
from ._trace import trace
from ._weights import computed_weights

__all__ = ["TorchModel"]

LARGE = 1 << 22  # elements: beside larger weights the memory to work in would add up


class TorchModel(Runs):
    """`initcore.networks.TracedModel` of a module and what it is called with."""

    def __init__(self, who: str, module: Any, sample: Any) -> None:
        super().__init__(who, module, sample)
        lazy = [path for path, t in [*self._weights.items(), *module.named_buffers()] if is_lazy(t)]
        if lazy:
            raise ValueError(
                f"{who} needs the sizes of {', '.join(lazy[:3])}, which {self.name} has not seen "
                "yet; call it once on real inputs first."
            )
        self._computed = computed_weights(module)
        self._owners: Owners | None = None

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
        check_tensor(self._tensor(path), f"{self._who}: {path}", complex_=True)

    def _tensor(self, path: str) -> Tensor:
        """A weight; of one that is computed what it is now."""
        if path in self._computed:
            with torch.no_grad():
                return self._computed[path].value.detach()
        return self._weights[path]

    def announce(self, coming: Sequence[tuple[Assignment, tuple[int, int]]]) -> None:
        def whole(assignment: Assignment, key: tuple[int, int], tensor: Any) -> Tensor:
            with torch.no_grad(), full_precision():
                return cast(Tensor, draw_with(_rng_of(key, tensor), assignment))

        self._owners = Owners(
            (a, t, functools.partial(whole, a, key, t))
            for a, key in coming
            if a.weight.path not in self._computed and has_values(t := self._tensor(a.weight.path))
        )

    def write(self, assignment: Assignment, key: tuple[int, int]) -> None:
        path = assignment.weight.path
        if self._owners is not None and self._owners.write(path):
            return
        tensor = self._tensor(path)
        if assignment.name is None or not has_values(tensor):
            return
        rng = _rng_of(key, tensor)
        if path in self._computed:
            with full_precision():
                self._computed[path].set(draw_with(rng, assignment))
            return
        if assignment.pieces or assignment.starts:
            with in_place(tensor), full_precision():
                tensor.copy_(draw_with(rng, assignment))
            return
        write(specs[assignment.name], rng, assignment.shape, dict(assignment.parameters), tensor,
              assignment.layout)  # fmt: skip

    def beside(self, path: str) -> bool:
        if path in self._computed or not is_alone(self._weights[path]):
            return False
        return self._weights[path].numel() <= LARGE

    def pool(self) -> AbstractContextManager[Executor]:
        return threads()

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
            if (t.is_floating_point() or t.is_complex())
            and has_values(t)
            and not bool(torch.isfinite(t).all())
        )
        return report

    def values(self, path: str) -> Any:
        w = self._tensor(path)
        return None if w.device.type == "meta" else as_array(w)

    def bias(self, path: str) -> Any:
        prefix = path.rpartition(".")[0]
        bias = self._weights.get(f"{prefix}.bias" if prefix else "bias")
        return None if bias is None or bias.ndim != 1 else as_array(bias)


def _rng_of(key: tuple[int, int], tensor: Tensor) -> Rng:
    """What draws a weight, or the whole of which a process has a part."""
    return Rng.from_key(key, xp=torch, dtype=tensor.dtype, device=tensor.device)
