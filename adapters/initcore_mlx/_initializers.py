"""What users call: `mlx.nn.init`'s functions in its own terms, the others in the core's."""

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import mlx.core as mx
import numpy as np

from initcore import Rng, initializers, specs
from initcore.initializers import Entries, Mode
from initcore.spec import CORE, Layout, Real, Spec

from ._draw import Initializer

P = ParamSpec("P")


def lifted(function: Callable[Concatenate[Rng, Any, P], Any]) -> Callable[P, Initializer]:
    """The core's `function` with the parameters it has there; the array says the dtype."""
    spec, full = specs[function.__name__], inspect.signature(function)
    signature = inspect.Signature([full.parameters[n] for n in spec.parameters])

    def make(*args: P.args, **parameters: P.kwargs) -> Initializer:
        if args:
            raise TypeError(f"{spec.name} takes keyword arguments only.")
        return Initializer(spec.name, parameters)

    make.__name__, make.__signature__ = spec.name, signature  # type: ignore[attr-defined]
    about = [f"\n    {n}: {d.unit}, {d}." for n, d in spec.parameters.items()]
    make.__doc__ = f"{spec.statement}\n\nArgs:{''.join(about) or ' none.'}"
    return make


zeros = lifted(initializers.zeros)
ones = lifted(initializers.ones)
truncated_normal = lifted(initializers.truncated_normal)
variance_scaling = lifted(initializers.variance_scaling)
lecun_normal = lifted(initializers.lecun_normal)
lecun_uniform = lifted(initializers.lecun_uniform)
scaled_orthogonal = lifted(initializers.scaled_orthogonal)
delta_orthogonal = lifted(initializers.delta_orthogonal)
conv_orthogonal = lifted(initializers.conv_orthogonal)
sparse_orthogonal = lifted(initializers.sparse_orthogonal)
mirrored = lifted(initializers.mirrored)
idinit = lifted(initializers.idinit)
idinit_zero = lifted(initializers.idinit_zero)
hadamard = lifted(initializers.hadamard)


def constant(value: complex | mx.array, dtype: mx.Dtype = mx.float32) -> Initializer:
    """Every element is `value`, of any dtype; an array is broadcast."""
    return Initializer("constant", {"value": value}, dtype)


def normal(mean: float = 0.0, std: float = 1.0, dtype: mx.Dtype = mx.float32) -> Initializer:
    """Independent normal entries of the given mean and standard deviation."""
    return Initializer("normal", {"mean": mean, "std": std}, dtype)


def uniform(low: float = 0.0, high: float = 1.0, dtype: mx.Dtype = mx.float32) -> Initializer:
    """Independent entries uniform on `[low, high)`."""
    return Initializer("uniform", {"low": low, "high": high}, dtype)


def orthogonal(gain: float = 1.0, dtype: mx.Dtype = mx.float32, *, groups: int = 1) -> Initializer:
    """Haar-random `(out, prod(k) * in)` matrix whose singular values are all `gain`."""
    return Initializer("orthogonal", {"gain": gain, "groups": groups}, dtype)


def identity(dtype: mx.Dtype = mx.float32, *, gain: float = 1.0, groups: int = 1) -> Initializer:
    """Kernel that passes the first `min(out, in)` channels of each group on, times `gain`."""
    return Initializer("identity", {"gain": gain, "groups": groups}, dtype)


def sparse(
    sparsity: float, mean: float = 0.0, std: float = 1.0, dtype: mx.Dtype = mx.float32
) -> Initializer:
    """Matrix whose every row has `ceil(sparsity * columns)` zeros and normal entries elsewhere."""
    for name, value in {"mean": mean, "std": std}.items():
        Spec.check_parameter("sparse", name, specs["normal"].parameters[name], value, CORE)
    unit, turned = {"sparsity": sparsity, "std": 1.0}, Layout((1,), (0,))  # the core counts columns
    return Initializer(
        "sparse", unit, dtype, layout=turned, finish=lambda z: np.where(z == 0, z, z * std + mean)
    )


class He(Initializer):
    """`init(array, mode="fan_in", gain=1.0, *, seed=None, key=None)`."""

    def __init__(self, who: str, entries: Entries, dtype: mx.Dtype, groups: int) -> None:
        given = {"distribution": entries, "groups": groups}
        super().__init__("variance_scaling", given, dtype, who=who)

    def __call__(
        self, a: mx.array, mode: Mode = "fan_in", gain: float = 1.0, *, seed: Any = None,
        key: Any = None,
    ) -> mx.array:  # fmt: skip
        gain = Spec.check_parameter(self.who, "gain", Real("factor", low=0.0), gain, CORE)
        return self.fill(a, {**self.values, "mode": mode, "scale": gain**2}, seed, key)


class Glorot(He):
    """`init(array, gain=1.0, *, seed=None, key=None)`."""

    def __call__(self, a: mx.array, gain: float = 1.0, **source: Any) -> mx.array:  # type: ignore[override]
        return super().__call__(a, "fan_avg", gain, **source)


def glorot_normal(dtype: mx.Dtype = mx.float32, *, groups: int = 1) -> Glorot:
    """`init(array, gain=1.0)`: normal entries of variance `2 gain**2 / (fan_in + fan_out)`."""
    return Glorot("glorot_normal", "normal", dtype, groups)


def glorot_uniform(dtype: mx.Dtype = mx.float32, *, groups: int = 1) -> Glorot:
    """`init(array, gain=1.0)`: uniform entries of variance `2 gain**2 / (fan_in + fan_out)`."""
    return Glorot("glorot_uniform", "uniform", dtype, groups)


def he_normal(dtype: mx.Dtype = mx.float32, *, groups: int = 1) -> He:
    """`init(array, mode="fan_in", gain=1.0)`: normal entries of variance `gain**2 / fan`."""
    return He("he_normal", "normal", dtype, groups)


def he_uniform(dtype: mx.Dtype = mx.float32, *, groups: int = 1) -> He:
    """`init(array, mode="fan_in", gain=1.0)`: uniform entries of variance `gain**2 / fan`."""
    return He("he_uniform", "uniform", dtype, groups)
