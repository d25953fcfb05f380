"""Sparse training: masks that hold through every step, and sparse tensors after it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from initcore.arguments import short_repr

from ._tensor import check_module
from ._warnings import filtered

__all__ = ["apply_masks", "remove_masks", "to_sparse"]


class _Mask(nn.Module):
    """`w` where the mask is true, exactly 0 elsewhere; gradients too."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask.clone())

    def forward(self, w: Tensor) -> Tensor:
        return torch.where(self.mask, w, 0)

    def right_inverse(self, w: Tensor) -> Tensor:
        """What is kept of a value that is assigned."""
        return self.forward(w)


def apply_masks(model: nn.Module, masks: Mapping[str, Tensor]) -> nn.Module:
    """The same model, with its parameters exactly 0 outside their masks from now on.

    By `torch.nn.utils.parametrize`: what the optimizer sees is the parameter
    `parametrizations.weight.original`, which is 0 outside the mask and has gradient 0 there, so
    that neither momentum nor weight decay revives anything; even if something writes into it, the
    layer's `weight` stays 0 there. Make the optimizer afterwards. `remove_masks` undoes it.

    Args:
        model: Changed in place.
        masks: Booleans by the parameters' names, as `masks_from_scores` gives.

    Raises:
        TypeError: A mask is not boolean.
        ValueError: A name is no parameter's, or a mask's shape is not the parameter's.
    """
    check_module("apply_masks", model)
    if not isinstance(masks, Mapping):
        raise TypeError(
            f"apply_masks needs a mapping from names to masks, got {short_repr(masks)}."
        )
    for name, mask in masks.items():
        _check(model, name, mask)
    for name, mask in masks.items():
        path, _, leaf = name.rpartition(".")
        part = model.get_submodule(path)
        mask = mask.to(getattr(part, leaf).device)
        parametrize.register_parametrization(part, leaf, _Mask(mask))
    return model


def remove_masks(model: nn.Module) -> nn.Module:
    """The same model, its masked parameters plain ones again, whose zeros are exact.

    Args:
        model: With masks by `apply_masks`; it is changed in place.
    """
    check_module("remove_masks", model)
    for part in list(model.modules()):
        if parametrize.is_parametrized(part):
            chains = dict(part.parametrizations.items())  # type: ignore[operator, union-attr]
            for leaf, chain in chains.items():
                if any(isinstance(p, _Mask) for p in chain):
                    parametrize.remove_parametrizations(part, leaf, leave_parametrized=True)
    return model


def to_sparse(layer: nn.Module, layout: torch.layout = torch.sparse_csr) -> Tensor:
    """The layer's matrix as a sparse tensor: with it `matrix @ x` is the layer without its bias.

    Of a linear layer it is the weight `(out, in)`. Of a convolution it is `(out, in * taps)`, to
    be multiplied with `torch.nn.functional.unfold` of the image; groups are blocks of it.

    Args:
        layer: `Linear`, or `Conv1d` to `Conv3d`, with masks or without.
        layout: `torch.sparse_csr`, `torch.sparse_csc` or `torch.sparse_coo`.

    Raises:
        TypeError: It is another layer.
        ValueError: It is another layout.
    """
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    if not isinstance(layer, kinds):
        raise TypeError(
            f"to_sparse needs a Linear or Conv1d to Conv3d layer, got {type(layer).__name__}."
        )
    layouts = (torch.sparse_csr, torch.sparse_csc, torch.sparse_coo)
    if layout not in layouts:
        raise ValueError(
            f"to_sparse needs layout to be one of {', '.join(map(str, layouts))}, "
            f"got {short_repr(layout)}."
        )
    matrix = layer.weight.detach().flatten(1)
    groups = getattr(layer, "groups", 1)
    if groups > 1:
        matrix = torch.block_diag(*matrix.chunk(groups))  # type: ignore[no-untyped-call]
    # PyTorch says once that these layouts are in beta state.
    with filtered("ignore", "Sparse CS[RC] tensor support is in beta"):
        found: Tensor = matrix.to_sparse(layout=layout)
    return found


def _check(model: nn.Module, name: str, mask: Tensor) -> None:
    parameters = dict(model.named_parameters())
    if name not in parameters:
        raise ValueError(
            f"apply_masks needs names of the model's parameters, got {short_repr(name)}."
        )
    if "parametrizations." in name:
        raise ValueError(
            f"apply_masks needs parameters that nothing computes already, got {name!r}; "
            "masks are taken off by remove_masks."
        )
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise TypeError(f"apply_masks needs tensors of booleans, got {got} for {name!r}.")
    if mask.shape != parameters[name].shape:
        raise ValueError(
            f"apply_masks needs a mask of shape {tuple(parameters[name].shape)} for {name!r}, "
            f"got {tuple(mask.shape)}."
        )
