"""Independent entries whose variance is set by the layer's size."""

from typing import Any

from ._init import Axes, Initializer, make
from ._layouts import layout_of

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "lecun_uniform",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
]


def variance_scaling(
    scale: Any,
    mode: str,
    distribution: str,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent entries with mean 0 and variance `scale / fan`.

    Args:
        scale: Variance times fan.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        distribution: `"truncated_normal"` (the variance is the one after truncation), `"normal"`
            or `"uniform"`.
        in_axis, out_axis, batch_axis: Axes of inputs, outputs and independent kernels; the others
            are spatial.
        dtype: Default dtype.
        groups: Independent kernels along the outputs, as of a grouped convolution.
    """
    values = {"scale": scale, "mode": mode, "distribution": distribution}
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("variance_scaling", values, dtype, layout)


def glorot_normal(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent truncated normal entries of variance `2 / (fan_in + fan_out)`."""
    return make("glorot_normal", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


def glorot_uniform(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent uniform entries of variance `2 / (fan_in + fan_out)`."""
    return make("glorot_uniform", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


def lecun_normal(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent truncated normal entries of variance `1 / fan_in`."""
    return make("lecun_normal", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


def lecun_uniform(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent uniform entries of variance `1 / fan_in`."""
    return make("lecun_uniform", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


def he_normal(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent truncated normal entries of variance `2 / fan_in`."""
    return make("he_normal", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


def he_uniform(
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
    *,
    groups: int = 1,
) -> Initializer:
    """Initializer of independent uniform entries of variance `2 / fan_in`."""
    return make("he_uniform", {}, dtype, layout_of(in_axis, out_axis, batch_axis, groups))


xavier_normal = glorot_normal
xavier_uniform = glorot_uniform
kaiming_normal = he_normal
kaiming_uniform = he_uniform
