"""What several of the networks share."""

from typing import Any

import jax.numpy as jnp

__all__ = ["rotated"]


def rotated(x: Any) -> Any:
    """Rotary positions on `(batch, time, heads, width)`."""
    half = x.shape[-1] // 2
    angles = jnp.arange(x.shape[1])[:, None, None] / 100.0 ** (jnp.arange(half) / half)
    a, b = x[..., :half], x[..., half:]
    sin, cos = jnp.sin(angles), jnp.cos(angles)
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], -1)
