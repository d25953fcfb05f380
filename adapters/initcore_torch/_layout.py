"""Where PyTorch keeps the axes of its kernels: the one place that says so."""

from collections.abc import Sequence

from initcore.spec import Layout

__all__ = ["layout_of"]


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
