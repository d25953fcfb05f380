"""Gains under PyTorch's names."""

import math
from collections.abc import Callable
from typing import Any, Literal, get_args

import torch

from initcore.activations import register_converter
from initcore.arguments import short_repr

from ._tracing import constant_while_tracing

__all__ = ["Nonlinearity", "calculate_gain"]

# The names that PyTorch's functions know; ours take those of `initcore.gain`, too.
Nonlinearity = Literal[
    "linear", "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "sigmoid", "tanh", "relu", "leaky_relu", "selu",
]  # fmt: skip
# PyTorch's convention: 1 for everything linear and the sigmoid; 5/3 and 3/4 found by trial.
# `initcore.gain` has the computed 1.5925 (tanh), 1.8462 (sigmoid) and 1 (selu).
CONVENTION = {
    **dict.fromkeys(get_args(Nonlinearity), 1.0),
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "leaky_relu": math.sqrt(2.0 / (1 + 0.01**2)),
    "selu": 3.0 / 4,
}


def calculate_gain(
    nonlinearity: Nonlinearity | str | Callable[..., Any], param: float | None = None
) -> float:
    """The factor that PyTorch puts on weights before `nonlinearity`.

    For the names that PyTorch knows these are its values, so that changing the import changes
    nothing. Any other name, and an elementwise function or module of tensors, gets `initcore.gain`,
    which keeps the second moment of a standard normal input.

    Args:
        nonlinearity: Name of an activation or of a layer, or a callable.
        param: Negative slope of a leaky ReLU, 0.01 if None; otherwise ignored, as PyTorch does.

    Raises:
        TypeError: It is neither a name nor a callable.
        ValueError: The name is unknown, or the slope is not a number.

    >>> round(calculate_gain("relu"), 4), round(calculate_gain("leaky_relu", 1.0), 4)
    (1.4142, 1.0)
    >>> import torch
    >>> abs(calculate_gain("gelu") - calculate_gain(torch.nn.GELU())) < 1e-12
    True
    """
    if isinstance(nonlinearity, str):
        if nonlinearity == "leaky_relu" and param is not None:
            return _of_leaky_relu(param)
        if nonlinearity in CONVENTION:
            return CONVENTION[nonlinearity]
    return _computed(nonlinearity)


def _of_leaky_relu(slope: float) -> float:
    number = isinstance(slope, (int, float)) and not isinstance(slope, bool)
    if not number or not abs(slope) < 1e150:
        raise ValueError(
            f"calculate_gain needs a finite number as negative slope, got {short_repr(slope)}."
        )
    return math.sqrt(2.0 / (1 + slope**2))


@constant_while_tracing
def _computed(nonlinearity: str | Callable[..., Any]) -> float:
    from initcore import gain

    return float(gain(nonlinearity))


def _call(function: Callable[..., Any], x: Any) -> Any:
    """`function` of tensors, on a NumPy array."""
    with torch.no_grad():
        y: torch.Tensor = function(torch.from_numpy(x))
    return y.numpy()


register_converter("torch", _call)  # so that the core takes PyTorch's functions and modules
