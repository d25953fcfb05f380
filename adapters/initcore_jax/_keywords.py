"""The arguments that JAX's functions share: their types, defaults and descriptions."""

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypedDict, TypeVar, cast

import jax
from jax.typing import DTypeLike

from initcore.arguments import Shared, write_out_keywords

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
    "makes_initializer",
]

F = TypeVar("F", bound=Callable[..., Any])

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


def makes_initializer(function: F) -> F:
    """`function`, which makes an initializer, with its shared keywords written out.

    Raises:
        TypeError: When called with a key, as the initializer that it makes is.
    """
    complete = write_out_keywords(function)
    name = function.__name__

    @functools.wraps(complete)
    def made(*args: Any, **given: Any) -> Any:
        if args and _is_key(args[0]):
            raise TypeError(
                f"{name}(...) makes an initializer, and needs no key; call what it makes, as in "
                f"{name}()(key, shape), or give that to a layer, as in kernel_init={name}()."
            )
        return complete(*args, **given)

    return cast(F, made)


def _is_key(value: Any) -> bool:
    """Whether it is a JAX key of either kind, traced or not."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or not isinstance(value, (jax.Array, jax.core.Tracer)):
        return False
    return bool(jax.numpy.issubdtype(dtype, jax.dtypes.prng_key)) or (
        str(dtype) == "uint32" and value.shape in ((2,), (4,))
    )
