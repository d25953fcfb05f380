"""Kernels of independent entries whose variance is set by the layer's size."""

from typing import Any, get_args

from ..invariants import HasLaw
from ..random import TRUNCATED_STD, Rng
from ..spec import Choice, Kernel, Real, ShapeRule, fan, initializer
from ._choices import Entries, Mode
from ._distribution import shifted

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "variance_scaling",
]


KERNEL = ShapeRule(2, None, "a kernel (out, in, *spatial)")


@initializer(
    shape=KERNEL,
    parameters={
        "scale": Real("variance times fan", low=0.0),
        "mode": Choice("what the variance is divided by", get_args(Mode)),
        "distribution": Choice("distribution of the entries", get_args(Entries)),
    },
    invariants=(HasLaw("variance"),),
    source="LeCun et al. 1998; Glorot & Bengio, AISTATS 2010; He et al., ICCV 2015",
)
def variance_scaling(
    rng: Rng,
    shape: Any,
    /,
    *,
    scale: float = 1.0,
    mode: Mode = "fan_in",
    distribution: Entries = "truncated_normal",
    groups: int = 1,
    out: Any = None,
) -> Any:
    """Kernel of independent entries with mean 0 and variance `scale / fan`.

    `fan` is `in * prod(spatial)`, `out * prod(spatial)` (of one group), or their arithmetic or
    geometric mean. The truncated normal is cut at two deviations and has the variance after it.

    >>> w = variance_scaling(Rng(0), (300, 200), scale=2.0)
    >>> bool(abs(w.var() * 200 - 2) < 0.05)
    True
    """
    std = (scale / fan(Kernel(shape, groups), mode)) ** 0.5
    if distribution == "normal":
        return shifted(rng.normal(shape, out=out), 0.0, std)
    if distribution == "uniform":
        return shifted(rng.uniform(shape, -1.0, 1.0, out=out), 0.0, 3**0.5 * std)
    return shifted(rng.truncated_normal(shape, out=out), 0.0, std / TRUNCATED_STD)


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=1.0, mode="fan_in", distribution="truncated_normal"),),
    source="LeCun et al., Efficient BackProp, 1998",
)
def lecun_normal(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent truncated normal entries of variance `1 / fan_in`.

    >>> lecun_normal(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, groups=groups, out=out)


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=1.0, mode="fan_in", distribution="uniform"),),
    source="LeCun et al., Efficient BackProp, 1998",
)
def lecun_uniform(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent uniform entries of variance `1 / fan_in`.

    >>> lecun_uniform(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, distribution="uniform", groups=groups, out=out)


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=1.0, mode="fan_avg", distribution="truncated_normal"),),
    source="Glorot & Bengio, AISTATS 2010, eq. 16",
)
def glorot_normal(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent truncated normal entries of variance `2 / (fan_in + fan_out)`.

    >>> glorot_normal(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, mode="fan_avg", groups=groups, out=out)


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=1.0, mode="fan_avg", distribution="uniform"),),
    source="Glorot & Bengio, AISTATS 2010, eq. 16",
)
def glorot_uniform(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent uniform entries of variance `2 / (fan_in + fan_out)`.

    >>> glorot_uniform(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(
        rng, shape, mode="fan_avg", distribution="uniform", groups=groups, out=out
    )


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=2.0, mode="fan_in", distribution="truncated_normal"),),
    source="He et al., ICCV 2015, eq. 10",
)
def he_normal(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent truncated normal entries of variance `2 / fan_in`.

    >>> he_normal(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, scale=2.0, groups=groups, out=out)


@initializer(
    shape=KERNEL,
    invariants=(HasLaw("variance", scale=2.0, mode="fan_in", distribution="uniform"),),
    source="He et al., ICCV 2015, eq. 10",
)
def he_uniform(rng: Rng, shape: Any, /, *, groups: int = 1, out: Any = None) -> Any:
    """Kernel of independent uniform entries of variance `2 / fan_in`.

    >>> he_uniform(Rng(0), (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, scale=2.0, distribution="uniform", groups=groups, out=out)
