"""What a model is run on after it was initialized."""

from typing import Any

import keras
import numpy as np

from initcore import Rng
from initcore.networks import Graph

__all__ = ["drawn"]


def drawn(call: Any, graph: Graph) -> Any:
    """A call with numbers for symbolic inputs, and for ones that are all the same.

    Numbers have variance 1. Symbolic integers count from 0 up to the rows of the smallest table.
    """
    tables = [graph.nodes[n.inputs[0]].shape for n in graph.nodes if n.kind == "look_up"]
    rows = min((shape[0] for shape in tables if shape), default=1)

    def number(x: Any) -> Any:
        if not (hasattr(x, "shape") and hasattr(x, "dtype")):
            return x
        symbolic, kind = isinstance(x, keras.KerasTensor), str(x.dtype)
        if symbolic and "float" not in kind:
            counted = np.arange(np.prod(x.shape)).reshape(x.shape)
            return np.ones(x.shape, "bool") if kind == "bool" else (counted % rows).astype(kind)
        if "float" not in kind or not (symbolic or _same(x)):
            return x
        rng = Rng(0, dtype="float32").fold_in("signal check")
        return keras.ops.cast(rng.normal(tuple(x.shape)), keras.backend.standardize_dtype(x.dtype))

    args, kwargs = keras.tree.map_structure(number, (list(call[0]), dict(call[1])))
    return args, kwargs


def _same(x: Any) -> bool:
    values = np.asarray(keras.ops.convert_to_numpy(x)).reshape(-1)
    return values.size > 1 and bool((values == values[0]).all())
