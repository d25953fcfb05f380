"""Mirrored kernels: networks of ReLUs and related activations that are linear at first.

A function with `phi(u) - phi(-u) = c u` passes a signal unchanged if the signal comes with both
signs: one layer computes `[phi(u), phi(-u)]`, and the next one takes the difference.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ..activations import SLOPES, activation_of, odd_slope
from ..arrays import Array
from ..invariants import Mirrored
from ..random import Rng
from ..spec import Choice, Kernel, Real, ShapeRule, initializer, specs
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
    xp, kernel = rng.xp, Kernel(shape, groups)
    rows = (1, -1) if part != "last" else (1,)
    columns = (1, -1) if part != "first" else (1,)
    half = (groups * (kernel.out // len(rows)), kernel.in_ // len(columns), *kernel.spatial)
    w0 = _half(rng, half, base, gain, groups)
    if part != "first":
        w0 = w0 / odd_slope(activation, negative_slope)
    w0 = xp.reshape(w0, (groups, half[0] // groups, *half[1:]))
    minus = -w0
    w = xp.concat(
        [xp.concat([w0 if r == c else minus for c in columns], axis=2) for r in rows], axis=1
    )
    return xp.reshape(w, shape)


def _half(rng: Rng, shape: tuple[int, ...], base: str, gain: Any, groups: int) -> Any:
    """The half block, with the base's meaning of `gain`."""
    spec = specs[base]
    if base == "normal":
        return spec.function(rng, shape) * (gain / math.sqrt(math.prod(shape[1:])))
    given = {"groups": groups} if spec.grouped else {}
    if "gain" in spec.parameters:
        return spec.function(rng, shape, gain=gain, **given)
    return spec.function(rng, shape, **given) * gain
