"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a PyTorch model."""

from typing import Any

from torch import nn

from initcore import diagnostics
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import described

from ._model import TorchModel

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


@described(diagnostics.SIGNAL_REPORT)
def signal_report(model: nn.Module, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    Args:
        model: Any module.
        inputs: What the model is called with: a tensor, a tuple, or a mapping of named arguments;
            the first axis counts the inputs, two or more for correlations.

    >>> import torch
    >>> net = nn.Sequential(*[nn.Linear(32, 32, bias=False) for _ in range(3)])
    >>> from initcore_torch import initialize
    >>> report = initialize(net, "orthogonal")
    >>> found = signal_report(net, torch.eye(32))
    >>> [round(layer.signal * 32, 5) for layer in found.values()], found.verdict
    ([1.0, 1.0, 1.0], [])
    """
    return diagnostics.signal_report(TorchModel("signal_report", model, inputs), seed=seed)


@described(diagnostics.JACOBIAN_SPECTRUM)
def jacobian_spectrum(
    model: nn.Module, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    Args:
        model: Any module.
        inputs: A tensor, a tuple, or a mapping of named arguments; the first one is differentiated
            by, and its first axis counts independent inputs.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
    >>> from initcore_torch import initialize
    >>> report = initialize(net, "orthogonal")
    >>> found = jacobian_spectrum(net, torch.zeros(1, 16))
    >>> round(found.mean, 5), found.variance < 1e-10, found.exact
    (1.0, True, True)
    """
    known = TorchModel("jacobian_spectrum", model, inputs)
    return diagnostics.jacobian_spectrum(known, probes=probes, steps=steps, seed=seed)


@described(diagnostics.ORTHOGONALITY)
def orthogonality(
    model: nn.Module, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer.

    Args:
        model: Any module.
        sample_input: What the model is called with; guessed if it is left out.

    >>> from initcore_torch import initialize
    >>> net = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 2))
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0, 1.0]
    """
    return diagnostics.orthogonality(TorchModel("orthogonality", model, sample_input), image)
