"""`jax.nn.initializers` as a backend."""

from typing import Any

from ._peers import FAMILY, PeerBackend, Words

__all__ = ["backend"]


class JaxPeer(PeerBackend):
    """JAX's own initializers, on arrays `(*spatial, in, out)`."""

    name = "jax.nn.initializers"
    dtypes = ("float32", "bfloat16", "float16")
    seed_bits = 31  # what jax.random.key takes without 64-bit types

    def __init__(self) -> None:
        from jax.nn import initializers as init

        cuts = {"std": "stddev", "low": "lower", "high": "upper"}
        variance = {"scale": "scale", "mode": "mode", "distribution": "distribution"}
        usual = {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"}
        gain = {"gain": "scale"}
        self.words = {
            "zeros": Words(lambda: init.zeros),
            "ones": Words(lambda: init.ones),
            "constant": Words(init.constant, {"value": "value"}),
            "uniform": Words(init.uniform, {"high": "scale"}, extra={"scale": 1.0}),
            "normal": Words(init.normal, {"std": "stddev"}, extra={"stddev": 1.0}),
            "truncated_normal": Words(init.truncated_normal, cuts, extra={"stddev": 1.0}),
            "variance_scaling": Words(init.variance_scaling, variance, axes=(2, 5), extra=usual),
            **{name: Words(getattr(init, name), axes=(2, 5)) for name in FAMILY},
            "orthogonal": Words(init.orthogonal, gain, axes=(2, 5)),
            "delta_orthogonal": Words(init.delta_orthogonal, gain, axes=(3, 5)),
        }

    def claims(
        self, name: str, shape: tuple[int, ...], dtype: str, parameters: dict[str, Any]
    ) -> bool:
        """As documented; delta_orthogonal is for outputs at least as many as inputs."""
        wide = name == "delta_orthogonal" and shape[1:] and shape[0] < shape[1]
        return not wide and super().claims(name, shape, dtype, parameters)

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """JAX's array of the key of this seed, turned to the canonical order."""
        import jax

        words = self.words[name]
        init = words.make(**words.translate(name, parameters))
        key = jax.random.key(seed)
        if len(shape) < 2:
            return init(key, tuple(shape), dtype)
        w = init(key, (*shape[2:], shape[1], shape[0]), dtype)
        return jax.numpy.permute_dims(w, (w.ndim - 1, w.ndim - 2, *range(w.ndim - 2)))


def backend() -> JaxPeer:
    """JAX's own initializers."""
    return JaxPeer()
