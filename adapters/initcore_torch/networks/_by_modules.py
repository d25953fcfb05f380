"""The graph of a model that cannot be traced: weights alone, as their modules describe them."""

from typing import Any

import torch
from torch import nn

from initcore.networks import Graph, Parameter

from .._layout import layout_of
from ._parameters import recurrent_parameters, tied_paths

__all__ = ["by_modules"]


def by_modules(model: nn.Module, reason: str) -> Graph:
    """The parameters as their modules describe them, without nodes."""
    modules = dict(model.named_modules())
    recurrent, ties = recurrent_parameters(model), tied_paths(model)
    parameters = []
    for path, p in model.named_parameters():
        prefix, _, name = path.rpartition(".")
        facts = recurrent.get(path) or _facts(modules[prefix], name, p)
        facts |= {"aliases": ties.get(path, ()), "frozen": not p.requires_grad}
        parameters.append(Parameter(path, tuple(p.shape), **facts))
    return Graph((), parameters, traced=False, note=reason)


def _facts(module: nn.Module, name: str, p: torch.Tensor) -> dict[str, Any]:
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return {"kind": "embedding"}
    norms = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    if isinstance(module, norms):
        return {"kind": "scale" if name == "weight" else "shift"}
    if name.endswith("bias"):
        return {"kind": "bias"}
    if p.ndim >= 2:
        transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
        groups = getattr(module, "groups", 1)
        layout = layout_of(tuple(p.shape), groups, transposed)
        depthwise = groups > 1 and groups == getattr(module, "in_channels", 0)
        return {
            "kind": "kernel", "layout": layout, "transposed": transposed, "depthwise": depthwise,
        }  # fmt: skip
    return {"kind": "other", "note": "of unknown use"}
