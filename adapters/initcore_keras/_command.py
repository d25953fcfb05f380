"""What `initcore init` asks of Keras."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from initcore.networks import Report

from .networks import initialize
from .networks._trace import variables_of

__all__ = ["initialized"]


def initialized(
    given: Any, scheme: str, seed: int, dtype: str | None
) -> tuple[Report, dict[str, Any], str]:
    """The report, the weights as arrays by path, and the format's name.

    Args:
        given: A model, or the path of a `.keras` file or of a model's JSON.
        scheme, seed: As of `initialize`.
        dtype: Not for Keras, whose models know theirs.
    """
    if dtype is not None:
        raise ValueError(
            "init has --dtype for models of transformers; a Keras model knows its own."
        )
    if isinstance(given, Path):
        text = given.suffix == ".json"
        given = (keras.models.model_from_json(given.read_text("utf-8")) if text
                 else keras.models.load_model(given, compile=False))  # fmt: skip
    report = initialize(given, scheme, seed=seed)
    kept = {v.path: v for v in given.non_trainable_variables if "seed" not in v.path}
    weights = {**variables_of(given), **kept}
    arrays = {path: np.asarray(keras.ops.convert_to_numpy(v)) for path, v in weights.items()}
    return report, arrays, "np"
