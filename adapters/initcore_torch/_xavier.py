"""PyTorch's own functions whose variance is set by the layer's size."""

import warnings
from typing import Any

from torch import Generator, Tensor

from initcore.spec import CORE, Spec, specs

from ._fill import fill
from ._gain import calculate_gain

__all__ = ["kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_"]


def xavier_uniform_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent uniform of variance `2 gain**2 / (fan_in + fan_out)`."""
    return _scaled(
        "xavier_uniform_",
        tensor,
        gain,
        "fan_avg",
        "uniform",
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def xavier_normal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent normal of variance `2 gain**2 / (fan_in + fan_out)`."""
    return _scaled(
        "xavier_normal_",
        tensor,
        gain,
        "fan_avg",
        "normal",
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent uniform of variance `gain**2 / fan`.

    `gain` is `calculate_gain(nonlinearity, a)`; `a` is the slope of a leaky ReLU.
    """
    return _kaiming(
        "kaiming_uniform_",
        tensor,
        a,
        mode,
        nonlinearity,
        "uniform",
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent normal of variance `gain**2 / fan`, as `kaiming_uniform_`."""
    return _kaiming(
        "kaiming_normal_",
        tensor,
        a,
        mode,
        nonlinearity,
        "normal",
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def _kaiming(
    who: str, tensor: Tensor, a: Any, mode: Any, nonlinearity: Any, law: str, **draw: Any
) -> Tensor:
    if isinstance(mode, str):
        mode = mode.lower()
    _scaled(who, tensor, calculate_gain(nonlinearity, a), mode, law, **draw)
    if 0 in tensor.shape:  # of PyTorch's functions, these two say so
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return tensor


def _scaled(who: str, tensor: Tensor, gain: Any, mode: str, law: str, **draw: Any) -> Tensor:
    gain = Spec.check_parameter(who, "gain", specs["orthogonal"].parameters["gain"], gain, CORE)
    values = {"scale": gain**2, "mode": mode, "distribution": law}
    return fill("variance_scaling", tensor, values, who=who, **draw)
