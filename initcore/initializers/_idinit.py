"""Kernels that pass their inputs through at full rank, and kernels that are nearly zero."""

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from ..arrays import Array
from ..invariants import FullRank, NearZero, RepeatsIdentity
from ..random import Rng
from ..spec import Choice, Kernel, Real, ShapeRule, initializer
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
    kernel = Kernel(shape, groups)
    values: Any = rng.normal((shape[0],))
    return _at(values * noise + tau, *places(kernel, taps), kernel, rng)


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
    channel, tap = places(kernel, taps)
    if kernel.in_ > 1:
        next_channel, next_tap = (channel + 1) % kernel.in_, tap
    else:
        order = tap_order(kernel.spatial, taps)
        next_channel, next_tap = channel, order[(np.argsort(order)[tap] + 1) % kernel.taps]
    values = xp.ones((shape[0],), dtype=rng.dtype, device=rng.device) * eps
    plus = _at(values, channel, tap, kernel, rng)
    return plus - _at(values, next_channel, next_tap, kernel, rng)


def places(kernel: Kernel, taps: str) -> tuple[Any, Any]:
    """Input channel and flat tap of each output of a group."""
    column = np.arange(kernel.out) % kernel.fan_in
    order = tap_order(kernel.spatial, taps)
    if taps == "patch":
        return column // kernel.taps, order[column % kernel.taps]
    return column % kernel.in_, order[column // kernel.in_]


def tap_order(spatial: tuple[int, ...], taps: str) -> Any:
    """Flat indices of the taps in the order of filling; equally near taps in row-major order."""
    if taps != "center":
        return np.arange(math.prod(spatial))
    index = np.indices(spatial).reshape(len(spatial), math.prod(spatial))
    center = np.array([(k - 1) // 2 for k in spatial], dtype=int)[:, None]
    return np.argsort(((index - center) ** 2).sum(axis=0), kind="stable")


def _at(values: Any, channel: Any, tap: Any, kernel: Kernel, rng: Rng) -> Any:
    """The kernel with `values` `(out,)` at one position of each row, and exact zeros elsewhere."""
    xp = rng.xp
    here = np.zeros((kernel.out, kernel.in_, kernel.taps), dtype=bool)
    here[np.arange(kernel.out), channel, tap] = True
    here = np.tile(here, (kernel.groups, 1, 1)).reshape(kernel.shape)
    values = xp.reshape(values, (-1, *[1] * (len(kernel.shape) - 1)))
    mask = xp.asarray(here, device=rng.device)
    return xp.where(mask, values, xp.zeros_like(values))
