"""The initializers of the founding papers."""

from collections.abc import Callable
from typing import Any, Unpack

from initcore.initializers import Base, Part, Sampling, TapDensity, Taps

from ._initializer import Initializer, SpecInitializer
from ._keywords import ColumnAxis, DType, FrameAxes, Gain, KernelAxes, Scalar, makes_initializer
from ._layouts import frame_layout, kernel_layout

__all__ = [
    "conv_orthogonal",
    "hadamard",
    "idinit",
    "idinit_zero",
    "mirrored",
    "sparse_orthogonal",
]


@makes_initializer
def conv_orthogonal(
    scale: Gain = 1.0, column_axis: ColumnAxis = -1, dtype: DType = None, **axes: Unpack[FrameAxes]
) -> Initializer:
    """Initializer of a convolution kernel whose matrix at every frequency is `scale` orthogonal.

    With circular padding and stride 1 the layer multiplies lengths by `scale`.
    """
    layout = frame_layout(column_axis, **axes)
    return SpecInitializer("conv_orthogonal", {"gain": scale}, dtype, layout)


@makes_initializer
def sparse_orthogonal(
    density: float,
    scale: Gain = 1.0,
    column_axis: ColumnAxis = -1,
    dtype: DType = None,
    *,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    **axes: Unpack[FrameAxes],
) -> Initializer:
    """Initializer of a sparse kernel whose singular values are all `scale`.

    Args:
        density: Fraction of nonzeros; every row of the matrix has at least one, or every column if
            there are fewer columns.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: Density of a convolution's centre tap: `"same"` or `"more"`.
    """
    values = {"density": density, "gain": scale, "sampling": sampling, "tap_density": tap_density}
    return SpecInitializer("sparse_orthogonal", values, dtype, frame_layout(column_axis, **axes))


@makes_initializer
def mirrored(
    scale: Scalar = 1.0,
    dtype: DType = None,
    *,
    part: Part = "hidden",
    base: Base = "orthogonal",
    activation: str | Callable[[Any], Any] = "relu",
    negative_slope: float = 0.01,
    **axes: Unpack[KernelAxes],
) -> Initializer:
    """Initializer of `[[W0, -W0], [-W0, W0]]`, with which a ReLU net is linear.

    Args:
        scale: Factor on the half block `W0`.
        part: `"first"` layer `[W0; -W0]`, `"hidden"`, or `"last"` `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: Activation in front of the layer; it needs `phi(u) - phi(-u) = c u`.
        negative_slope: Slope of a leaky ReLU.
    """
    rule = {"part": part, "base": base, "activation": activation, "negative_slope": negative_slope}
    return SpecInitializer("mirrored", {"gain": scale, **rule}, dtype, kernel_layout(**axes))


@makes_initializer
def idinit(
    tau: Scalar = 1.0,
    dtype: DType = None,
    *,
    noise: Scalar = 1e-6,
    taps: Taps = "center",
    **axes: Unpack[KernelAxes],
) -> Initializer:
    """Initializer whose output `m` is `tau` times weight `m % fan_in` of its input (IDInit).

    Args:
        tau: Factor on the input.
        noise: Standard deviation of the nonzeros around `tau`, so that equal rows can part.
        taps: Order in which the taps of a convolution are filled: `"center"` outwards, from the
            `"corner"`, or all taps of one input and then of the next (`"patch"`).
    """
    values = {"tau": tau, "noise": noise, "taps": taps}
    return SpecInitializer("idinit", values, dtype, kernel_layout(**axes))


@makes_initializer
def idinit_zero(
    eps: Scalar = 1e-6,
    dtype: DType = None,
    *,
    taps: Taps = "center",
    **axes: Unpack[KernelAxes],
) -> Initializer:
    """Initializer of rows `eps`, `-eps` at neighbouring inputs: for the last layer of a branch.

    Args:
        eps: Size of the nonzeros, above 0.
        taps: As of `idinit`.
    """
    return SpecInitializer("idinit_zero", {"eps": eps, "taps": taps}, dtype, kernel_layout(**axes))


@makes_initializer
def hadamard(scale: Scalar = 1.0, dtype: DType = None, **axes: Unpack[KernelAxes]) -> Initializer:
    """Initializer of a partial identity, or of a part of a Hadamard matrix if widening (ZerO).

    Args:
        scale: Factor on the matrix.
    """
    return SpecInitializer("hadamard", {"gain": scale}, dtype, kernel_layout(**axes))
