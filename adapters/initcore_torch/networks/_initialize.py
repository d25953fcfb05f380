"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Collection
from typing import Any

from torch import nn

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import INITIALIZE, AskedScheme, Overrides, Paths, Report, described

from ._model import TorchModel

__all__ = ["initialize"]


@described(INITIALIZE)
def initialize(
    model: nn.Module, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Report:  # fmt: skip
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Args:
        model: Its weights are written in place; modes, buffers and gradients stay.
        sample_input: What the model is called with: a tensor, a tuple, or a mapping of named
            arguments. Guessed from the first layer if it is left out; `"lsuv"` needs real data.

    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["0.weight"].weight.activation, report["2.weight"].weight.role
    ('relu', 'output')
    """
    known = TorchModel("initialize", model, sample_input)
    report: Report = networks.initialize(
        known,
        scheme,
        seed=seed,
        overrides=overrides,
        paths=paths,
        only=only,
        input_scale=input_scale,
        check=signal_check,
    )
    return report
