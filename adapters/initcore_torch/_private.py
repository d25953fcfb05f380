"""Names that PyTorch keeps private and that copied `reset_parameters` call all the same."""

from typing import Literal

from torch import Tensor

from initcore.arguments import short_repr

from ._basic import constant_, normal_, trunc_normal_, uniform_, zeros_
from ._gain import Nonlinearity
from ._layout import layout_of
from ._tensor import shape_of

__all__ = [
    "_FanMode",
    "_NonlinearityType",
    "_calculate_correct_fan",
    "_calculate_fan_in_and_fan_out",
    "_no_grad_fill_",
    "_no_grad_normal_",
    "_no_grad_trunc_normal_",
    "_no_grad_uniform_",
    "_no_grad_zero_",
]  # fmt: skip

_FanMode = Literal["fan_in", "fan_out"]
_NonlinearityType = Nonlinearity

_no_grad_uniform_ = uniform_
_no_grad_normal_ = normal_
_no_grad_trunc_normal_ = trunc_normal_
_no_grad_fill_ = constant_
_no_grad_zero_ = zeros_


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Weights that an output adds up, and that an input feeds, without groups.

    Raises:
        ValueError: The tensor has fewer than 2 axes. The text starts with PyTorch's.

    >>> import torch
    >>> _calculate_fan_in_and_fan_out(torch.empty(8, 4, 3, 3))
    (36, 72)
    """
    shape = shape_of(tensor, "_calculate_fan_in_and_fan_out")
    layout = layout_of(shape)
    if layout is None:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, "
            f"got one of shape {shape}."
        )
    kernel = layout.kernel(shape)
    return kernel.fan_in, kernel.fan_out


def _calculate_correct_fan(tensor: Tensor, mode: _FanMode) -> int:
    """The fan that `mode` names, in lower or upper case.

    Raises:
        ValueError: The mode is neither, or the tensor has fewer than 2 axes.
    """
    known = {"fan_in": 0, "fan_out": 1}
    at = known.get(str(mode).lower())
    if at is None:
        raise ValueError(f"Mode {short_repr(mode)} not supported, please use one of {list(known)}.")
    return _calculate_fan_in_and_fan_out(tensor)[at]
