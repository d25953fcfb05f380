"""Exactly orthogonal kernels that are exactly sparse, and the masks to train them with."""

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np

from ..arrays import Array, dtype_name
from ..invariants import Density, Isometry, RotationPairing, SingleTap, Unbiased
from ..random import Rng, check_rng, host_call
from ..spec import Choice, Kernel, Real, Region, ShapeRule, initializer, specs
from ._choices import Sampling, TapDensity
from ._plane_rotations import Rotations, plan

__all__ = ["sparse_orthogonal", "sparse_orthogonal_mask"]


def tap_density_of(kernel: Kernel, density: float, tap_density: str) -> float:
    """Fraction of nonzeros of the tap that holds the matrix."""
    if kernel.taps == 1 or tap_density == "same":
        return density
    # Nowak et al. 2024, appendix: "more nonzeros"
    return min(density * kernel.taps, math.sqrt(density))


def _reachable(kernel: Kernel, parameters: Mapping[str, Any]) -> str | None:
    """What `density` has to be, unless it is: below one nonzero a line no rows are orthogonal."""
    least = 1 / max(kernel.out, kernel.in_)
    density, how = parameters["density"], parameters["tap_density"]
    if tap_density_of(kernel, density, how) >= least * (1 - 1e-12):
        return None
    if how == "more" and kernel.taps > 1:
        least = max(least / kernel.taps, least**2)
    return (
        f"a density of at least {least:.6g}, one nonzero in each line of the "
        f"{kernel.out} x {kernel.in_} matrix, not {density:g}"
    )


@initializer(
    shape=ShapeRule(
        2,
        5,
        "a kernel (out, in, *spatial)",
        condition=_reachable,
        reason="a density of at least 1 / max(out, in)",
    ),
    parameters={
        "gain": Real("singular value", low=0.0),
        "density": Real("fraction of trainable weights", 0.0, 1.0, open_low=True, static=True),
        "sampling": Choice("how the columns of a rotation are drawn", get_args(Sampling)),
        "tap_density": Choice(
            "fraction of nonzeros of a convolution's centre tap", get_args(TapDensity)
        ),
    },
    invariants=(SingleTap(), Isometry(center=True), Density(), RotationPairing(), Unbiased()),
    source="Nowak et al., Sparser, Better, Deeper, Stronger, ICML 2024 (EOI)",
    example={"density": 0.5},
)
def sparse_orthogonal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    density: float,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Kernel with a fraction `density` of nonzeros and all singular values `gain`.

    A random signed partial permutation, whose columns (rows, where there are more of them) are
    rotated two at a time until the density is reached, as nearly as one rotation allows; the other
    entries are exactly 0. `sampling="uniform"` draws each pair anew, as published; `"matching"`
    draws perfect matchings, which fill all lines evenly. A convolution has the matrix at its
    centre tap, whose own density is `density`, or (`tap_density="more"`)
    `min(density * prod(spatial), sqrt(density))`. The weights to train are those of
    `sparse_orthogonal_mask`.

    >>> import numpy as np
    >>> w = sparse_orthogonal(Rng(0), (64, 128), density=0.1)
    >>> round(float((w != 0).mean()), 2), bool(np.allclose(w @ w.T, np.eye(64), atol=1e-6))
    (0.1, True)
    """
    kernel = Kernel(shape, groups)
    static = isinstance(gain, float)
    some = Region.whole(shape) if region is None or region.traced else region

    def on_host(host: Rng) -> Any:
        result: Any = np.zeros(some.shape, dtype_name(host.dtype))
        plans = _plans(host, kernel, density, sampling, tap_density)
        columns = np.concatenate([np.arange(a, b) for a, b in some.pieces(1)])
        center = [np.concatenate([np.arange(*piece) for piece in some.pieces(axis)]) == c
                  for axis, c in enumerate(kernel.center, start=2)]  # fmt: skip
        if not all(axis.any() for axis in center):
            return result
        tap: Any = result
        for axis in reversed(center):
            tap = tap[..., int(axis.argmax())]
        done = 0
        for a, b in some.pieces(0, kernel.out):
            group, first = divmod(a, kernel.out)
            rows, here = np.arange(first, first + b - a), tap[done : done + b - a]
            turned = kernel.out > kernel.in_  # columns are what is rotated
            which = (columns, rows) if turned else (rows, columns)
            plans(group).write(here.T if turned else here, gain if static else 1.0, *which)
            done += b - a
        return result

    w = host_call(on_host, rng, some.shape)
    w = w if static else w * gain
    return region.of(w, rng.xp) if region is not None and region.traced else w


def sparse_orthogonal_mask(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    density: float,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    groups: int = 1,
) -> Array:
    """Booleans, true at `round(density * size)` weights: all nonzeros of `sparse_orthogonal`.

    The same `rng` and parameters give the mask of that very kernel, without its arithmetic. Where
    the kernel has fewer nonzeros, as a convolution has, the rest are zeros at random places; where
    it has more (by half a rotation at most) it is all of them.

    Args:
        rng, shape, density, sampling, tap_density, groups: As of `sparse_orthogonal`.

    >>> mask = sparse_orthogonal_mask(Rng(0), (16, 16, 3, 3), density=0.25)
    >>> w = sparse_orthogonal(Rng(0), (16, 16, 3, 3), density=0.25)
    >>> int(mask.sum()), bool((w[~mask] == 0).all())
    (576, True)
    """
    check_rng("sparse_orthogonal_mask", rng)
    given = {"density": density, "sampling": sampling, "tap_density": tap_density, "groups": groups}
    sizes, values = specs["sparse_orthogonal"].check(shape, given)
    kernel, density = Kernel(sizes, values["groups"]), values["density"]

    def on_host(host: Rng) -> Any:
        mask: Any = np.zeros(sizes, bool)
        if mask.size == 0:
            return mask
        plans = _plans(host, kernel, density, sampling, tap_density)
        middle: Any = (..., *kernel.center)
        taps = mask[middle].reshape(kernel.taps_shape, copy=False)
        for group, tap in enumerate(taps):
            tap[...] = plans(group).mask() if kernel.out <= kernel.in_ else plans(group).mask().T
        _fill(mask, round(density * mask.size), host.fold_in("mask"))
        return mask

    return host_call(on_host, rng, sizes, "bool")


def _plans(
    rng: Rng, kernel: Kernel, density: float, sampling: str, tap_density: str
) -> Callable[[int], Rotations]:
    """The rotations of the matrix of each group, its longer side last."""
    n, m = sorted((kernel.out, kernel.in_))
    wanted = tap_density_of(kernel, density, tap_density) * n * m

    @functools.lru_cache(1)  # a part may have several runs of rows of one group
    def plan_of(group: int) -> Rotations:
        return plan(rng.fold_in(group), n, m, wanted, sampling)

    return plan_of


def _fill(mask: Any, wanted: int, rng: Rng) -> None:
    """Set random places of the contiguous `mask`, until `wanted` are set."""
    flat = mask.reshape(-1)
    missing = wanted - int(np.count_nonzero(flat))
    for step in itertools.count():
        free = flat.size - wanted + missing
        if missing <= 0 or missing == free:
            flat |= missing > 0
            return
        # Places drawn one after the other, those that are set already passed over.
        draws = min(flat.size, int(1.2 * missing * flat.size / free) + 64)
        places = rng.fold_in(step).astype("float64").uniform((draws,), high=float(flat.size))
        places = places.astype(np.int64)
        places = places[~flat[places]]
        first = np.sort(np.unique(places, return_index=True)[1])[:missing]
        flat[places[first]] = True
        missing -= first.size
