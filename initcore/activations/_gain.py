"""The gain of an activation: the factor on weights that keeps the second moment."""

import functools
import math
from collections.abc import Callable
from typing import Any

from ._gaussian import mean
from ._named import Activation, activation_of

__all__ = ["gain"]


def gain(activation: str | Callable[..., Any], **parameters: float) -> float:
    """`1 / sqrt(E[phi(z)**2])`, `z` standard normal: after it the second moment is 1 again.

    This extends the argument of He et al. (ICCV 2015, eq. 14) from the rectifier to any function.
    PyTorch's 5/3 for tanh and 3/4 for SELU are empirical; these gains are computed.

    Args:
        activation: A name in any framework's spelling, or an elementwise callable on NumPy's or a
            framework's arrays.
        parameters: `negative_slope` of a leaky ReLU; `alpha` of an ELU or CELU.

    Raises:
        TypeError: It is neither a name nor a callable.
        ValueError: The name is unknown, or the callable is not elementwise and finite, or has no
            finite positive second moment.

    >>> gain("relu") ** 2, gain("leaky_relu", negative_slope=1.0)
    (2.0000000000000004, 1.0)
    >>> round(gain("tanh"), 10), round(gain("gelu"), 10)
    (1.5925374197, 1.5335304412)
    """
    if isinstance(activation, str):
        return _named(activation, tuple(sorted(parameters.items())))
    return _gain(activation_of(activation, **parameters))


@functools.cache
def _named(name: str, parameters: tuple[tuple[str, float], ...]) -> float:
    return _gain(activation_of(name, **dict(parameters)))


def _gain(phi: Activation) -> float:
    second = phi.moments(1.0)[0] if phi.moments else mean(lambda x: phi.value(x) ** 2, phi, 1.0)
    if not (math.isfinite(second) and second > 0):
        raise ValueError(
            f"activation {phi.name} has no gain: its second moment under a standard normal input "
            f"is {'zero' if second == 0 else 'not finite'}."
        )
    return float(second**-0.5)
