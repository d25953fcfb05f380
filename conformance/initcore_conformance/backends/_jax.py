"""`jax.nn.initializers` as a backend."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from ._peers import CHANNELS_LAST, FAMILY, LAYERS, PeerBackend, Words, own_shape

__all__ = ["JaxBackend", "backend"]


class JaxBackend(PeerBackend):
    """Initializers `(key, shape, dtype)` of arrays `(*spatial, in, out)`, and Flax's layers."""

    name = "jax"
    dtypes = ("float32", "bfloat16", "float16")
    seed_bits = 31  # what jax.random.key takes without 64-bit types
    layout = CHANNELS_LAST

    @property
    def layers(self) -> tuple[str, ...]:
        """Flax's, where it is installed."""
        return LAYERS if find_spec("flax") else ()

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """JAX's array of the key of this seed, turned to the canonical order."""
        import jax

        init = self._initializer(name, parameters)
        w = init(jax.random.key(seed), own_shape(self.layout, shape), dtype)
        return self.layout.to_canonical(w, xp=jax.numpy) if w.ndim > 1 else w

    def _initializer(self, name: str, parameters: dict[str, Any]) -> Any:
        words = self.words[name]
        return words.make(**words.translate(name, parameters))

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: Any, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A Flax nnx layer without bias."""
        import jax
        from flax import nnx

        out, in_, *spatial = shape
        groups = parameters.get("groups", 1)
        how: dict[str, Any] = {
            "use_bias": False, "kernel_init": self._initializer(name, parameters),
            "rngs": nnx.Rngs(seed), "param_dtype": dtype, "dtype": dtype,
        }  # fmt: skip
        layer: Any
        if kind == "dense":
            layer = nnx.Linear(in_, out, **how)
        else:
            layer = nnx.Conv(groups * in_, out, tuple(spatial), feature_group_count=groups, **how)

        def forward(x: Any) -> Any:
            return np.moveaxis(np.asarray(layer(jax.numpy.moveaxis(x, 1, -1))), -1, 1)

        return forward


class JaxPeer(JaxBackend):
    """JAX's own initializers."""

    name = "jax.nn.initializers"

    def __init__(self) -> None:
        from jax.nn import initializers as init

        cuts = {"std": "stddev", "low": "lower", "high": "upper"}
        variance = {"scale": "scale", "mode": "mode", "distribution": "distribution"}
        usual = {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"}
        gain = {"gain": "scale"}
        words = {
            "zeros": Words(lambda: init.zeros),
            "ones": Words(lambda: init.ones),
            "constant": Words(init.constant, {"value": "value"}),
            "uniform": Words(init.uniform, {"high": "scale"}, extra={"scale": 1.0}),
            "normal": Words(init.normal, {"std": "stddev"}, extra={"stddev": 1.0}),
            "truncated_normal": Words(init.truncated_normal, cuts, extra={"stddev": 1.0}),
            "variance_scaling": Words(init.variance_scaling, variance, axes=(2, 5), extra=usual),
            **{name: Words(getattr(init, name), axes=(2, 5)) for name in FAMILY},
            "orthogonal": Words(init.orthogonal, gain, axes=(2, 5)),
            # It is for outputs at least as many as inputs.
            "delta_orthogonal": Words(
                init.delta_orthogonal,
                gain,
                axes=(3, 5),
                claims=lambda shape, _: shape[0] >= shape[1],
            ),
        }
        super().__init__(words)


def backend() -> JaxPeer:
    """JAX's own initializers."""
    return JaxPeer()
