"""Parts of kernels: what a process holds of a kernel that is shared out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..arguments import as_shape, short_repr
from ..random import Rng
from ._layout import Layout
from ._spec import Spec

__all__ = ["Part", "check_part", "made_part"]


@dataclass(frozen=True)
class Part:
    """A rectangle of a larger kernel: an array is the part of it that begins at `offset`.

    Args:
        shape: Of the whole kernel, in the order of axes that the array has.
        offset: Where the array's first element stands in it, one number an axis.

    Raises:
        TypeError: One of them is not made of integers.
        ValueError: A number is negative, or there are not as many offsets as axes.

    >>> import initcore
    >>> whole = initcore.orthogonal(initcore.Rng(0), (8, 6))
    >>> part = initcore.orthogonal(initcore.Rng(0), (4, 6), part=Part((8, 6), (4, 0)))
    >>> bool((part == whole[4:]).all())
    True
    """

    shape: tuple[int, ...]
    offset: tuple[int, ...]

    def __init__(self, shape: int | Sequence[int], offset: int | Sequence[int]) -> None:
        object.__setattr__(self, "shape", as_shape(shape, who="Part"))
        object.__setattr__(self, "offset", as_shape(offset, who="the offset of Part"))
        if len(self.shape) != len(self.offset):
            raise ValueError(
                f"Part needs an offset along each of the {len(self.shape)} axes of shape "
                f"{self.shape}, got {self.offset}."
            )

    def check(self, who: str, shape: Sequence[int]) -> None:
        """Raise a `ValueError` unless an array of `shape` at the offset lies within the whole."""
        sizes = tuple(shape)
        if len(sizes) != len(self.shape):
            raise ValueError(
                f"{who} needs an array of as many axes as the kernel it is a part of, got one of "
                f"shape {sizes} for a kernel of shape {self.shape}."
            )
        if any(o + n > m for o, n, m in zip(self.offset, sizes, self.shape, strict=True)):
            raise ValueError(
                f"{who} needs a part within the kernel of shape {self.shape}, got one of shape "
                f"{sizes} at {self.offset}."
            )

    def of(self, whole: Any, shape: Sequence[int]) -> Any:
        """The part of that shape of an array."""
        if tuple(shape) == self.shape:
            return whole
        return whole[tuple(slice(o, o + n) for o, n in zip(self.offset, shape, strict=True))]


def check_part(who: str, part: Any, shape: Sequence[int]) -> None:
    """Raise unless `part` is a `Part` that an array of `shape` fits into."""
    if not isinstance(part, Part):
        raise TypeError(
            f"{who} needs part to be an initcore.Part(shape, offset), got {short_repr(part)}."
        )
    part.check(who, shape)


def made_part(
    spec: Spec, rng: Rng[Any], part: Part, shape: Sequence[int], canonical: tuple[int, ...],
    values: Mapping[str, Any], layout: Layout | None,
) -> Any:  # fmt: skip
    """What `spec` makes of a part, `canonical` and `values` being those of the whole.

    Entries that are drawn independently, each at its place of the stream, are drawn for the part
    alone. Of all else the whole is made, and cut.

    Args:
        spec: The initializer.
        rng: The `Rng`.
        part: Which part; it has been checked.
        shape: Of the part, in the framework's order of axes.
        canonical, values: What `spec.check` returned for the whole.
        layout: The framework's order; None if it is the core's.
    """
    sizes = tuple(shape)
    if 0 in sizes:
        return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device)
    strides = _strides(part.shape, canonical, layout)
    if spec.entries and strides is not None and _are_numbers(values):
        start = sum(o * s for o, s in zip(part.offset, strides, strict=True))
        return spec.draw(rng.within(canonical, sizes, start, strides), canonical, values, None)
    w = spec.draw(rng, canonical, values, None)
    if layout is not None:
        w = layout.from_canonical(w, part.shape, xp=rng.xp)
    return part.of(w, sizes)


def _are_numbers(values: Mapping[str, Any]) -> bool:
    return all(isinstance(value, (float, int, str)) for value in values.values())


def _strides(
    shape: tuple[int, ...], canonical: tuple[int, ...], layout: Layout | None
) -> tuple[int, ...] | None:
    """How far apart neighbours along each axis are in the stream; None if that varies."""
    order = tuple(range(len(shape)))
    if layout is not None:
        if layout.groups_on_in and layout.groups > 1:
            return None
        order = layout.order(len(shape))
    strides, step = [0] * len(shape), math.prod(canonical)
    for axis in order:
        step //= max(shape[axis], 1)
        strides[axis] = step
    return tuple(strides)
