"""Where JAX's kernels have their axes: `(*k, in, out)`, or as `in_axis` and `out_axis` say."""

import contextlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from initcore.arguments import short_repr
from initcore.spec import Layout

from ._keywords import Axes

__all__ = ["FrameLayout", "axes", "canonical", "frame_layout", "kernel_layout", "overlaps"]


def axes(value: Axes) -> tuple[int, ...]:
    """One axis or several, as a tuple.

    Raises:
        TypeError: They are not integers.

    >>> axes(-1), axes([0, 1]), axes(range(2))
    ((-1,), (0, 1), (0, 1))
    """
    several: Any = tuple(value) if np.iterable(value) else (value,)
    try:
        found = tuple(operator.index(a) for a in several)
    except TypeError:
        found = None
    if found is None or any(isinstance(a, bool) for a in several):
        raise TypeError(
            f"an axis is an integer, or several are a tuple of them, got {short_repr(value)}."
        )
    return found


def kernel_layout(in_axis: Axes, out_axis: Axes, batch_axis: Axes = (), groups: int = 1) -> Layout:
    """The layout of kernels with the given axes."""
    return Layout(axes(out_axis), axes(in_axis), axes(batch_axis), groups)


@dataclass(frozen=True)
class FrameLayout:
    """The layout of kernels of any number of axes, whose inputs are the last axis left over.

    Attributes:
        out: Axes of the outputs.
        batch: Axes that count independent kernels.
        groups: Independent kernels along the outputs.
    """

    out: tuple[int, ...]
    batch: tuple[int, ...]
    groups: int

    def __call__(self, ndim: int) -> Layout:
        named = {a % ndim for a in (*self.out, *self.batch)}
        rest = [a for a in range(ndim) if a not in named]
        return Layout(self.out, tuple(rest[-1:]), self.batch, self.groups)


def frame_layout(
    column_axis: int, in_axis: Axes | None, out_axis: Axes | None, batch_axis: Axes, groups: int
) -> Layout | FrameLayout:
    """The layout whose output is JAX's `column_axis` and whose input is the last other axis.

    `in_axis` and `out_axis` take their place where they are given.
    """
    out = axes(column_axis if out_axis is None else out_axis)
    if in_axis is None:
        return FrameLayout(out, axes(batch_axis), groups)
    return Layout(out, axes(in_axis), axes(batch_axis), groups)


def canonical(
    who: str, layout: Layout | FrameLayout, shape: tuple[int, ...]
) -> tuple[tuple[int, ...], Layout, int]:
    """The core's shape `(out, in, *spatial)` of a kernel, its layout, and its groups.

    Raises:
        ValueError: An axis is out of range, or `groups` does not divide. It names `who`.
    """
    found = layout if isinstance(layout, Layout) else layout(len(shape))
    with _named(who, shape):
        kernel = found.kernel(shape)
    return kernel.shape, found, kernel.groups


def overlaps(who: str, layout: Layout, shape: tuple[int, ...]) -> bool:
    """Whether an axis has several roles.

    Raises:
        ValueError: An axis is out of range. It names `who`.
    """
    with _named(who, shape):
        return layout.overlaps(len(shape))


@contextlib.contextmanager
def _named(who: str, shape: tuple[int, ...]) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{who}, shape {shape}: {error}") from None
