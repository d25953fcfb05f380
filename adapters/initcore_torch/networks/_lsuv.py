"""Layer-sequential unit variance (Mishkin & Matas, ICLR 2016): kernels scaled to their data."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from initcore.networks import Report, unit_variance_scale

from ._trace import evaluating

__all__ = ["lsuv"]

LINEAR = (nn.Linear, nn.modules.conv._ConvNd)


def lsuv(
    model: nn.Module, report: Report, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, float]:
    """Scale each linear layer's kernel so that its output has variance 1 on the data, in order.

    One forward pass: each layer hands on its output as it will be, so later ones see it.

    Returns:
        The factor of each kernel, by path.
    """
    paths = {w.path for w in report.network.kernels if report[w.path].name is not None}
    scales: dict[str, float] = {}
    hooks = []
    for prefix, module in model.named_modules():
        path = f"{prefix}.weight" if prefix else "weight"
        if path in paths and (isinstance(module, LINEAR) or type(module).__name__ == "Conv1D"):
            hooks.append(module.register_forward_hook(_scaling(path, scales)))
    try:
        with evaluating(model), torch.no_grad():
            model(*args, **kwargs)
    finally:
        for hook in hooks:
            hook.remove()
    named = dict(model.named_parameters())
    with torch.no_grad():
        for path, scale in scales.items():
            named[path].mul_(scale)
    return scales


def _scaling(path: str, scales: dict[str, float]) -> Any:
    def hook(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        if path not in scales:
            variance = float(output.double().var(correction=0)) if output.numel() else math.nan
            scales[path] = unit_variance_scale(path, variance)
        bias = getattr(module, "bias", None)
        if not isinstance(bias, Tensor):
            return output * scales[path]
        shape = [1] * output.ndim
        shape[1 if isinstance(module, nn.modules.conv._ConvNd) else -1] = -1
        b = bias.reshape(shape[-output.ndim :])
        return (output - b) * scales[path] + b

    return hook
