"""The implementation as a backend of the suite."""

import math
import zlib
from typing import Any

import numpy as np

from ._arguments import (
    ALLOWED,
    DTYPES,
    VARIANCE,
    check_seed,
    check_shape,
    check_value,
    tap_density,
)  # fmt: skip
from ._entries import Entries
from ._frames import Frames
from ._identities import Identities
from ._mirrored import Mirrored
from ._rotations import Rotations
from ._toy import Toy


class Independent(Entries, Frames, Rotations, Identities, Mirrored, Toy):
    """The specification, read by someone else.

    Args:
        stream: Draws of two streams, and of two initializers, have nothing in common: a search
            likes small seeds, and without this one unlucky seed would be met again and again.
    """

    name = "independent"
    portable = False
    initializers = tuple(ALLOWED)
    dtypes = tuple(DTYPES)

    def __init__(self, stream: int = 0) -> None:
        self.stream = stream

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **given: Any
    ) -> Any:
        shape = tuple(shape)
        p = self.clean(name, shape, seed, dtype, given)
        if 0 in shape:
            return np.zeros(shape, DTYPES[dtype])
        rng = np.random.default_rng([seed, self.stream, zlib.crc32(name.encode())])
        return self.draw(name, shape, p, rng).astype(DTYPES[dtype])

    def defaults(self, name: str) -> dict[str, Any]:
        return ALLOWED[name]

    def clean(self, name: str, shape: tuple[int, ...], seed: Any, dtype: str, given: Any) -> Any:
        """All parameters, once every argument has been looked at."""
        p = dict(ALLOWED[name])
        for key, value in given.items():
            if key not in p:
                raise TypeError(f"{name} has no parameter {key}.")
            p[key] = value
        if dtype not in DTYPES:
            raise TypeError(f"{name} cannot make {dtype}.")
        check_seed(seed)
        for key, value in p.items():
            check_value(key, value)
        check_shape(name, shape, p)
        if (name == "uniform" and not -math.inf < p["low"] <= p["high"] < math.inf) or (
            name == "truncated_normal" and p["low"] >= p["high"]
        ):
            raise ValueError(f"{name} has nothing between {p['low']} and {p['high']}.")
        return p

    def draw(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        """The kernel in float64."""
        if name in ("zeros", "ones", "constant"):
            return np.full(shape, {"zeros": 0.0, "ones": 1.0}.get(name, p.get("value")))
        if name == "uniform":
            return np.clip(
                p["low"] + (p["high"] - p["low"]) * rng.random(shape), p["low"], p["high"]
            )
        if name == "normal":
            return p["mean"] + p["std"] * rng.standard_normal(shape)
        if name == "truncated_normal":
            return p["mean"] + p["std"] * self.cut(rng, shape, p["low"], p["high"])
        if name == "sparse":
            return self.sparse(shape, p, rng)
        if name == "variance_scaling" or name in VARIANCE:
            return self.spread(name, shape, p, rng)
        if name == "mirrored":
            return self.mirrored(shape, p, rng)
        if name == "idinit":
            return self.idinit(shape, p, rng)
        if name == "idinit_zero":
            return self.idinit_zero(shape, p)
        return p["gain"] * self.unit(name, shape, p, rng)

    def unit(self, name: str, shape: tuple[int, ...], p: dict[str, Any], rng: Any) -> Any:
        """A kernel of gain 1."""
        groups = p["groups"]
        out, into, fan = shape[0] // groups, shape[1], math.prod(shape[1:])
        if name == "conv_orthogonal":
            return self.conv_orthogonal(shape, groups, rng)
        if name in ("orthogonal", "scaled_orthogonal"):
            ratio = math.sqrt(out / fan) if name == "scaled_orthogonal" else 1.0
            if p.get("narrowing") != "spectral":
                ratio = max(1.0, ratio)
            return ratio * self.frames(groups, out, fan, rng).reshape(shape)
        if name == "sparse_orthogonal":
            density = tap_density(shape, p)
            made = [self.sparse_tap(out, into, density, p["sampling"], rng) for _ in range(groups)]
            tap = np.concatenate(made)
        elif name == "delta_orthogonal":
            tap = self.frames(groups, out, into, rng).reshape(shape[:2])
        else:
            tap = (self.eye if name == "identity" else self.signs)(groups, out, into)
        return self.on_tap(tap, shape)
