"""Kernels that pass their inputs through at full rank, and kernels that are nearly zero."""

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from ..arrays import Array
from ..invariants import FullRank, NearZero, RepeatsIdentity
from ..random import Rng
from ..spec import Choice, Kernel, Real, Region, ShapeRule, initializer
from ._choices import Taps

__all__ = ["idinit", "idinit_zero"]

TAPS = Choice("order in which the taps are filled", get_args(Taps))
SOURCE = "Pan et al., IDInit, ICLR 2025"


@initializer(
    shape=ShapeRule(2, None, "a kernel (out, in, *spatial)"),
    parameters={
        "tau": Real("factor on what is passed on", low=0.0, open_low=True),
        "noise": Real("standard deviation around tau of the nonzeros", low=0.0),
        "taps": TAPS,
    },
    invariants=(RepeatsIdentity(), FullRank()),
    source=SOURCE,
)
def idinit(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    tau: float = 1.0,
    noise: float = 1e-6,
    taps: Taps = "center",
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Kernel whose output `m` is `tau` times weight `m % fan_in` of its input, in each group.

    A square dense kernel is `tau I`, a narrowing one is `[tau I, 0]`, and a widening one repeats
    `tau I` below itself. A convolution is filled as the matrix `(out, fan_in)`. Its columns run
    over all inputs at the centre tap, then at the next nearest tap, and so on (`taps="center"`); or
    from the first tap to the last (`"corner"`); or over all taps of one input and then of the next
    (`"patch"`). The nonzeros get independent normal noise, so that equal rows can become different.

    >>> idinit(Rng(0), (5, 2), noise=0.0).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    kernel, region, xp = Kernel(shape, groups), region or Region.whole(shape), rng.xp
    sizes, start, strides = Region(region.starts[:1], region.runs[:1]).window(shape[:1])
    noises: Any = rng.normal(sizes, start=start, strides=strides)
    row, *position = region.positions(xp, rng.device)
    here = _at(position, *_place(row % kernel.out, kernel, taps, rng), kernel)
    values = xp.reshape(noises, row.shape) * noise + tau
    return xp.where(here, values, xp.zeros_like(values[:1, ...]))


def _has_neighbour(kernel: Kernel, parameters: Mapping[str, Any]) -> str | None:
    if kernel.fan_in > 1:
        return None
    return "at least two weights an output (in * prod(spatial) >= 2), whose sum can be 0"


@initializer(
    shape=ShapeRule(
        2,
        None,
        "a kernel (out, in, *spatial)",
        condition=_has_neighbour,
        reason="at least two weights an output",
    ),
    parameters={
        "eps": Real("size of the nonzeros", low=0.0, open_low=True),
        "taps": TAPS,
    },
    invariants=(NearZero(),),
    source=SOURCE,
    random=False,
)
def idinit_zero(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    eps: float = 1e-6,
    taps: Taps = "center",
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Kernel whose rows are `eps` and `-eps` at two neighbouring inputs: nearly 0, nowhere dead.

    It is `eps` times the difference between `idinit` and `idinit` shifted by one input (by one tap
    if there is one input). Every row sums to 0, and no output is more than `2 eps` times the
    largest input. A residual branch that ends in it adds almost nothing at first, and learns from
    the first step on.

    >>> (idinit_zero(Rng(0), (3, 3), eps=0.5) * 2).tolist()
    [[1.0, -1.0, 0.0], [0.0, 1.0, -1.0], [-1.0, 0.0, 1.0]]
    """
    xp, kernel = rng.xp, Kernel(shape, groups)
    row, *position = (region or Region.whole(shape)).positions(xp, rng.device)
    row = row % kernel.out
    plus = _at(position, *_place(row, kernel, taps, rng), kernel)
    minus = _at(position, *_place(row, kernel, taps, rng, shift=1), kernel)
    w = xp.astype(xp.astype(plus, xp.int8) - xp.astype(minus, xp.int8), rng.dtype)
    w *= eps
    return w


def _place(row: Any, kernel: Kernel, taps: str, rng: Rng, shift: int = 0) -> tuple[Any, Any]:
    """Input channel and flat tap of each output of a group; those of its neighbour with a shift.

    The neighbour is the next channel, or the next tap where there is one channel.
    """
    column = row % kernel.fan_in
    if taps == "patch":
        channel, number = column // kernel.taps, column % kernel.taps
    else:
        channel, number = column % kernel.in_, column // kernel.in_
    if kernel.in_ > 1:
        channel = (channel + shift) % kernel.in_
    else:
        number = (number + shift) % kernel.taps
    if taps != "center" or kernel.taps == 1:
        return channel, number
    order = rng.xp.asarray(tap_order(kernel.spatial).astype("int32"), device=rng.device)
    return channel, rng.xp.reshape(
        rng.xp.take(order, rng.xp.reshape(number, (-1,)), axis=0), number.shape
    )


def tap_order(spatial: tuple[int, ...]) -> Any:
    """Flat indices of the taps from the centre outward; equally near taps in row-major order."""
    index = np.indices(spatial).reshape(len(spatial), math.prod(spatial))
    center = np.array([(k - 1) // 2 for k in spatial], dtype=int)[:, None]
    return np.argsort(((index - center) ** 2).sum(axis=0), kind="stable")


def _at(position: list[Any], channel: Any, tap: Any, kernel: Kernel) -> Any:
    """Whether an input and the taps are those of their row."""
    column, *taps = position
    here, stride = column == channel, kernel.taps
    for size, index in zip(kernel.spatial, taps, strict=True):
        stride //= size
        here = here & (index == tap // stride % size)
    return here
