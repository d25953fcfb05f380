"""Kernels of independent entries."""

import math
from typing import Any

import numpy as np

FANS = {"lecun": (1.0, "fan_in"), "glorot": (1.0, "fan_avg"), "he": (2.0, "fan_in")}


class Entries:
    """Uniform and normal distributions, cut or scaled by fans, or thinned out."""

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
        """Entries of variance `scale / fan`."""
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
