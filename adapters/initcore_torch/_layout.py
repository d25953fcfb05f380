"""Where PyTorch keeps the axes of its kernels: the one place that says so."""

from collections.abc import Sequence

from initcore.spec import CORE, GROUPS, Layout, Spec

__all__ = ["checked_layout", "layout_of"]


def layout_of(shape: Sequence[int], groups: int = 1, transposed: bool = False) -> Layout | None:
    """The layout of a kernel of `shape`; None for biases and scalars, which have no inputs.

    Linear layers, embeddings and convolutions keep `(out, in / groups, *k)`, stacked projections
    `groups` times `(out, in)`, transposed convolutions `(in, out / groups, *k)`.

    >>> layout_of((6, 2, 3), groups=2).kernel((6, 2, 3)).taps_shape
    (2, 3, 2)
    >>> layout_of((6, 2, 3), groups=2, transposed=True).kernel((6, 2, 3)).taps_shape
    (2, 2, 3)
    """
    if len(shape) < 2:
        return None
    if transposed:
        return Layout((1,), (0,), groups=groups, groups_on_in=True)
    return Layout((0,), (1,), groups=groups)


def checked_layout(
    who: str, shape: tuple[int, ...], groups: int = 1, transposed: bool = False
) -> Layout | None:
    """`layout_of` for arguments that a caller gave.

    Raises:
        TypeError: `groups` is no integer.
        ValueError: The shape has no layout with these arguments.
    """
    groups = Spec.check_parameter(who, "groups", GROUPS, groups, CORE)
    layout = layout_of(shape, groups, transposed)
    if layout is None and (groups > 1 or transposed):
        what = "groups" if groups > 1 else "transposed=True"
        raise ValueError(f"{who} needs 2 or more axes for {what}, got a tensor of shape {shape}.")
    if shape and shape[0] % groups:
        side = "inputs" if transposed else "outputs"
        raise ValueError(
            f"{who} needs groups that divide the {shape[0]} {side} of a tensor of shape {shape}, "
            f"got {groups}."
        )
    return layout
