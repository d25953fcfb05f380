"""`keras.initializers` as a backend, on the Keras backend that the environment names."""

from typing import Any

from ._peers import FAMILY, PeerBackend, Words

__all__ = ["backend"]


class KerasPeer(PeerBackend):
    """Keras's own initializers, on tensors `(*spatial, in, out)`."""

    dtypes = ("float32", "bfloat16", "float16")
    seed_bits = 31

    def __init__(self) -> None:
        import keras
        from keras import initializers as init

        self.name = f"keras.initializers:{keras.config.backend()}"
        ends = {"low": "minval", "high": "maxval"}
        std = {"mean": "mean", "std": "stddev"}
        variance = {"scale": "scale", "mode": "mode", "distribution": "distribution"}
        positive = {"scale": lambda v: v > 0, "mode": lambda v: v != "fan_geo_avg"}
        camel = {n: "".join(part.title() for part in n.split("_")) for n in FAMILY}
        self.words = {
            "zeros": Words(init.Zeros),
            "ones": Words(init.Ones),
            "constant": Words(init.Constant, {"value": "value"}),
            "uniform": Words(init.RandomUniform, ends, extra={"minval": 0.0, "maxval": 1.0}),
            "normal": Words(init.RandomNormal, std, extra={"stddev": 1.0}),
            "truncated_normal": Words(init.TruncatedNormal, std, extra={"stddev": 1.0}),
            "variance_scaling": Words(init.VarianceScaling, variance, positive, (2, 5)),
            **{name: Words(getattr(init, camel[name]), axes=(2, 5)) for name in FAMILY},
            "orthogonal": Words(init.Orthogonal, {"gain": "gain"}, axes=(2, 5)),
            "identity": Words(init.Identity, {"gain": "gain"}, axes=(2, 2)),
        }

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """Keras's tensor, turned to the canonical order; bfloat16 as `ml_dtypes` has it."""
        import keras
        import ml_dtypes
        import numpy as np

        words = self.words[name]
        given = words.translate(name, parameters)
        if given.get("distribution") == "normal":
            given["distribution"] = "untruncated_normal"
        if name not in ("zeros", "ones", "constant", "identity"):
            given["seed"] = seed
        order = tuple(shape) if len(shape) < 2 else (*shape[2:], shape[1], shape[0])
        w = words.make(**given)(order, dtype)
        kind = keras.backend.standardize_dtype(w.dtype)
        if kind == "bfloat16":
            w = keras.ops.cast(w, "float32")
        a = np.asarray(keras.ops.convert_to_numpy(w))
        a = a.astype(ml_dtypes.bfloat16) if kind == "bfloat16" else a
        return a if a.ndim < 2 else a.transpose(a.ndim - 1, a.ndim - 2, *range(a.ndim - 2))


def backend() -> KerasPeer:
    """Keras's own initializers."""
    return KerasPeer()
