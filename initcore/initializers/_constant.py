"""Kernels that do not depend on the key: one value everywhere."""

from ..arrays import Array
from ..invariants import Filled
from ..random import Rng
from ..spec import Real, Region, ShapeRule, initializer

__all__ = ["constant", "ones", "zeros"]

ANY = ShapeRule()


@initializer(
    shape=ANY, invariants=(Filled(value=0.0),), source="elementary", random=False, complex_=True
)
def zeros(rng: Rng[Array], shape: tuple[int, ...], /, *, region: Region | None = None) -> Array:
    """Array of zeros.

    >>> float(zeros(Rng(0), (3, 2)).sum())
    0.0
    """
    sizes = shape if region is None else region.shape
    return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device)


@initializer(
    shape=ANY, invariants=(Filled(value=1.0),), source="elementary", random=False, complex_=True
)
def ones(rng: Rng[Array], shape: tuple[int, ...], /, *, region: Region | None = None) -> Array:
    """Array of ones.

    >>> float(ones(Rng(0), (3, 2)).sum())
    6.0
    """
    sizes = shape if region is None else region.shape
    return rng.xp.ones(sizes, dtype=rng.dtype, device=rng.device)


@initializer(
    shape=ANY,
    parameters={"value": Real("the value of every element", finite=False)},
    invariants=(Filled(),),
    source="elementary",
    random=False,
    example={"value": 0.1},
    complex_=True,
)
def constant(
    rng: Rng[Array], shape: tuple[int, ...], /, *, value: float, region: Region | None = None
) -> Array:
    """Array whose every element is `value`.

    >>> float(constant(Rng(0), (3, 2), value=0.5).max())
    0.5
    """
    sizes = shape if region is None else region.shape
    return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device) + value
