"""Which calls are valid: parameters, their defaults and ranges, shapes, seeds."""

import math
from numbers import Integral, Real
from typing import Any

import ml_dtypes
import numpy as np

from ._mirrored import BASES, SLOPES, slope

DTYPES = {
    "float32": np.float32, "float64": np.float64, "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}  # fmt: skip
VARIANCE = [f"{who}_{law}" for who in ("lecun", "glorot", "he") for law in ("normal", "uniform")]
# Parameters and defaults; None, which no parameter takes, where there is no default.
ALLOWED: dict[str, dict[str, Any]] = {
    "zeros": {}, "ones": {}, "constant": {"value": None},
    "uniform": {"low": 0.0, "high": 1.0}, "normal": {"mean": 0.0, "std": 1.0},
    "truncated_normal": {"mean": 0.0, "std": 1.0, "low": -2.0, "high": 2.0},
    "sparse": {"sparsity": None, "std": 0.01},
    "variance_scaling": {
        "scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", "groups": 1,
    },
    **{name: {"groups": 1} for name in VARIANCE},
    "orthogonal": {"gain": 1.0, "groups": 1},
    "scaled_orthogonal": {"gain": 1.0, "narrowing": "isometric", "groups": 1},
    "delta_orthogonal": {"gain": 1.0, "groups": 1},
    "conv_orthogonal": {"gain": 1.0, "groups": 1},
    "sparse_orthogonal": {
        "gain": 1.0, "density": None, "sampling": "uniform", "tap_density": "same", "groups": 1,
    },
    "mirrored": {
        "gain": 1.0, "part": "hidden", "base": "orthogonal", "activation": "relu",
        "negative_slope": 0.01, "groups": 1,
    },
    "idinit": {"tau": 1.0, "noise": 1e-6, "taps": "center", "groups": 1},
    "idinit_zero": {"eps": 1e-6, "taps": "center", "groups": 1},
    "identity": {"gain": 1.0, "groups": 1},
    "hadamard": {"gain": 1.0, "groups": 1},
}  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "mode": ("fan_in", "fan_out", "fan_avg", "fan_geo_avg"),
    "distribution": ("truncated_normal", "normal", "uniform"),
    "narrowing": ("isometric", "spectral"),
    "sampling": ("uniform", "matching"),
    "tap_density": ("same", "more"),
    "taps": ("center", "corner", "patch"),
    "part": ("first", "hidden", "last"),
    "base": BASES,
    "activation": tuple(SLOPES),
}
INFINITE = ("low", "high", "value")
NOT_NEGATIVE = ("std", "gain", "scale", "sparsity", "noise", "tau", "eps", "density")
NOT_ZERO = ("tau", "eps", "density")
FRACTION = ("sparsity", "density")
ANY_SHAPE = ("zeros", "ones", "constant", "uniform", "normal", "truncated_normal")
AXES = {
    **dict.fromkeys(ANY_SHAPE, (0, 99)), "sparse": (2, 2), "sparse_orthogonal": (2, 5),
    "delta_orthogonal": (3, 5), "conv_orthogonal": (3, 5),
}  # fmt: skip


def check_value(key: str, value: Any) -> None:
    """Raise unless `value` is one that the parameter takes."""
    if key == "activation" and callable(value):
        slope(value, 0.0)
        return
    if key in CHOICES:
        if not isinstance(value, str) or value not in CHOICES[key]:
            raise ValueError(f"{key} cannot be {value!r}.")
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{key} is a number.")
    if key == "groups" and (not isinstance(value, Integral) or value < 1):
        raise ValueError("groups is a positive integer.")
    if math.isnan(value) or (math.isinf(value) and key not in INFINITE):
        raise ValueError(f"{key} cannot be {value}.")
    if (value < 0 and key in NOT_NEGATIVE) or (value == 0 and key in NOT_ZERO):
        raise ValueError(f"{key} is too small.")
    if value > 1 and key in FRACTION:
        raise ValueError(f"{key} is a fraction.")
    if key == "negative_slope" and value <= -1:
        raise ValueError("a slope of -1 or less leaves nothing to go through.")


def check_seed(seed: Any) -> None:
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise TypeError("a seed is an integer.")
    if not 0 <= seed < 2**64:
        raise ValueError("a seed has 64 bits.")


def check_shape(name: str, shape: tuple[int, ...], p: dict[str, Any]) -> None:
    """Raise unless the initializer fills such a shape."""
    low, high = AXES.get(name, (2, 99))
    if not low <= len(shape) <= high:
        raise ValueError(f"{name} cannot fill {shape}.")
    groups = p.get("groups", 1)
    if groups > 1 and shape[0] % groups:
        raise ValueError("groups do not divide the outputs.")
    if 0 in shape:
        return
    if name == "sparse_orthogonal":
        longest = max(shape[0] // groups, shape[1])
        if tap_density(shape, p) * longest < 1 - 1e-9:
            raise ValueError("each line needs a nonzero: the density is too small.")
    if name == "idinit_zero" and math.prod(shape[1:]) < 2:
        raise ValueError("a row of one weight cannot sum to 0 without being 0.")
    if name == "mirrored":
        low, high = AXES.get(p["base"], (2, 99))
        if not low <= len(shape) <= high:
            raise ValueError(f"{p['base']} cannot fill half of {shape}.")
        outs, ins = p["part"] != "last", p["part"] != "first"
        if (outs and shape[0] // groups % 2) or (ins and shape[1] % 2):
            raise ValueError("an odd number of channels has no halves.")


def tap_density(shape: tuple[int, ...], p: dict[str, Any]) -> float:
    """The share of nonzeros of the tap that holds a sparse orthogonal matrix."""
    density, taps = float(p["density"]), math.prod(shape[2:])
    return min(density * taps, math.sqrt(density)) if p["tap_density"] == "more" else density
