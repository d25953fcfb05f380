"""A second, independent implementation: plain NumPy, its own generator, no code of the library's.

It has a toy framework too, whose dense kernels are `(in, out)` and whose convolution kernels are
`(*spatial, in, out)`, with layers written out as sums.
"""

import itertools
import math
from numbers import Integral, Real
from typing import Any

import ml_dtypes
import numpy as np

DTYPES = {
    "float32": np.float32, "float64": np.float64, "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}  # fmt: skip
FANS = {
    "lecun": (1.0, "fan_in"), "glorot": (1.0, "fan_avg"), "he": (2.0, "fan_in"),
}  # fmt: skip
MODES = ("fan_in", "fan_out", "fan_avg", "fan_geo_avg")
LAWS = ("truncated_normal", "normal", "uniform")
VARIANCE = [f"{who}_{law}" for who in FANS for law in ("normal", "uniform")]
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
    "identity": {"gain": 1.0, "groups": 1},
}  # fmt: skip
AXES = {
    "zeros": (0, 99), "ones": (0, 99), "constant": (0, 99), "uniform": (0, 99), "normal": (0, 99),
    "truncated_normal": (0, 99), "sparse": (2, 2), "delta_orthogonal": (3, 5),
}  # fmt: skip


class Independent:
    """The specification, read by someone else."""

    name = "independent"
    portable = False
    initializers = tuple(ALLOWED)
    dtypes = tuple(DTYPES)
    layers = ("dense", "conv1d", "conv2d")

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **given: Any
    ) -> Any:
        p = self.clean(name, tuple(shape), seed, dtype, given)
        rng = np.random.default_rng(seed)
        return self.draw(name, tuple(shape), p, rng).astype(DTYPES[dtype])

    def clean(self, name: str, shape: tuple[int, ...], seed: Any, dtype: str, given: Any) -> Any:
        p = dict(ALLOWED[name])
        for key, value in given.items():
            if key not in p:
                raise TypeError(f"{name} has no parameter {key}.")
            p[key] = value
        if dtype not in DTYPES:
            raise TypeError(f"{name} cannot make {dtype}.")
        low, high = AXES.get(name, (2, 99))
        if not low <= len(shape) <= high:
            raise ValueError(f"{name} cannot fill {shape}.")
        if isinstance(seed, bool) or not isinstance(seed, Integral):
            raise TypeError("a seed is an integer.")
        if not 0 <= seed < 2**64:
            raise ValueError("a seed has 64 bits.")
        for key, value in p.items():
            self.check(key, value)
        if "groups" in p and shape[0] % p["groups"]:
            raise ValueError("groups do not divide the outputs.")
        if (name == "uniform" and p["low"] > p["high"]) or (
            name == "truncated_normal" and p["low"] >= p["high"]
        ):
            raise ValueError("low is above high.")
        return p

    def check(self, key: str, value: Any) -> None:
        if key in ("mode", "distribution", "narrowing"):
            if value not in (*MODES, *LAWS, "isometric", "spectral"):
                raise ValueError(f"{key} cannot be {value!r}.")
            return
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{key} is a number.")
        if key == "groups" and (not isinstance(value, Integral) or value < 1):
            raise ValueError("groups is a positive integer.")
        if math.isnan(value) or (math.isinf(value) and key in ("mean", "std", "gain", "scale")):
            raise ValueError(f"{key} cannot be {value}.")
        if value < 0 and key in ("std", "gain", "scale", "sparsity"):
            raise ValueError(f"{key} is not negative.")
        if key == "sparsity" and value > 1:
            raise ValueError("sparsity is a fraction.")

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        """The kernel in float64."""
        if name in ("zeros", "ones", "constant"):
            return np.full(shape, {"zeros": 0.0, "ones": 1.0}.get(name, p.get("value")))
        if name == "uniform":
            if math.isinf(p["low"]) or math.isinf(p["high"]):
                raise ValueError("uniform needs finite ends.")
            return np.clip(
                p["low"] + (p["high"] - p["low"]) * rng.random(shape), p["low"], p["high"]
            )
        if name == "normal":
            return p["mean"] + p["std"] * rng.standard_normal(shape)
        if name == "truncated_normal":
            return p["mean"] + p["std"] * self.cut(rng, shape, p["low"], p["high"])
        if name == "sparse":
            return self.sparse(shape, p, rng)
        if name == "identity":
            eye = np.tile(np.eye(shape[0] // p["groups"], shape[1]), (p["groups"], 1))
            return self.on_tap(p["gain"] * eye, shape)
        if name == "variance_scaling" or name in VARIANCE:
            return self.spread(name, shape, p, rng)
        if 0 in shape:
            return np.zeros(shape)
        if name == "delta_orthogonal":
            taps = self.frames(p["groups"], shape[0] // p["groups"], shape[1], rng)
            return self.on_tap(p["gain"] * taps.reshape(shape[:2]), shape)
        out, into = shape[0] // p["groups"], math.prod(shape[1:])
        factor = p["gain"]
        if name == "scaled_orthogonal":
            ratio = math.sqrt(out / into)
            factor *= ratio if p["narrowing"] == "spectral" else max(1.0, ratio)
        return factor * self.frames(p["groups"], out, into, rng).reshape(shape)

    def cut(self, rng: Any, shape: tuple[int, ...], low: float, high: float) -> Any:
        """Rejection: normals are drawn until they fall between the cuts."""
        z = np.empty(math.prod(shape))
        todo = np.arange(z.size)
        while todo.size:
            tries = rng.standard_normal((todo.size, 50))
            fits = (tries > low) & (tries < high)
            hit = fits.any(1)
            z[todo[hit]] = tries[hit, fits[hit].argmax(1)]
            todo = todo[~hit]
        return z.reshape(shape)

    def sparse(self, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        w = p["std"] * rng.standard_normal(shape)
        zeros = math.ceil(round(p["sparsity"] * shape[0], 9))
        for column in range(shape[1]):
            w[rng.choice(shape[0], zeros, replace=False), column] = 0.0
        return w

    def fan(self, shape: tuple[int, ...], mode: str, groups: int) -> float:
        taps = math.prod(shape[2:])
        into, out = shape[1] * taps, shape[0] // groups * taps
        return {
            "fan_in": into, "fan_out": out, "fan_avg": (into + out) / 2,
            "fan_geo_avg": math.sqrt(into * out),
        }[mode]  # fmt: skip

    def spread(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        if 0 in shape:
            return np.zeros(shape)
        if name == "variance_scaling":
            scale, mode, law = p["scale"], p["mode"], p["distribution"]
        else:
            (scale, mode), law = FANS[name.split("_")[0]], name.split("_")[1]
            law = "truncated_normal" if law == "normal" else law
        std = math.sqrt(scale / self.fan(shape, mode, p["groups"]))
        if law == "uniform":
            return math.sqrt(3) * std * (2 * rng.random(shape) - 1)
        if law == "normal":
            return std * rng.standard_normal(shape)
        phi = math.exp(-2) / math.sqrt(2 * math.pi)
        kept = math.sqrt(1 - 4 * phi / math.erf(math.sqrt(2)))
        return std / kept * self.cut(rng, shape, -2.0, 2.0)

    def frames(self, count: int, out: int, into: int, rng: Any) -> Any:
        """Haar-random: QR of Gaussian matrices, the signs of R's diagonal put into Q."""
        q, r = np.linalg.qr(rng.standard_normal((count, max(out, into), min(out, into))))
        q = q * np.sign(np.einsum("gii->gi", r))[:, None, :]
        return q if out >= into else q.swapaxes(1, 2)

    def on_tap(self, tap: Any, shape: tuple[int, ...]) -> Any:
        w = np.zeros(shape)
        if w.size:
            w[(slice(None), slice(None), *((k - 1) // 2 for k in shape[2:]))] = tap
        return w

    # -- the toy framework ---------------------------------------------------------------------

    def native(self, name: str, native_shape: tuple[int, ...], seed: int, **given: Any) -> Any:
        """What a user of the toy framework calls: a kernel `(*spatial, in, out)`."""
        *spatial, into, out = native_shape
        w = self.sample(name, (out, into, *spatial), seed=seed, **given)
        return w.transpose(*range(2, w.ndim), 1, 0)

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32", **given: Any
    ) -> Any:
        out, into, *spatial = shape
        kernel = self.native(name, (*spatial, into, out), seed, dtype=dtype, **given)
        groups = given.get("groups", 1)

        def forward(x: Any) -> Any:
            if kind == "dense":
                return x @ kernel
            image = x.shape[2:]
            y = np.zeros((len(x), out, *image), np.float32)
            for tap in itertools.product(*map(range, spatial)):
                for at in itertools.product(*map(range, image)):
                    from_ = tuple(
                        a + t - (k - 1) // 2 for a, t, k in zip(at, tap, spatial, strict=True)
                    )
                    if all(0 <= f < n for f, n in zip(from_, image, strict=True)):
                        for o in range(out):
                            first = o // (out // groups) * into
                            seen = x[(slice(None), slice(first, first + into), *from_)]
                            y[(slice(None), o, *at)] += seen @ kernel[tap][:, o]
            return y

        return forward
