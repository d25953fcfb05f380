"""This adapter as a backend of the conformance suite: its public functions on real layers."""

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np

import initcore_mlx
from initcore import specs
from initcore.spec import Kernel

__all__ = ["backend"]

OWN_LAWS = ("glorot_normal", "he_normal", "he_uniform", "sparse")  # MLX's under these names


class MlxBackend:
    """MLX through `initcore_mlx`."""

    name = "mlx"
    portable = True
    initializers = tuple(n for n in specs if hasattr(initcore_mlx, n) and n not in OWN_LAWS)
    dtypes = ("float32", "float64", "bfloat16", "float16")
    layers = ("dense", "conv1d", "conv2d", "conv3d")
    grouped_layers = ("conv1d", "conv2d")

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """A kernel drawn in MLX's order `(out, *k, in)`, turned to the canonical one."""
        if not isinstance(getattr(mx, str(dtype), None), mx.Dtype):
            raise TypeError(f"MLX has no dtype {dtype!r}.")
        own = tuple(shape) if len(shape) < 2 else (shape[0], *shape[2:], shape[1])
        w = self._draw(name, mx.zeros(own, dtype=getattr(mx, dtype)), seed, parameters)
        if w.dtype == mx.bfloat16:  # NumPy cannot read it
            import ml_dtypes

            x = np.array(w.astype(mx.float32)).astype(ml_dtypes.bfloat16)
        else:
            x = np.array(w)
        return np.moveaxis(x, -1, 1) if len(shape) > 1 else x

    def _draw(self, name: str, a: Any, seed: Any, parameters: dict[str, Any]) -> Any:
        how = {"dtype": a.dtype} if name in dir(nn.init) else {}
        return getattr(initcore_mlx, name)(**parameters, **how)(a, seed=seed)

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A real module without bias, as a function of NumPy arrays with channels first."""
        kernel = Kernel(tuple(shape), parameters.get("groups", 1))
        sides, size = (kernel.groups * kernel.in_, kernel.shape[0]), kernel.spatial
        if kind == "dense":
            module = nn.Linear(*sides, bias=False)
        else:
            how = {"groups": kernel.groups} if kind in self.grouped_layers else {}
            k = size if len(size) > 1 else size[0]
            module = getattr(nn, kind.replace("conv", "Conv"))(*sides, k, bias=False, **how)
        module.set_dtype(getattr(mx, dtype))
        module.weight = self._draw(name, module.weight, seed, parameters)
        edges = [((k - 1) // 2, k // 2) for k in size]

        def forward(x: Any) -> Any:
            x = np.moveaxis(np.pad(x, [(0, 0), (0, 0), *edges]), 1, -1)
            y = module(mx.array(x).astype(module.weight.dtype))
            return np.moveaxis(np.array(y.astype(mx.float32)), -1, 1)

        return forward


backend = MlxBackend()
