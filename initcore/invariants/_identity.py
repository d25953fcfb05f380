"""Invariants of kernels that pass signals on, and of those that pass nearly nothing."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ..arrays import eps, to_numpy
from ..spec import Kernel
from ._independent import law_violation, standard_law
from ._statistics import FALSE_ALARM, matrices, rounding

__all__ = ["FullRank", "HadamardRows", "NearZero", "RepeatsIdentity"]


def _in_filling_order(w: Any, parameters: dict[str, Any]) -> tuple[Any, Kernel]:
    """`(groups, out, fan_in)`, columns in the order in which `taps` fills them.

    Which of equally near taps is first is left open: they stand in the order of the first rows
    that use them.
    """
    a = to_numpy(w)
    kernel = Kernel(tuple(a.shape), parameters.get("groups", 1))
    a = a.reshape(kernel.groups, kernel.out, kernel.in_, kernel.taps)
    if parameters["taps"] == "center" and kernel.spatial:
        places = np.stack(np.meshgrid(*map(np.arange, kernel.spatial), indexing="ij"), axis=-1)
        distance = ((places.reshape(kernel.taps, -1) - kernel.center) ** 2).sum(-1)
        used = a.any(axis=(0, 2))  # (out, taps)
        first = np.where(used.any(axis=0), used.argmax(axis=0), kernel.out)
        a = a[..., np.lexsort((np.arange(kernel.taps), first, distance))]
    if parameters["taps"] != "patch":
        a = a.swapaxes(-1, -2)
    return a.reshape(kernel.matrices), kernel


def _neighbours(kernel: Kernel, taps: str) -> Any:
    """For each column the one an input further on, at the same tap; of one input, the next tap."""
    if kernel.in_ == 1:
        return np.roll(np.arange(kernel.taps), -1)
    table = np.arange(kernel.fan_in)
    table = table.reshape((-1, kernel.taps) if taps == "patch" else (-1, kernel.in_))
    return np.roll(table, -1, axis=0 if taps == "patch" else 1).reshape(-1)


@dataclass(frozen=True)
class RepeatsIdentity:
    """In the order of filling, the matrix is `tau` where row = column modulo fan_in, else 0."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a, kernel = _in_filling_order(w, parameters)
        tau, noise = float(parameters["tau"]), float(parameters["noise"])
        rows = np.arange(kernel.out)
        passed = a[:, rows, rows % kernel.fan_in].reshape(-1)
        others = a.copy()
        others[:, rows, rows % kernel.fan_in] = 0
        if others.any():
            at = tuple(int(i) for i in np.argwhere(others)[0][1:])
            return (
                f"entry {at} in the order of filling is {others[others != 0][0]:.3g}, should be 0"
            )
        # One of so many entries is farther off with a probability below FALSE_ALARM.
        farthest = -NormalDist().inv_cdf(FALSE_ALARM / 2 / passed.size)
        allowed = tau * rounding(w) + farthest * noise * (1 + eps(w.dtype))
        off = float(abs(passed - tau).max())
        if not off <= allowed:
            return f"a passed input is multiplied by {off:.3g} off tau, allowed {allowed:.3g}"
        step = eps(w.dtype) * (1 + tau / noise) if noise else math.inf
        if step > 0.5:  # rounding hides the noise
            return None
        law = standard_law("normal", 0.0, 0.0)
        return law_violation((passed - tau) / noise, *law, step, shift=tau / noise)

    def __str__(self) -> str:
        return (
            "output m is `tau` (+- `noise`) times weight m % fan_in in the order `taps`, the rest 0"
        )


@dataclass(frozen=True)
class FullRank:
    """The `(out, fan_in)` matrix has rank `min(out, fan_in)`: no output is dead."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        a = matrices(w, parameters.get("groups", 1), center=False)
        rank, full = int(np.linalg.matrix_rank(a).min()), min(a.shape[1:])
        if rank < full:
            return f"the rank is {rank}, should be {full}"
        dead = int((~a.any(axis=-1)).sum())
        return f"{dead} rows are 0" if dead else None

    def __str__(self) -> str:
        return "the rank is min(out, fan_in), and no row is 0"


@dataclass(frozen=True)
class NearZero:
    """Every row has `eps` at its position, `-eps` at the next input, and sums to 0."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        size = float(parameters["eps"])
        a, kernel = _in_filling_order(w, parameters)
        allowed = size * rounding(w) + 2.0**-25 * ("float16" in str(w.dtype))
        flat = a.reshape(-1, kernel.fan_in)
        if size > 2 * allowed:  # else it is below what the dtype can hold
            nonzero = (flat != 0).sum(axis=1)
            if (nonzero != 2).any():
                return f"a row has {nonzero[nonzero != 2][0]} nonzeros, should be 2"
        if (flat.sum(axis=1) != 0).any():
            return f"a row sums to {flat.sum(axis=1)[flat.sum(axis=1) != 0][0]:.3g}, should be 0"
        rows = np.arange(kernel.out)
        off = float(abs(a[:, rows, rows % kernel.fan_in] - size).max())
        if not off <= allowed:
            return f"a row's own entry is {off:.3g} off eps, allowed {allowed:.3g}"
        other = a[:, rows, _neighbours(kernel, parameters["taps"])[rows % kernel.fan_in]]
        off = float(abs(other + size).max())
        if not off <= allowed:
            return f"the entry one input further on is {off:.3g} off -eps, allowed {allowed:.3g}"
        repeats = math.ceil(kernel.out / kernel.fan_in)
        norm = float(np.linalg.norm(a, 2, axis=(-2, -1)).max())
        bound = 2 * (size + allowed) * math.sqrt(repeats) * (1 + 1e-9)
        if norm > bound:
            return f"the largest singular value is {norm:.3g}, should be at most {bound:.3g}"
        return None

    def __str__(self) -> str:
        return "every row is `eps` at its place and -`eps` at a neighbour's, so its sum is 0"


@dataclass(frozen=True)
class HadamardRows:
    """A partial identity, or where `out > in` a part of a Hadamard matrix, times `gain`."""

    def violation(self, w: Any, *, xp: Any = np, rng: Any = None, **parameters: Any) -> str | None:
        from scipy.linalg import hadamard

        a = matrices(w, parameters.get("groups", 1), center=True)
        gain = float(parameters.get("gain", 1.0))
        out, in_ = a.shape[1:]
        wanted = np.eye(out, in_)
        if out > in_:
            size = 1 << (out - 1).bit_length()
            wanted = hadamard(size)[:out, :in_] / math.sqrt(size)
        off, allowed = float(abs(a - gain * wanted).max()), 2 * gain * rounding(w)
        if not off <= allowed:
            return f"an entry is {off:.3g} off the Hadamard matrix, allowed {allowed:.3g}"
        return None

    def __str__(self) -> str:
        return "gain * (partial identity, or where out > in Sylvester's Hadamard matrix / sqrt(p))"
