"""Kernels that keep lengths, or pass their input on."""

from typing import Unpack

from initcore.arguments import write_out_keywords
from initcore.initializers import Narrowing

from ._initializer import Initializer, SpecInitializer
from ._keywords import ColumnAxis, DType, FrameAxes, Gain, KernelAxes, Scalar
from ._layouts import frame_layout, kernel_layout

__all__ = ["delta_orthogonal", "identity", "orthogonal", "scaled_orthogonal"]


@write_out_keywords
def orthogonal(
    scale: Gain = 1.0, column_axis: ColumnAxis = -1, dtype: DType = None, **axes: Unpack[FrameAxes]
) -> Initializer:
    """Initializer of a Haar-random matrix whose singular values are all `scale`.

    Raises:
        ValueError: `scale` is negative or not finite; when called, a shape of fewer than 2 axes.

    >>> import jax
    >>> kernel = orthogonal(in_axis=0, out_axis=(1, 2))(jax.random.key(0), (8, 2, 4))
    >>> w = kernel.reshape(8, 8)
    >>> bool(abs(w.T @ w - jax.numpy.eye(8)).max() < 2e-6)
    True
    """
    return SpecInitializer("orthogonal", {"gain": scale}, dtype, frame_layout(column_axis, **axes))


@write_out_keywords
def scaled_orthogonal(
    scale: Gain = 1.0,
    column_axis: ColumnAxis = -1,
    dtype: DType = None,
    *,
    narrowing: Narrowing = "isometric",
    **axes: Unpack[FrameAxes],
) -> Initializer:
    """Initializer of a kernel of `orthogonal`, times `sqrt(out / fan_in)` in widening layers.

    Args:
        narrowing: `"isometric"` leaves narrowing layers as they are; `"spectral"` multiplies them
            too.
    """
    values = {"gain": scale, "narrowing": narrowing}
    return SpecInitializer("scaled_orthogonal", values, dtype, frame_layout(column_axis, **axes))


@write_out_keywords
def delta_orthogonal(
    scale: Gain = 1.0, column_axis: ColumnAxis = -1, dtype: DType = None, **axes: Unpack[FrameAxes]
) -> Initializer:
    """Initializer of a convolution kernel that is 0 except for a Haar-random centre tap.

    The tap's singular values are all `scale`. Unlike in JAX, there may be fewer outputs than
    inputs.
    """
    layout = frame_layout(column_axis, **axes)
    return SpecInitializer("delta_orthogonal", {"gain": scale}, dtype, layout)


@write_out_keywords
def identity(scale: Scalar = 1.0, dtype: DType = None, **axes: Unpack[KernelAxes]) -> Initializer:
    """Initializer of a kernel that passes the first `min(in, out)` channels on, times `scale`.

    Args:
        scale: Factor on the channels.
    """
    return SpecInitializer("identity", {"gain": scale}, dtype, kernel_layout(**axes))
