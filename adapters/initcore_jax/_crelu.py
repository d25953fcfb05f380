"""The activation of CReLU networks."""

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["crelu"]


def crelu(x: Any, axis: int = -1) -> Any:
    """`concat(relu(x), relu(-x))` along `axis`: twice as many channels.

    Behind it a kernel of `mirrored(part="last")` computes what its half does of `x` itself, so a
    network of such layers is linear at initialization.

    >>> import jax.numpy as jnp
    >>> crelu(jnp.array([2.0, -3.0])).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """
    return jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], axis=axis)
