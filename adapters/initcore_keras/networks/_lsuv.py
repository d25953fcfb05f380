"""Layer-sequential unit variance (Mishkin & Matas, ICLR 2016): kernels scaled to their data."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from initcore.networks import Report, unit_variance_scale

from ._taps import kernel_of, tapped
from ._trace import call_of

__all__ = ["lsuv"]


def lsuv(model: Any, report: Report, variables: Mapping[str, Any], sample: Any) -> dict[str, float]:
    """Scale each linear layer's kernel so that its output has variance 1 on the data, in order.

    One forward pass: each layer hands on its output as it will be, so later ones see it.

    Returns:
        The factor of each kernel, by path.
    """
    paths = {id(v): path for path, v in variables.items()}
    wanted = {w.path for w in report.network.kernels if report[w.path].name is not None}
    scales: dict[str, float] = {}
    found: list[ValueError] = []  # Keras wraps what is raised in a call into words of its own

    def tap(layer: Any, made: Any) -> Any:
        path = paths.get(id(kernel_of(layer)))
        if path not in wanted or path is None:
            return None
        if path not in scales:
            values = np.asarray(keras.ops.convert_to_numpy(made), np.float64)
            variance = float(values.var()) if values.size else math.nan
            try:
                scales[path] = unit_variance_scale(path, variance)
            except ValueError as error:
                found.append(error)
                raise
        bias = getattr(layer, "bias", None)
        if bias is None:
            return made * scales[path]
        b = keras.ops.cast(_beside(layer, bias, len(made.shape)), made.dtype)
        return (made - b) * scales[path] + b

    args, kwargs = call_of(sample)
    try:
        with tapped(tap):
            model(*args, **kwargs)
    except Exception:
        if found:
            raise found[0] from None
        raise
    for path, scale in scales.items():
        variables[path].assign(variables[path] * scale)
    return scales


def _beside(layer: Any, bias: Any, ndim: int) -> Any:
    """The bias in the place where the layer adds it."""
    if getattr(layer, "data_format", "channels_last") == "channels_first":
        return keras.ops.reshape(bias, (1, -1) + (1,) * (ndim - 2))
    return keras.ops.convert_to_tensor(bias)
