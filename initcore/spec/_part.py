"""Parts of kernels: what a process holds of a kernel that is shared out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..arguments import as_shape, short_repr
from ..arrays import is_contiguous, is_traced
from ..random import Rng
from ._layout import Layout
from ._region import Region
from ._spec import Spec

__all__ = ["Part", "check_part", "made_part", "made_region"]


@dataclass(frozen=True)
class Part:
    """A rectangle of a larger kernel: an array is the part of it that begins at `offset`.

    Args:
        shape: Of the whole kernel, in the order of axes that the array has.
        offset: Where the array's first element stands in it, one number an axis. Under `jax.jit` a
            number may be traced, as `jax.lax.axis_index` is; that it is in range is not checked.

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
    offset: tuple[Any, ...]

    def __init__(self, shape: int | Sequence[int], offset: Any) -> None:
        object.__setattr__(self, "shape", as_shape(shape, who="Part"))
        given = tuple(offset) if isinstance(offset, (tuple, list)) else offset
        traced = isinstance(given, tuple) and any(map(is_traced, given))
        known = tuple(0 if is_traced(o) else o for o in given) if traced else given
        numbers = as_shape(known, who="the offset of Part")
        object.__setattr__(self, "offset", given if traced else numbers)
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
        whole = zip(self.offset, sizes, self.shape, strict=True)
        if any(n > m if is_traced(o) else o + n > m for o, n, m in whole):
            raise ValueError(
                f"{who} needs a part within the kernel of shape {self.shape}, got one of shape "
                f"{sizes} at {self.offset}."
            )

    @property
    def traced(self) -> bool:
        """Whether it is known only to a running program where the part begins."""
        return any(map(is_traced, self.offset))

    def of(self, whole: Any, shape: Sequence[int], xp: Any = None) -> Any:
        """The part of that shape of an array, which is one of `xp` if the offset is traced."""
        if tuple(shape) == self.shape:
            return whole
        if not self.traced:
            return whole[tuple(slice(o, o + n) for o, n in zip(self.offset, shape, strict=True))]
        for axis, (offset, size) in enumerate(zip(self.offset, shape, strict=True)):
            whole = xp.take(whole, xp.arange(size, dtype=xp.int32) + offset, axis=axis)
        return whole


def check_part(who: str, part: Any, shape: Sequence[int]) -> None:
    """Raise unless `part` is a `Part` that an array of `shape` fits into."""
    if not isinstance(part, Part):
        raise TypeError(
            f"{who} needs part to be an initcore.Part(shape, offset), got {short_repr(part)}."
        )
    part.check(who, shape)


def made_part(
    spec: Spec, rng: Rng[Any], part: Part, shape: Sequence[int], canonical: tuple[int, ...],
    values: Mapping[str, Any], layout: Layout | None, out: Any = None,
) -> Any:  # fmt: skip
    """What `spec` makes of a part, `canonical` and `values` being those of the whole.

    Entries that are drawn independently, each at its place of the stream, are drawn for the part
    alone, and initializers that know of regions make the part alone. Of all else the whole is made,
    and cut.

    Args:
        spec: The initializer.
        rng: The `Rng`.
        part: Which part; it has been checked.
        shape: Of the part, in the framework's order of axes.
        canonical, values: What `spec.check` returned for the whole.
        layout: The framework's order; None if it is the core's.
        out: An array to write the part into, of its shape; it is returned.
    """
    sizes = tuple(shape)
    w = _made(spec, rng, part, sizes, canonical, values, layout, out)
    if out is None or w is out:
        return w
    out[...] = w
    return out


def _made(
    spec: Spec, rng: Rng[Any], part: Part, sizes: tuple[int, ...], canonical: tuple[int, ...],
    values: Mapping[str, Any], layout: Layout | None, out: Any,
) -> Any:  # fmt: skip
    if 0 in sizes:
        return rng.xp.zeros(sizes, dtype=rng.dtype, device=rng.device)
    order = _order(len(sizes), layout)
    if order is None or not (spec.regions or _drawn_apart(spec, values)):
        w = spec.draw(rng, canonical, values, None)
        if layout is not None:
            w = layout.from_canonical(w, part.shape, xp=rng.xp)
        return part.of(w, sizes, rng.xp)
    region, turned = _region(part, sizes, canonical, order), [a for axes in order for a in axes]
    if not spec.regions:  # drawn in the framework's order
        _, start, strides = region.window(canonical)
        steps = tuple(strides[turned.index(a)] for a in range(len(sizes)))
        return spec.draw(rng.within(canonical, sizes, start, steps), canonical, values, out)
    straight = turned == list(range(len(sizes)))
    if out is not None:
        out = rng.xp.reshape(out, region.shape) if straight and is_contiguous(out) else None
    w = spec.draw(rng, canonical, values, out, region)
    w = rng.xp.reshape(w, tuple(sizes[a] for a in turned))
    return w if straight else rng.xp.permute_dims(w, tuple(map(turned.index, range(len(sizes)))))


def made_region(
    spec: Spec, rng: Rng[Any], canonical: tuple[int, ...], values: Mapping[str, Any],
    region: Region,
) -> Any:  # fmt: skip
    """What `spec` makes of a region of a kernel, for what `spec.check` returned for the whole."""
    if spec.regions:
        return spec.draw(rng, canonical, values, None, region)
    if _drawn_apart(spec, values):
        w = spec.draw(rng.within(canonical, *region.window(canonical)), canonical, values, None)
        return rng.xp.reshape(w, region.shape)
    return region.of(spec.draw(rng, canonical, values, None), rng.xp)


def _drawn_apart(spec: Spec, values: Mapping[str, Any]) -> bool:
    """Whether any entries can be drawn without the others."""
    return spec.entries and all(isinstance(value, (float, int, str)) for value in values.values())


def _order(ndim: int, layout: Layout | None) -> list[tuple[int, ...]] | None:
    """The framework's axes behind each of the kernel's; None if rows do not lie along such."""
    if layout is None:
        return [(axis,) for axis in range(ndim)]
    if layout.groups_on_in and layout.groups > 1:
        return None
    return layout.axes(ndim)


def _region(
    part: Part, sizes: tuple[int, ...], canonical: tuple[int, ...], order: list[tuple[int, ...]]
) -> Region:
    """The region of the kernel that a part in the framework's order of axes is."""
    starts: list[Any] = []
    runs: list[tuple[tuple[int, int], ...]] = []
    for axes, size in zip(order, canonical, strict=True):
        start, step, steps = 0, size, []
        for axis in axes:
            step //= max(part.shape[axis], 1)
            start = start + part.offset[axis] * step
            steps.append((sizes[axis], step))
        starts.append(start)
        runs.append(tuple(steps))
    return Region(tuple(starts), tuple(runs))
