"""`plan(model, scheme)`: decided once, written into any shard or stage of the model."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import PLAN, AskedScheme, Overrides, Paths, Plan, Report, described

from .._distributed import local_part
from .._tensor import has_values
from ._model import TorchModel
from ._parameters import parameters_of
from ._runs import as_array
from ._shadow import plain_name

__all__ = ["plan"]


@described(PLAN)
def plan(
    model: nn.Module, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Plan:  # fmt: skip
    """What `initialize` would give every weight of `model`.

    Args:
        model: Plain, on the meta device, or sharded; it is only looked at.
        sample_input: What the model is called with: a tensor, a tuple, or a mapping of named
            arguments. Guessed from the first layer if it is left out.

    >>> import torch
    >>> with torch.device("meta"):
    ...     whole = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())
    >>> made = plan(whole, "orthogonal", seed=1)
    >>> here = whole.to_empty(device="cpu")
    >>> report = made.apply(here)
    >>> made.fingerprint(here) == f"initcore plan {made.hash}"
    True
    """
    return networks.make_plan(
        TorchModel("plan", model, sample_input), scheme, seed=seed, overrides=overrides,
        paths=paths, only=only, input_scale=input_scale,
    )  # fmt: skip


class _Planned(TorchModel):
    """A model by the names that its weights have without wrappers."""

    def __init__(self, who: str, module: Any, sample: Any) -> None:
        super().__init__(who, module, sample)
        self._told = {plain_name(module, p.path): p for p in parameters_of(module)}
        self._weights = {plain_name(module, path): t for path, t in self._weights.items()}
        self._computed = {plain_name(module, path): t for path, t in self._computed.items()}

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {path: p.shape for path, p in self._told.items()}

    def parts(self, path: str) -> Iterator[tuple[tuple[int, ...], Any, float]]:
        tensor = self._tensor(path)
        if not has_values(tensor):
            return
        offset, local = local_part(tensor)
        yield offset, as_array(local), torch.finfo(tensor.dtype).eps


def _apply(plan: Plan, model: nn.Module, sample: Any) -> Report:
    known = _Planned("Plan.apply", model, sample)
    report: Report = networks.apply_to(plan, known, signal_check if sample is not None else None)
    return report


def _verify(plan: Plan, model: nn.Module) -> None:
    networks.verify(plan, _Planned("Plan.fingerprint", model, None))


networks.register_applier(("torch",), networks.Applier(_apply, _verify))
