"""`keras.initializers` as a backend, on the Keras backend that the environment names."""

from collections.abc import Callable
from typing import Any

import numpy as np

from initcore import specs

from ._peers import CHANNELS_LAST, FAMILY, LAYERS, Counterpart, PeerBackend, own_shape

__all__ = ["KerasBackend", "backend"]


class KerasBackend(PeerBackend):
    """Classes of initializers of tensors `(*spatial, in, out)`, and Keras's layers."""

    name = "keras"
    dtypes = ("float32", "bfloat16", "float16")
    seed_bits = 31
    layers = LAYERS
    grouped_layers = ()
    layout = CHANNELS_LAST

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """Keras's tensor, turned to the canonical order."""
        init = self._initializer(name, seed, parameters)
        w = self._numpy(init(own_shape(self.layout, shape), dtype))
        return self.layout.to_canonical(w, xp=np) if w.ndim > 1 else w

    def _initializer(self, name: str, seed: Any, parameters: dict[str, Any]) -> Any:
        counterpart = self.counterparts[name]
        given = counterpart.translate(name, parameters)
        if given.get("distribution") == "normal":
            given["distribution"] = "untruncated_normal"
        return counterpart.make(**given, **({"seed": seed} if specs[name].random else {}))

    def _numpy(self, w: Any) -> Any:
        """The tensor on the host; bfloat16 as `ml_dtypes` has it."""
        import keras
        import ml_dtypes

        kind = keras.backend.standardize_dtype(w.dtype)
        if kind == "bfloat16":
            w = keras.ops.cast(w, "float32")
        a = np.asarray(keras.ops.convert_to_numpy(w))
        return a.astype(ml_dtypes.bfloat16) if kind == "bfloat16" else a

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: Any, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A real layer without bias."""
        import keras

        out, _, *spatial = shape
        how = {"use_bias": False, "kernel_initializer": self._initializer(name, seed, parameters)}
        layer: Any
        if kind == "dense":
            layer = keras.layers.Dense(out, **how)
        else:
            cls = getattr(keras.layers, f"Conv{len(spatial)}D")
            layer = cls(out, tuple(spatial), padding="same", data_format="channels_last", **how)
        return lambda x: np.moveaxis(self._numpy(layer(np.moveaxis(np.asarray(x), 1, -1))), -1, 1)


class KerasPeer(KerasBackend):
    """Keras's own initializers."""

    def __init__(self) -> None:
        import keras
        from keras import initializers as init

        self.name = f"keras.initializers:{keras.config.backend()}"
        ends = {"low": "minval", "high": "maxval"}
        std = {"mean": "mean", "std": "stddev"}
        variance = {"scale": "scale", "mode": "mode", "distribution": "distribution"}
        positive = {"scale": lambda v: v > 0, "mode": lambda v: v != "fan_geo_avg"}
        camel = {n: "".join(part.title() for part in n.split("_")) for n in FAMILY}
        counterparts = {
            "zeros": Counterpart(init.Zeros),
            "ones": Counterpart(init.Ones),
            "constant": Counterpart(init.Constant, {"value": "value"}),
            "uniform": Counterpart(init.RandomUniform, ends, extra={"minval": 0.0, "maxval": 1.0}),
            "normal": Counterpart(init.RandomNormal, std, extra={"stddev": 1.0}),
            "truncated_normal": Counterpart(init.TruncatedNormal, std, extra={"stddev": 1.0}),
            "variance_scaling": Counterpart(init.VarianceScaling, variance, positive, (2, 5)),
            **{name: Counterpart(getattr(init, camel[name]), axes=(2, 5)) for name in FAMILY},
            "orthogonal": Counterpart(init.Orthogonal, {"gain": "gain"}, axes=(2, 5)),
            "identity": Counterpart(init.Identity, {"gain": "gain"}, axes=(2, 2)),
        }
        super().__init__(counterparts)


def backend() -> KerasPeer:
    """Keras's own initializers."""
    return KerasPeer()
