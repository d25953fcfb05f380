"""Faults of any size: a right implementation, and a dial that spoils it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from initcore import specs
from initcore_conformance.backends import numpy as core

__all__ = ["DIALS", "Dial"]


@dataclass(frozen=True)
class Drawn:
    """A right kernel, before it is spoilt.

    Attributes:
        w: The kernel, in float64.
        mean, std: Mean and deviation of its law, if its entries are independent.
        groups: Number of independent kernels in it.
        chance: Random numbers of this call's seed.
        at: Function that draws the right kernel of another seed.
    """

    w: Any
    mean: float
    std: float
    groups: int
    chance: np.random.Generator
    at: Callable[[int], Any]

    @property
    def matrices(self) -> Any:
        """`(groups, out, fan_in)`."""
        return self.w.reshape(self.groups, self.w.shape[0] // self.groups, -1)


@dataclass(frozen=True)
class Dial:
    """A fault of every size from `most` down to nothing.

    Attributes:
        size_is: What its size means.
        most: A size that is certainly found.
    """

    check: str
    initializer: str
    size_is: str
    most: float
    spoil: Callable[[Drawn, float], Any]

    def backend(self, size: float) -> "Spoilt":
        """The implementation with a fault of this size."""
        return Spoilt(self, size)


class Spoilt:
    """The NumPy core behind a dial, with a stream of its own."""

    portable = False

    def __init__(self, dial: Dial, size: float) -> None:
        self._right, self._dial, self._size = core(), dial, size
        self.name, self.initializers = dial.size_is, (dial.initializer,)
        self.dtypes = self._right.dtypes

    def sample(self, name: str, shape: Any, *, seed: int, dtype: str = "float32", **p: Any) -> Any:
        def at(seed: int, dtype: str = "float64") -> Any:
            return self._right.sample(name, shape, seed=seed, dtype=dtype, **p)

        right = at(seed, dtype)
        given = {"mean": 0.0, "std": 1.0, "groups": 1, **specs[name].defaults, **p}
        drawn = Drawn(
            right.astype(np.float64), given["mean"], given["std"], given["groups"],
            np.random.default_rng(seed), at,
        )  # fmt: skip
        return self._dial.spoil(drawn, self._size).reshape(right.shape).astype(right.dtype)


DIALS: list[Dial] = []


def dial(check: str, initializer: str, size_is: str, most: float = 1.0) -> Any:
    """File a function that spoils a kernel by a given size."""

    def file(spoil: Callable[[Drawn, float], Any]) -> Any:
        DIALS.append(Dial(check, initializer, size_is, most, spoil))
        return spoil

    return file


@dial("invariants", "he_uniform", "deviation too large by this fraction", 4.0)
@dial("statistics", "he_uniform", "deviation too large by this fraction")
@dial("statistics", "he_normal", "deviation too large by this fraction")
@dial("low_precision", "he_normal", "deviation too large by this fraction")
def spread(d: Drawn, size: float) -> Any:
    return d.w * (1 + size)


@dial("statistics", "normal", "mean off by this many deviations")
def offset(d: Drawn, size: float) -> Any:
    return d.w + size * d.std


@dial(
    "statistics",
    "normal",
    "share of entries from a uniform distribution of the same mean and variance",
)
def shape_of_the_law(d: Drawn, size: float) -> Any:
    flat = d.mean + d.std * np.sqrt(3) * d.chance.uniform(-1, 1, d.w.shape)
    return np.where(d.chance.random(d.w.shape) < size, flat, d.w)


@dial("statistics", "normal", "share of entries that repeat the one before", 0.5)
def echo(d: Drawn, size: float) -> Any:
    flat = d.w.reshape(-1)
    return np.where(d.chance.random(flat.shape) < size, np.roll(flat, 1), flat)


@dial("low_precision", "normal", "distance of the numbers it is drawn from, in deviations")
def coarse(d: Drawn, size: float) -> Any:
    return d.mean + np.round((d.w - d.mean) / (size * d.std)) * size * d.std


@dial("statistics", "orthogonal", "share of groups whose sign makes the first entry positive")
def corner(d: Drawn, size: float) -> Any:
    a = d.matrices
    turned = (d.chance.random(len(a)) < size) & (a[:, 0, 0] < 0)
    return np.where(turned[:, None, None], -a, a)


@dial("statistics", "orthogonal", "share of square groups that are rotations")
def rotations(d: Drawn, size: float) -> Any:
    a = d.matrices.copy()
    if a.shape[1] == a.shape[2]:
        turned = (d.chance.random(len(a)) < size) & (np.linalg.slogdet(a)[0] < 0)
        a[turned, -1] *= -1
    return a


@dial("statistics", "mirrored", "share of groups that are copies of the one before", 0.5)
@dial("statistics", "orthogonal", "share of groups that are copies of the one before", 0.5)
def copies(d: Drawn, size: float) -> Any:
    a = d.matrices
    return np.where(d.chance.random((len(a), 1, 1)) < size, np.roll(a, 1, axis=0), a)


@dial("statistics", "sparse", "share of columns whose zeros come first")
def zeros_first(d: Drawn, size: float) -> Any:
    w = d.w.copy()
    for column in np.flatnonzero(d.chance.random(w.shape[1]) < size):
        w[:, column] = w[np.argsort(w[:, column] != 0, kind="stable"), column]
    return w


@dial("across_seeds", "normal", "share of entries that every seed has in common")
def common_entries(d: Drawn, size: float) -> Any:
    return np.where(np.random.default_rng(0).random(d.w.shape) < size, d.at(0), d.w)


@dial("across_seeds", "orthogonal", "share of seeds that give the kernel of seed 0")
def common_kernels(d: Drawn, size: float) -> Any:
    return d.at(0) if d.chance.random() < size else d.w


@dial("seeds", "normal", "correlation of the draws of any two seeds")
def correlated(d: Drawn, size: float) -> Any:
    common = d.at(0) - d.mean
    return d.mean + np.sqrt(1 - size) * (d.w - d.mean) + np.sqrt(size) * common


@dial("seeds", "orthogonal", "share of groups that every seed has in common")
def common_groups(d: Drawn, size: float) -> Any:
    a, zero = d.matrices, d.at(0).reshape(d.matrices.shape)
    return np.where(np.random.default_rng(0).random((len(a), 1, 1)) < size, zero, a)
