"""The activation that `mirrored` kernels are made for."""

from typing import Any

import jax
import jax.numpy as jnp

from initcore.arguments import short_repr

__all__ = ["crelu"]


def crelu(x: Any, axis: int = -1) -> jax.Array:
    """`concat(relu(x), relu(-x))` along `axis`: twice as many channels.

    A kernel `[W0, -W0]`, which is `mirrored(part="last")`, turns it into `W0 x`. A network of such
    layers is therefore linear at initialization.

    Args:
        x: Array of any shape.
        axis: Axis of the channels.

    Raises:
        TypeError: `axis` is not an integer that can be an axis.

    >>> import jax.numpy as jnp
    >>> crelu(jnp.array([2.0, -3.0])).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """
    # Arrays have at most 64 axes, as in NumPy; JAX itself checks how many x has.
    if isinstance(axis, bool) or not isinstance(axis, int) or not -64 <= axis < 64:
        raise TypeError(f"crelu needs axis to be an axis of x, got {short_repr(axis)}.")
    return jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], axis=axis)
