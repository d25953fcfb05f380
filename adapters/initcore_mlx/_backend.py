"""This adapter as a backend of the conformance suite: its public functions on real layers."""

from collections.abc import Callable
from typing import Any

import ml_dtypes  # noqa: F401, for NumPy to know bfloat16
import mlx.core as mx
import mlx.nn as nn
import numpy as np

import initcore_mlx
from initcore import specs

__all__ = ["backend"]

CLASSES = {"dense": nn.Linear, "conv1d": nn.Conv1d, "conv2d": nn.Conv2d, "conv3d": nn.Conv3d}
OWN_LAWS = ("glorot_normal", "he_normal", "he_uniform", "sparse")  # MLX's under these names


class MlxBackend:
    """MLX through `initcore_mlx`."""

    name, portable = "mlx", True
    initializers = tuple(n for n in specs if hasattr(initcore_mlx, n) and n not in OWN_LAWS)
    dtypes = ("float32", "float64", "bfloat16", "float16")
    layers, grouped_layers = tuple(CLASSES), ("conv1d", "conv2d")

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """A kernel drawn in MLX's order `(out, *k, in)`, turned to the canonical one."""
        if dtype not in self.dtypes:
            raise TypeError(f"This backend draws {', '.join(self.dtypes)}, got {dtype!r}.")
        name == "constant" and specs[name].check_parameters(parameters)  # MLX takes more
        own = tuple(shape) if len(shape) < 2 else (shape[0], *shape[2:], shape[1])
        w = self._draw(name, mx.zeros(own, dtype=getattr(mx, dtype)), seed, parameters)
        x = np.array(w.astype(mx.float64, stream=mx.cpu)).astype(str(w.dtype).rpartition(".")[2])
        return np.moveaxis(x, -1, 1) if len(shape) > 1 else x

    def _draw(self, name: str, a: Any, seed: Any, parameters: dict[str, Any]) -> Any:
        how = {"dtype": a.dtype} if name in dir(nn.init) else {}
        return getattr(initcore_mlx, name)(**parameters, **how)(a, seed=seed)

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A real module without bias, as a function of NumPy arrays with channels first."""
        (out, in_, *size), groups = shape, parameters.get("groups", 1)
        how = {"groups": groups} if kind in self.grouped_layers else {}
        k = [tuple(size)] if len(size) > 1 else size
        module = CLASSES[kind](groups * in_, out, *k, bias=False, **how)
        module.set_dtype(getattr(mx, dtype))
        module.weight = self._draw(name, module.weight, seed, parameters)
        edges = [((k - 1) // 2, k // 2) for k in size]

        def forward(x: Any) -> Any:
            x = mx.array(np.moveaxis(np.pad(x, [(0, 0), (0, 0), *edges]), 1, -1))
            y = module(x.astype(module.weight.dtype))
            return np.moveaxis(np.array(y.astype(mx.float32)), -1, 1)

        return forward


backend = MlxBackend()
