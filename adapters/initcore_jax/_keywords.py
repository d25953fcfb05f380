"""The arguments that JAX's functions share: their types, defaults and descriptions."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias, TypedDict

import jax
from jax.typing import DTypeLike

from initcore.arguments import Shared

__all__ = [
    "Axes",
    "Batch",
    "ColumnAxis",
    "DType",
    "FrameAxes",
    "Gain",
    "Groups",
    "In",
    "KernelAxes",
    "MatrixAxes",
    "Out",
    "OutSharding",
    "Scalar",
    "UnbatchedAxes",
]

OutSharding: TypeAlias = jax.sharding.Sharding | jax.sharding.PartitionSpec | None
Scalar: TypeAlias = float | jax.Array
Axes: TypeAlias = int | Sequence[int]

DType = Annotated[
    DTypeLike | None,
    Shared(None, "Default dtype of the initializer; JAX's default float if None."),
]
Gain = Annotated[Scalar, Shared(1.0, "Singular value, at least 0.")]
ColumnAxis = Annotated[
    int, Shared(-1, "Axis of the outputs; the last of the others is that of the inputs.")
]
In = Annotated[Axes, Shared(-2, "Axis of the inputs, or several.")]
Out = Annotated[Axes, Shared(-1, "Axis of the outputs, or several.")]
Batch = Annotated[
    Axes, Shared((), "Axis that counts independent kernels, or several; the rest are spatial.")
]
Groups = Annotated[
    int,
    Shared(
        1,
        "Independent kernels along the outputs: the groups of a convolution, or the gates of a "
        "recurrent kernel.",
    ),
]


class MatrixAxes(TypedDict, total=False):
    """Where a matrix has its axes."""

    in_axis: In
    out_axis: Out


class UnbatchedAxes(MatrixAxes, total=False):
    """Where a kernel has its axes, for initializers that take arrays of any shape."""

    groups: Groups


class KernelAxes(MatrixAxes, total=False):
    """Where a kernel has its axes."""

    batch_axis: Batch
    groups: Groups


class FrameAxes(TypedDict, total=False):
    """Where a kernel has its axes, besides JAX's `column_axis`."""

    in_axis: Annotated[
        Axes | None,
        Shared(
            None,
            "Axis of the inputs instead, or several: the query kernel `(dim, heads, head_dim)` of "
            "attention has `in_axis=0, out_axis=(1, 2)`.",
        ),
    ]
    out_axis: Annotated[Axes | None, Shared(None, "Axis of the outputs instead, or several.")]
    batch_axis: Batch
    groups: Groups
