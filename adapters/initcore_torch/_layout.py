"""Where PyTorch keeps the axes of its kernels: the one place that says so."""

from collections.abc import Sequence
from numbers import Integral

from initcore.arguments import short_repr
from initcore.spec import CORE, GROUPS, Layout, Spec

__all__ = ["checked_layout", "layout_of"]


def layout_of(
    shape: Sequence[int], groups: int = 1, transposed: bool = False, batch: int = 0
) -> Layout | None:
    """The layout of a kernel of `shape`; None for biases and scalars, which have no inputs.

    Linear layers, embeddings and convolutions keep `(out, in / groups, *k)`, stacked projections
    `groups` times `(out, in)`, transposed convolutions `(in, out / groups, *k)`. Axes that count
    kernels come first.

    >>> layout_of((6, 2, 3), groups=2).kernel((6, 2, 3)).taps_shape
    (2, 3, 2)
    >>> layout_of((6, 2, 3), groups=2, transposed=True).kernel((6, 2, 3)).taps_shape
    (2, 2, 3)
    """
    if len(shape) < 2 + batch:
        return None
    first, second, many = (batch,), (batch + 1,), tuple(range(batch))
    if transposed:
        return Layout(second, first, many, groups, groups_on_in=True)
    return Layout(first, second, many, groups)


def checked_layout(
    who: str, shape: tuple[int, ...], groups: int = 1, transposed: bool = False, batch: int = 0
) -> Layout | None:
    """`layout_of` for arguments that a caller gave.

    Raises:
        TypeError: `groups` is no integer.
        ValueError: The shape has no layout with these arguments.
    """
    groups = Spec.check_parameter(who, "groups", GROUPS, groups, CORE)
    if isinstance(batch, bool) or not isinstance(batch, Integral):
        raise TypeError(f"{who} needs batch to be an integer >= 0, got {short_repr(batch)}.")
    batch = int(batch)
    if not 0 <= batch <= max(len(shape) - 2, 0):
        raise ValueError(
            f"{who} needs batch to count the axes ahead of a kernel's two, got {batch} for a "
            f"tensor of shape {shape}."
        )
    layout = layout_of(shape, groups, transposed, batch)
    if layout is None and (groups > 1 or transposed):
        what = "groups" if groups > 1 else "transposed=True"
        raise ValueError(f"{who} needs 2 or more axes for {what}, got a tensor of shape {shape}.")
    if len(shape) > batch and shape[batch] % groups:
        side = f"{shape[batch]} {'inputs' if transposed else 'outputs'}"
        raise ValueError(
            f"{who} needs groups that divide the {side} of a tensor of shape {shape}, got {groups}."
        )
    return layout
