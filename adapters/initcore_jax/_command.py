"""What `initcore init` asks of JAX."""

from typing import Any

import jax
import numpy as np

from initcore.networks import Report

from .networks import initialize
from .networks._functional import path_of

__all__ = ["initialized"]


def initialized(
    given: Any, scheme: str, seed: int, dtype: str | None
) -> tuple[Report, dict[str, Any], str]:
    """The report, the weights as arrays by path, and the format's name.

    Args:
        given: A Flax nnx or an Equinox module.
        scheme, seed: As of `initialize`.
        dtype: Not for JAX, whose models know theirs.
    """
    if dtype is not None:
        raise ValueError("init has --dtype for models of transformers; this model knows its own.")
    found = initialize(given, scheme, seed=seed)
    model, report = (given, found) if isinstance(found, Report) else found
    leaves, _ = jax.tree_util.tree_flatten_with_path(model)
    weights = {path_of(keys): x for keys, x in leaves}
    return report, {p: np.asarray(w) for p, w in weights.items() if p in report}, "np"
