"""The three facts of MLX: how it draws, how it lays out kernels, how it likes to be called."""

from collections.abc import Callable, Mapping
from typing import Any

import mlx.core as mx
import numpy as np

from initcore import Rng, specs
from initcore.arguments import key_of_seed, short_repr
from initcore.arrays import REAL
from initcore.spec import Layout, Wording

__all__ = ["Initializer", "check_dtype", "kernel_layout", "to_mlx"]

CONSTANTS = {"zeros": [0], "ones": [1], "constant": []}  # of any dtype that MLX has


def kernel_layout(groups: int = 1) -> Layout:
    """`(out, *k, in / groups)`: linear layers, convolutions, transposed ones, recurrences."""
    return Layout((0,), (-1,), groups=groups)


class Initializer:
    """`init(array, *, seed=None, key=None)`: a new array of the shape of the one it takes.

    With neither a seed nor a key, each call draws one from the state of `mlx.core.random.seed`.
    """

    def __init__(
        self, name: str, values: Mapping[str, Any], dtype: mx.Dtype | None = None, *,
        who: str | None = None, layout: Layout | None = None,
        finish: Callable[[Any], Any] = lambda w: w,
    ) -> None:  # fmt: skip
        self.spec, self.who, self.values, self.dtype = specs[name], who or name, values, dtype
        self.wording = Wording(
            lambda n: {name: self.who}.get(n, n), "an array of shape", called="(w)"
        )
        self.layout, self.finish = layout or kernel_layout(values.get("groups", 1)), finish
        number = bool if str(dtype).rpartition(".")[2] in REAL else complex
        if not isinstance(values.get("value"), (bool, number, mx.array)):
            self.spec.check_parameters(values, wording=self.wording)
        name in CONSTANTS or dtype is None or check_dtype(dtype, self.who)

    def __call__(self, a: mx.array, *, seed: Any = None, key: Any = None) -> mx.array:
        return self.fill(a, self.values, seed, key)

    def fill(self, a: mx.array, values: Mapping[str, Any], seed: Any, key: Any) -> mx.array:
        """A new array of the shape of `a`, drawn by NumPy: MLX does not take `device=`."""
        spec, who = self.spec, self.who
        if not isinstance(a, mx.array):
            raise TypeError(f"{who} needs an mlx.core.array for its shape, got {short_repr(a)}.")
        dtype = a.dtype if self.dtype is None else self.dtype
        if (name := spec.name) in CONSTANTS:
            return mx.full(a.shape, (*values.values(), *CONSTANTS[name])[0], dtype).astype(dtype)
        fine = check_dtype(dtype, who)
        layout, sizes, clean = spec.check_kernel(self.layout, a.shape, values, wording=self.wording)
        words = key_words(seed, key, who) if spec.random else (0, 0)
        w = self.finish(spec.function(Rng.from_key(words, dtype=fine), sizes, **clean))
        return to_mlx(layout.from_canonical(w, a.shape, xp=np) if layout else w, dtype)


def check_dtype(dtype: Any, who: str) -> str:
    """The dtype to draw in: float64 for float64, float32 for the halves."""
    name = str(dtype).rpartition(".")[2]
    if not isinstance(dtype, mx.Dtype) or name not in REAL:
        raise TypeError(
            f"{who} needs a real floating dtype of MLX (float16, bfloat16, float32 or float64), "
            f"got {name if isinstance(dtype, mx.Dtype) else short_repr(dtype)}."
        )
    return "float64" if name == "float64" else "float32"


def to_mlx(w: Any, dtype: mx.Dtype) -> mx.array:
    """The float32 or float64 array `w` of NumPy as MLX's, rounded once."""
    return mx.array(np.asarray(w, order="C"), dtype=getattr(mx, w.dtype.name)).astype(dtype)


def key_words(seed: Any, key: Any, who: str) -> tuple[int, int]:
    """The two words of a seed's key, of a key, or of one drawn from MLX's global state."""
    if seed is not None and key is not None:
        raise ValueError(f"{who} takes a seed or a key, got both.")
    if seed is not None:
        return key_of_seed(seed, who=who)
    if key is None:  # 16 bits a number: MLX makes integers from float32 ones
        n: Any = mx.random.randint(0, 1 << 16, (4,)).tolist()
        return n[0] << 16 | n[1], n[2] << 16 | n[3]
    if not isinstance(key, mx.array) or key.dtype != mx.uint32 or key.shape != (2,):
        raise TypeError(f"{who} needs key to be an mlx.core.random.key, got {short_repr(key)}.")
    return tuple(key.tolist())  # type: ignore[arg-type, return-value]
