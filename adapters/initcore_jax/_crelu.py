"""The activation of CReLU networks."""

from typing import Any

import jax
import jax.numpy as jnp

from initcore.arguments import short_repr

__all__ = ["crelu"]


def crelu(x: Any, axis: int = -1) -> Any:
    """`concat(relu(x), relu(-x))` along `axis`: twice as many channels.

    Behind it a kernel of `mirrored(part="last")` computes what its half does of `x` itself, so a
    network of such layers is linear at initialization.

    >>> import jax.numpy as jnp
    >>> crelu(jnp.array([2.0, -3.0])).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """
    if isinstance(axis, bool) or not isinstance(axis, int) or not -64 <= axis < 64:
        raise TypeError(f"crelu needs axis to be an axis of x, got {short_repr(axis)}.")
    return jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], axis=axis)
