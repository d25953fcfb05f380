"""The initializers of the founding papers."""

from typing import Any

from ._init import Axes, Initializer, make
from ._layouts import frame_layout, layout_of

__all__ = [
    "conv_orthogonal",
    "hadamard",
    "idinit",
    "idinit_zero",
    "mirrored",
    "sparse_orthogonal",
]

SCALE = {"gain": "scale"}


def conv_orthogonal(
    scale: Any = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a convolution kernel whose matrix at every frequency is `scale` orthogonal.

    With circular padding and stride 1 the layer keeps lengths.
    """
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    return make("conv_orthogonal", {"gain": scale}, dtype, layout, names=SCALE)


def sparse_orthogonal(
    density: float,
    scale: Any = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    sampling: str = "uniform",
    tap_density: str = "same",
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a kernel with a share `density` of nonzeros and all singular values `scale`.

    Args:
        density: Fraction of nonzeros, at least one a line of the matrix.
        scale, column_axis, dtype, in_axis, out_axis, batch_axis, groups: As of `orthogonal`.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: Of a convolution's centre tap: `"same"` or `"more"`.
    """
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    values = {"density": density, "gain": scale, "sampling": sampling, "tap_density": tap_density}
    return make("sparse_orthogonal", values, dtype, layout, names=SCALE)


def mirrored(
    scale: Any = 1.0,
    dtype: Any = None,
    *,
    part: str = "hidden",
    base: str = "orthogonal",
    activation: Any = "relu",
    negative_slope: float = 0.01,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of `[[W0, -W0], [-W0, W0]]`, with which a ReLU net is linear.

    Args:
        scale: Factor on the half block `W0`.
        dtype: Default dtype.
        part: `"first"` layer `[W0; -W0]`, `"hidden"`, or `"last"` `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: The one before the layer; it needs `phi(u) - phi(-u) = c u`.
        negative_slope: Of a leaky ReLU.
        in_axis, out_axis, batch_axis, groups: As of `variance_scaling`.
    """
    values = {
        "gain": scale,
        "part": part,
        "base": base,
        "activation": activation,
        "negative_slope": negative_slope,
    }
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("mirrored", values, dtype, layout, names=SCALE)


def idinit(
    tau: Any = 1.0,
    dtype: Any = None,
    *,
    noise: Any = 1e-6,
    taps: str = "center",
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer whose output `m` is `tau` times weight `m % fan_in` of its input (IDInit)."""
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("idinit", {"tau": tau, "noise": noise, "taps": taps}, dtype, layout)


def idinit_zero(
    eps: Any = 1e-6,
    dtype: Any = None,
    *,
    taps: str = "center",
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of rows `eps`, `-eps` at neighbouring inputs: for the last layer of a branch."""
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("idinit_zero", {"eps": eps, "taps": taps}, dtype, layout)


def hadamard(
    scale: Any = 1.0,
    dtype: Any = None,
    *,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a partial identity, or of a part of a Hadamard matrix if widening (ZerO)."""
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("hadamard", {"gain": scale}, dtype, layout, names=SCALE)
