"""This adapter as a backend of the conformance suite, for the Keras backend that is running."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np

import initcore_keras
from initcore import specs
from initcore.spec import Kernel

from ._initializer import spell

__all__ = ["backend"]

NAMES = {"std": "stddev"}


class KerasBackend:
    """Keras through `initcore_keras`."""

    name = f"keras:{keras.backend.backend()}"
    portable = True
    initializers = tuple(n for n in specs if hasattr(initcore_keras, spell(n)))
    dtypes = ("float32", "bfloat16", "float16") + (
        () if keras.backend.backend() == "jax" else ("float64",)
    )
    layers = ("dense", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
              "conv_transpose3d", "depthwise1d", "depthwise2d")  # fmt: skip
    replaces, namespace = "keras.initializers", initcore_keras
    # As Keras itself: constants and identities of any dtype, and fans of vectors.
    _plain = ("zeros", "ones", "constant", "identity")
    beyond: ClassVar = dict.fromkeys(_plain, ("dtype",)) | {
        "constant": ("dtype", "value")
    } | dict.fromkeys(
        ("variance_scaling", "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform",
         "he_normal", "he_uniform"),
        ("shape",),
    )  # fmt: skip

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """A kernel drawn in Keras's order `(*k, in, out)`, turned to the canonical one."""
        init = self._initializer(name, seed, parameters)
        if len(shape) < 2:
            return self._numpy(init(tuple(shape), dtype))
        w = self._numpy(init((*shape[2:], shape[1], shape[0]), dtype))
        return w.transpose(w.ndim - 1, w.ndim - 2, *range(w.ndim - 2))

    def _numpy(self, w: Any) -> Any:
        if keras.backend.standardize_dtype(w.dtype) == "bfloat16":
            import ml_dtypes

            wide = keras.ops.convert_to_numpy(keras.ops.cast(w, "float32"))
            return wide.astype(ml_dtypes.bfloat16)
        return keras.ops.convert_to_numpy(w)

    def _initializer(self, name: str, seed: Any, parameters: dict[str, Any], **how: Any) -> Any:
        cls = getattr(initcore_keras, spell(name))
        names = {**NAMES, **({"low": "minval", "high": "maxval"} if name == "uniform" else {})}
        defaults: dict[str, dict[str, Any]] = {
            "uniform": {"low": 0.0, "high": 1.0},
            "normal": {"std": 1.0},
            "truncated_normal": {"std": 1.0},
        }
        given = {**defaults.get(name, {}), **parameters}
        if name == "variance_scaling" and given.get("distribution") == "normal":
            given["distribution"] = "untruncated_normal"
        random = {"seed": seed} if specs[name].random else {}
        return cls(**{names.get(k, k): v for k, v in given.items()}, **random, **how)

    def differs(
        self, name: str, shape: tuple[int, ...], dtype: str, arguments: dict[str, Any]
    ) -> bool:
        """Random integers, which Keras rounds to zeros."""
        plain = ("Zeros", "Ones", "Constant", "Identity", "IdentityInitializer")
        return name not in plain and dtype in ("int32", "bool")

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A real Keras layer without bias, as a function of NumPy arrays with channels first."""
        kernel = Kernel(tuple(shape), parameters.get("groups", 1))
        how: dict[str, Any] = {}
        if "transpose" in kind or "depthwise" in kind:
            alike = name in ("zeros", "ones", "constant", "sparse")  # these know of no axes
            how = {} if alike else {"kind": "transposed" if "transpose" in kind else "depthwise"}
        if "depthwise" in kind:
            parameters = {k: v for k, v in parameters.items() if k != "groups"}
        init = self._initializer(name, seed, parameters, **how)
        common = {"use_bias": False, "dtype": dtype}
        if kind == "dense":
            layer = keras.layers.Dense(kernel.shape[0], kernel_initializer=init, **common)
            return lambda x: self._numpy(layer(np.asarray(x, "float32"))).astype(np.float64)
        common |= {"padding": "same", "data_format": "channels_last"}
        dims = len(kernel.spatial)
        if "depthwise" in kind:
            cls = getattr(keras.layers, f"DepthwiseConv{dims}D")
            size = kernel.spatial if dims > 1 else kernel.spatial[0]
            how = {"depth_multiplier": kernel.out, "depthwise_initializer": init}
            layer = cls(size, **how, **common)
        elif "transpose" in kind:
            cls = getattr(keras.layers, f"Conv{dims}DTranspose")
            layer = cls(kernel.shape[0], kernel.spatial, kernel_initializer=init, **common)
        else:
            cls = getattr(keras.layers, f"Conv{dims}D")
            layer = cls(kernel.shape[0], kernel.spatial, groups=kernel.groups,
                        kernel_initializer=init, **common)  # fmt: skip

        def forward(x: Any) -> Any:
            y = self._numpy(layer(np.moveaxis(np.asarray(x, "float32"), 1, -1)))
            return np.moveaxis(y, -1, 1).astype(np.float64)

        return forward


backend = KerasBackend()
