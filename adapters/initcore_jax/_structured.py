"""Kernels that keep lengths, or pass their input on."""

import dataclasses
from collections.abc import Sequence
from typing import Unpack

import jax

from initcore import Part
from initcore.arrays import REAL, dtype_name
from initcore.initializers import Narrowing
from initcore.spec import Wording

from ._init import _any_dtype
from ._initializer import CALLED, NAMES, Initializer, SpecInitializer
from ._keywords import (
    ColumnAxis,
    DType,
    FrameAxes,
    Gain,
    KernelAxes,
    OutSharding,
    Scalar,
    makes_initializer,
)
from ._layouts import frame_layout, kernel_layout

__all__ = ["delta_orthogonal", "identity", "orthogonal", "scaled_orthogonal"]

# The words of JAX, and of Haiku.
MATRIX = {"shape": "orthogonal initializer requires at least a 2D shape: "}
PASSING = {"shape": "Identity initializer requires at least a 2D shape: "}
CONVOLUTION = {"shape": "Delta orthogonal initializer requires a 3D, 4D or 5D shape: "}


@makes_initializer
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
    layout, wording = (
        frame_layout(column_axis, **axes),
        Wording(names=NAMES, called=CALLED, leads=MATRIX),
    )
    return SpecInitializer("orthogonal", {"gain": scale}, dtype, layout, wording)


@makes_initializer
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


@makes_initializer
def delta_orthogonal(
    scale: Gain = 1.0, column_axis: ColumnAxis = -1, dtype: DType = None, **axes: Unpack[FrameAxes]
) -> Initializer:
    """Initializer of a convolution kernel that is 0 except for a Haar-random centre tap.

    The tap's singular values are all `scale`. Unlike in JAX, there may be fewer outputs than
    inputs.
    """
    layout, wording = (
        frame_layout(column_axis, **axes),
        Wording(names=NAMES, called=CALLED, leads=CONVOLUTION),
    )
    return SpecInitializer("delta_orthogonal", {"gain": scale}, dtype, layout, wording)


class IdentityInitializer(SpecInitializer):
    """A `SpecInitializer` of dtypes without fractions too."""

    def repeated(self, ndim: int) -> "IdentityInitializer":
        """The one of Haiku: the identity for each index of the axes before the last two.

        Unless the axes were named otherwise, which Haiku's `Identity` does not know.
        """
        if ndim < 2 or self.layout != kernel_layout(-2, -1):
            return self
        return dataclasses.replace(self, layout=kernel_layout(-2, -1, range(ndim - 2)))

    def __call__(
        self,
        key: jax.Array | None,
        shape: Sequence[int],
        dtype: DType = None,
        out_sharding: OutSharding = None,
        *,
        part: Part | None = None,
    ) -> jax.Array:
        kind = _any_dtype(self.dtype if dtype is None else dtype, self.name)
        if dtype_name(kind) in REAL:
            return super().__call__(key, shape, kind, out_sharding, part=part)
        return super().__call__(key, shape, float, out_sharding, part=part).astype(kind)


@makes_initializer
def identity(scale: Scalar = 1.0, dtype: DType = None, **axes: Unpack[KernelAxes]) -> Initializer:
    """Initializer of a kernel that passes the first `min(in, out)` channels on, times `scale`.

    It takes every dtype.

    Args:
        scale: Factor on the channels.
    """
    layout, wording = kernel_layout(**axes), Wording(names=NAMES, called=CALLED, leads=PASSING)
    return IdentityInitializer("identity", {"gain": scale}, dtype, layout, wording)
