"""Mirrored kernels: networks of ReLUs and related activations that are linear at first.

A function with `phi(u) - phi(-u) = c u` passes a signal unchanged if the signal comes with both
signs: one layer computes `[phi(u), phi(-u)]`, and the next one takes the difference.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ..activations import SLOPES, activation_of, odd_slope
from ..arrays import Array
from ..invariants import Mirrored
from ..random import Rng
from ..spec import Choice, Kernel, Real, Region, ShapeRule, initializer, made_region, specs
from ._choices import Base, Part

__all__ = ["BASES", "mirrored"]

BASES = get_args(Base)


@dataclass(frozen=True)
class LinearOddPart(Choice):
    """An activation whose odd part is linear, by name in any library's spelling, or a callable."""

    def check(self, value: Any) -> Any:
        if callable(value):
            odd_slope(value, 0.0)
            return value
        if not isinstance(value, str):
            raise TypeError
        name = activation_of(value).name
        if name not in self.options:
            raise ValueError
        return name

    def __str__(self) -> str:
        return super().__str__() + ", or a callable with phi(u) - phi(-u) = c u"


def _fits(kernel: Kernel, parameters: Mapping[str, Any]) -> str | None:
    """The sizes that the halves and their base need, or None if these are such."""
    part, base = parameters["part"], parameters["base"]
    if (part != "last" and kernel.out % 2) or (part != "first" and kernel.in_ % 2):
        sides = {"hidden": "outputs and inputs", "first": "outputs", "last": "inputs"}[part]
        each = " in each group" if kernel.groups > 1 else ""
        return f"an even number of {sides}{each} for part={part!r}"
    rule = specs[base].shape
    ndim = len(kernel.shape)
    if ndim < rule.low or (rule.high is not None and ndim > rule.high):
        return f"{rule.what} of {rule.axes} for base={base!r}"
    return None


@initializer(
    shape=ShapeRule(
        2,
        None,
        "a kernel (out, in, *spatial)",
        condition=_fits,
        reason="an even number of channels on each mirrored side",
    ),
    parameters={
        "gain": Real("factor on the half block: its singular value, if orthogonal", low=0.0),
        "part": Choice("place of the layer in the network", get_args(Part)),
        "base": Choice("initializer of the half block W0", BASES),
        "activation": LinearOddPart("activation before the layer", tuple(SLOPES)),
        "negative_slope": Real("slope of a leaky ReLU below 0", low=-1.0, open_low=True),
    },
    invariants=(Mirrored(),),
    source="Burkholz & Dubatovka, NeurIPS 2019 (GSM); Balduzzi et al., ICML 2017 (looks linear)",
    exact=False,
)
def mirrored(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    gain: float = 1.0,
    part: Part = "hidden",
    base: Base = "orthogonal",
    activation: Any = "relu",
    negative_slope: float = 0.01,
    groups: int = 1,
    region: Region | None = None,
) -> Array:
    """Kernel `[[W0, -W0], [-W0, W0]]` of a `base` kernel `W0`: a net of such layers is linear.

    `part="first"` is `[W0; -W0]`, and `"last"` is `[W0, -W0]`. In all parts but the first, `W0`
    follows an activation with `phi(u) - phi(-u) = c u` and is divided by `c`. Then the network
    computes exactly the product of the undivided `W0`. In a network of concatenated ReLUs, use
    `"last"` for every layer that follows one.

    `base="normal"` has entries of variance `gain**2 / fan_in`, with the `fan_in` of `W0`. For a
    hidden layer of width `N` these are the blocks `N(0, 2 / N)` of the Gaussian submatrix
    initialization. Another base takes `gain` as its own parameter, or is multiplied by it.

    >>> import numpy as np
    >>> first, last = (mirrored(Rng(i), (8, 8), part=p) for i, p in enumerate(("first", "last")))
    >>> x = np.arange(8.0)
    >>> y = last @ np.maximum(first @ x, 0)
    >>> bool(np.allclose(y, last[:, :4] @ (first[:4] @ x)))
    True
    """
    kernel = Kernel(shape, groups)
    rows, columns = 1 + (part != "last"), 1 + (part != "first")
    half = Kernel((shape[0] // rows, kernel.in_ // columns, *kernel.spatial), groups)
    base_of = specs[base]
    given: dict[str, Any] = {"groups": groups} if base_of.grouped else {}
    if "gain" in base_of.parameters:
        given["gain"], factor = gain, None
    else:
        factor = gain / math.sqrt(half.fan_in) if base == "normal" else gain
    _, values = base_of.check(half.shape, given)

    def block(some: Region | None) -> Any:
        """The half block, with the base's meaning of `gain`, or a region of it."""
        if some is None:
            w = base_of.draw(rng, half.shape, values, None)
        else:
            w = made_region(base_of, rng, half.shape, values, some)
        w = w if factor is None else w * factor
        return w if part == "first" else w / odd_slope(activation, negative_slope)

    if region is None or region.traced:
        w0 = rng.xp.reshape(block(None), (groups, half.out, half.in_, *half.spatial))
        w = rng.xp.reshape(_four(w0, rows, columns, rng.xp), shape)
        return w if region is None else region.of(w, rng.xp)
    return _region(block, half, rows, columns, region, rng.xp)


def _four(w0: Any, rows: int, columns: int, xp: Any) -> Any:
    """`[[w0, -w0], [-w0, w0]]` of each group, or its first row or column."""
    minus = -w0
    lines = [[w0 if r == c else minus for c in range(columns)] for r in range(rows)]
    return xp.concat([xp.concat(line, axis=2) for line in lines], axis=1)


def _region(
    block: Callable[[Region], Any], half: Kernel, rows: int, columns: int, region: Region, xp: Any
) -> Any:
    """The same of a region: ranges within one half each, of which some show the same of `w0`."""
    known: dict[tuple[int, ...], Any] = {}
    lines = []
    for a, b in region.pieces(0, half.out):
        number = a // half.out
        row, minus = number // rows * half.out + a % half.out, number % rows
        line = []
        for c, d in region.pieces(1, half.in_):
            place = (row, b - a, c % half.in_, d - c)
            if place not in known:
                box = Region.box(place[::2], place[1::2])
                known[place] = block(
                    Region(box.starts + region.starts[2:], box.runs + region.runs[2:])
                )
            line.append(known[place] if minus == c // half.in_ % columns else -known[place])
        lines.append(line[0] if len(line) == 1 else xp.concat(line, axis=1))
    return lines[0] if len(lines) == 1 else xp.concat(lines, axis=0)
