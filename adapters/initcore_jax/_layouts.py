"""Where JAX's kernels have their axes: `(*k, in, out)`, or as `in_axis` and `out_axis` say."""

from collections.abc import Callable

from initcore.spec import Layout

from ._init import Axes, LayoutOf, axes

__all__ = ["frame_layout", "kernel_layout", "layout_of"]


def layout_of(
    in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), groups: int = 1
) -> Layout:
    """The layout of the given axes; `groups` are independent kernels along the outputs."""
    return Layout(axes(out_axis), axes(in_axis), axes(batch_axis), groups)


def kernel_layout(in_axis: Axes, out_axis: Axes, groups: int) -> LayoutOf:
    """The layout of kernels, for initializers that take arrays of fewer axes too."""
    layout = layout_of(in_axis, out_axis, (), groups)
    return lambda ndim: layout if ndim >= 2 else None


def frame_layout(
    column_axis: int,
    in_axis: Axes | None,
    out_axis: Axes | None,
    batch_axis: Axes,
    groups: int,
) -> Callable[[int], Layout]:
    """JAX's `column_axis` is the output, the last other axis the input, unless they are named."""

    def of(ndim: int) -> Layout:
        count = max(ndim, 1)  # a scalar has no axes, which the layout says
        batch = {a % count for a in axes(batch_axis)}
        out = axes(column_axis if out_axis is None else out_axis)
        outs = {a % count for a in out}
        rest = [a for a in range(ndim) if a not in outs | batch]
        into = tuple(rest[-1:]) if in_axis is None else axes(in_axis)
        return Layout(out, into, axes(batch_axis), groups)

    return of
