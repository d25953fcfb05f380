"""`jax.nn.initializers` as a backend."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from ._peers import CHANNELS_LAST, FAMILY, LAYERS, Counterpart, PeerBackend, own_shape

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
        counterpart = self.counterparts[name]
        return counterpart.make(**counterpart.translate(name, parameters))

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
        counterparts = {
            "zeros": Counterpart(lambda: init.zeros),
            "ones": Counterpart(lambda: init.ones),
            "constant": Counterpart(init.constant, {"value": "value"}),
            "uniform": Counterpart(init.uniform, {"high": "scale"}, extra={"scale": 1.0}),
            "normal": Counterpart(init.normal, {"std": "stddev"}, extra={"stddev": 1.0}),
            "truncated_normal": Counterpart(init.truncated_normal, cuts, extra={"stddev": 1.0}),
            "variance_scaling": Counterpart(
                init.variance_scaling, variance, axes=(2, 5), extra=usual
            ),
            **{name: Counterpart(getattr(init, name), axes=(2, 5)) for name in FAMILY},
            "orthogonal": Counterpart(init.orthogonal, gain, axes=(2, 5)),
            # It needs at least as many outputs as inputs.
            "delta_orthogonal": Counterpart(
                init.delta_orthogonal,
                gain,
                axes=(3, 5),
                claims=lambda shape, _: shape[0] >= shape[1],
            ),
        }
        super().__init__(counterparts)


def backend() -> JaxPeer:
    """JAX's own initializers."""
    return JaxPeer()
