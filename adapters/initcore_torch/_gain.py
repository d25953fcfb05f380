"""Gains under PyTorch's names."""

from collections.abc import Callable
from typing import Any

__all__ = ["calculate_gain"]

# PyTorch's convention: 1 for everything linear and the sigmoid; 5/3 and 3/4 found by trial.
# `initcore.gain` has the computed 1.5925 (tanh), 1.8462 (sigmoid) and 1 (selu).
CONVENTION = {
    **dict.fromkeys(
        [
            "linear", "conv1d", "conv2d", "conv3d",
            "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
        ],
        1.0,
    ),
    "tanh": 5.0 / 3,
    "selu": 3.0 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str | Callable[..., Any], param: float | None = None) -> float:
    """The factor that PyTorch puts on weights before `nonlinearity`.

    For the names that PyTorch knows these are its values, so that changing the import changes
    nothing; any other name or elementwise callable gets `initcore.gain`, which keeps the second
    moment of a standard normal input.

    Args:
        nonlinearity: Name of an activation or of a layer, or a callable.
        param: Negative slope of a leaky ReLU, 0.01 if None.

    Raises:
        ValueError: The name is unknown, or the slope is not a number.

    >>> round(calculate_gain("relu"), 4), round(calculate_gain("leaky_relu", 1.0), 4)
    (1.4142, 1.0)
    """
    from initcore import gain

    if isinstance(nonlinearity, str) and nonlinearity in CONVENTION:
        return CONVENTION[nonlinearity]
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"calculate_gain needs a number as negative slope, got {slope!r}.")
        return float(gain("leaky_relu", negative_slope=slope))
    return float(gain(nonlinearity))
