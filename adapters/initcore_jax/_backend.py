"""This adapter as a backend of the conformance suite: its public functions on real layers."""

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

import initcore_jax
from initcore import Part, Rng, specs
from initcore.spec import Kernel

__all__ = ["backend"]

NAMES = {"gain": "scale", "std": "stddev", "low": "lower", "high": "upper"}


class JaxBackend:
    """JAX through `initcore_jax`, with Flax's layers."""

    name = "jax"
    portable = True
    initializers = tuple(n for n in specs if hasattr(initcore_jax, n))
    dtypes = ("float32", "bfloat16", "float16", "complex64")
    replaces, namespace = "jax.nn.initializers", initcore_jax
    # As JAX itself: constants of any dtype.
    beyond: ClassVar = {
        "zeros": ("dtype",),
        "ones": ("dtype",),
        "constant": ("dtype", "value"),
        "identity": ("dtype",),
    }
    layers = ("dense", "conv1d", "conv2d", "conv3d")

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """A kernel drawn in JAX's order `(*k, in, out)`, turned to the canonical one."""
        key = self._key(seed)
        init = self._initializer(name, parameters)
        if len(shape) < 2:
            return init(key, tuple(shape), dtype)
        w = init(key, (*shape[2:], shape[1], shape[0]), dtype)
        return jnp.permute_dims(w, (w.ndim - 1, w.ndim - 2, *range(w.ndim - 2)))

    def sample_part(
        self, name: str, shape: Any, part: Part, /, *, seed: Any, dtype: str = "float32",
        **parameters: Any,
    ) -> Any:  # fmt: skip
        """A part of a kernel in JAX's order, turned to the canonical one."""

        def turned(sizes: Any) -> tuple[int, ...]:
            return tuple(sizes) if len(sizes) < 2 else (*sizes[2:], sizes[1], sizes[0])

        where = Part(turned(part.shape), turned(part.offset))
        init = self._initializer(name, parameters)
        w = init(self._key(seed), turned(shape), dtype, part=where)
        if w.ndim < 2:
            return w
        return jnp.permute_dims(w, (w.ndim - 1, w.ndim - 2, *range(w.ndim - 2)))

    def differs(
        self, name: str, shape: tuple[int, ...], dtype: str, arguments: dict[str, Any]
    ) -> bool:
        """The calls of the table "Differences from jax.nn.initializers" that JAX takes."""
        random = name not in ("zeros", "ones", "constant")
        return random and "float8" in f"{dtype} {arguments.get('dtype')}"

    def _key(self, seed: Any) -> Any:
        return jax.random.wrap_key_data(jnp.asarray(np.array(Rng(seed).key, dtype=np.uint32)))

    def _initializer(self, name: str, parameters: dict[str, Any]) -> Any:
        function = getattr(initcore_jax, name)
        if name in ("zeros", "ones"):
            if parameters:
                raise TypeError(f"{name} has no parameters, got {parameters}.")
            return function
        defaults: dict[str, dict[str, Any]] = {
            "uniform": {"high": 1.0},
            "normal": {"std": 1.0},
            "truncated_normal": {"std": 1.0},
            "variance_scaling": {
                "scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal",
            },
        }  # fmt: skip
        new = {**NAMES, "low": "low", "high": "scale"} if name == "uniform" else NAMES
        return function(
            **{new.get(k, k): v for k, v in {**defaults.get(name, {}), **parameters}.items()}
        )

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A Flax nnx layer without bias, as a function of NumPy arrays with channels first."""
        from flax import nnx

        kernel = Kernel(tuple(shape), parameters.get("groups", 1))
        init, key = self._initializer(name, parameters), self._key(seed)

        def kernel_init(_: Any, shape: Any, dtype: Any) -> Any:  # Flax folds keys; ours is given
            return init(key, shape, dtype)

        into, out = kernel.groups * kernel.in_, kernel.shape[0]
        how: dict[str, Any] = {"use_bias": False, "kernel_init": kernel_init, "rngs": nnx.Rngs(0),
               "param_dtype": dtype, "dtype": dtype}  # fmt: skip
        if kind == "dense":
            linear = nnx.Linear(into, out, **how)
            return lambda x: np.asarray(linear(jnp.asarray(x, dtype)), dtype=np.float64)
        conv = nnx.Conv(into, out, kernel.spatial, feature_group_count=kernel.groups, **how)

        def forward(x: Any) -> Any:
            y = conv(jnp.moveaxis(jnp.asarray(x, dtype), 1, -1))
            return np.asarray(jnp.moveaxis(y, -1, 1), dtype=np.float64)

        return forward


backend = JaxBackend()
