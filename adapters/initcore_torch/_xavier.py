"""PyTorch's own functions whose variance is set by the layer's size."""

import warnings
from collections.abc import Callable
from typing import Any, Unpack

from torch import Generator, Tensor

from initcore.initializers import Entries, Mode
from initcore.spec import CORE, Real, Spec

from ._fill import fill
from ._gain import Nonlinearity, calculate_gain
from ._keywords import Draw, shared_keywords
from ._override import overridable

__all__ = ["kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_"]

GAIN = Real("factor of the standard deviation", low=0.0)


@overridable
@shared_keywords
def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, **draw: Unpack[Draw]
) -> Tensor:
    """Entries become independent uniform of variance `2 gain**2 / (fan_in + fan_out)`.

    Args:
        gain: Factor of the standard deviation, at least 0.
    """
    return _scaled("xavier_uniform_", tensor, gain, "fan_avg", "uniform", generator, **draw)


@overridable
@shared_keywords
def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, **draw: Unpack[Draw]
) -> Tensor:
    """Entries become independent normal of variance `2 gain**2 / (fan_in + fan_out)`.

    Args:
        gain: As in `xavier_uniform_`.
    """
    return _scaled("xavier_normal_", tensor, gain, "fan_avg", "normal", generator, **draw)


@overridable
@shared_keywords
def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: Mode = "fan_in",
    nonlinearity: Nonlinearity | str | Callable[..., Any] = "leaky_relu",
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent uniform of variance `gain**2 / fan`.

    `gain` is `calculate_gain(nonlinearity, a)`.

    Args:
        a: Negative slope of a leaky ReLU; ignored for all others.
        mode: The fan, `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        nonlinearity: What `calculate_gain` takes.
    """
    return _kaiming("kaiming_uniform_", tensor, a, mode, nonlinearity, "uniform", generator, **draw)


@overridable
@shared_keywords
def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: Mode = "fan_in",
    nonlinearity: Nonlinearity | str | Callable[..., Any] = "leaky_relu",
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent normal of variance `gain**2 / fan`.

    Args:
        a, mode, nonlinearity: As in `kaiming_uniform_`, which says what `gain` is.
    """
    return _kaiming("kaiming_normal_", tensor, a, mode, nonlinearity, "normal", generator, **draw)


def _kaiming(
    who: str,
    tensor: Tensor,
    a: float,
    mode: Any,
    nonlinearity: str | Callable[..., Any],
    entries: Entries,
    generator: Generator | None,
    **draw: Unpack[Draw],
) -> Tensor:
    if isinstance(mode, str):
        mode = mode.lower()
    _scaled(who, tensor, calculate_gain(nonlinearity, a), mode, entries, generator, **draw)
    if 0 in tensor.shape:  # of PyTorch's functions, these two say so
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=5)
    return tensor


def _scaled(
    who: str,
    tensor: Tensor,
    gain: float,
    mode: Mode,
    entries: Entries,
    generator: Generator | None,
    **draw: Unpack[Draw],
) -> Tensor:
    gain = Spec.check_parameter(who, "gain", GAIN, gain, CORE)
    values = {"scale": gain**2, "mode": mode, "distribution": entries}
    return fill("variance_scaling", tensor, values, who=who, generator=generator, **draw)
