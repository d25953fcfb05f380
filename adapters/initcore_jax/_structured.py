"""Kernels that keep lengths, or pass their input on."""

from typing import Any

from ._init import Axes, Initializer, make
from ._layouts import frame_layout, layout_of

__all__ = ["delta_orthogonal", "identity", "orthogonal", "scaled_orthogonal"]

SCALE = {"gain": "scale"}


def orthogonal(
    scale: Any = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a Haar-random matrix whose singular values are all `scale`.

    Args:
        scale: Singular value, at least 0.
        column_axis: The output axis; all others together are the inputs.
        dtype: Default dtype.
        in_axis, out_axis: Axes of inputs and outputs instead, each an int or several: the query
            kernel `(dim, heads, head_dim)` of attention has `in_axis=0, out_axis=(1, 2)`.
        batch_axis: Axes that count independent kernels.
        groups: Independent kernels along the outputs, as of a grouped convolution.

    Raises:
        ValueError: `scale` is negative or not finite; when called, a shape of fewer than 2 axes.

    >>> import jax
    >>> kernel = orthogonal(in_axis=0, out_axis=(1, 2))(jax.random.key(0), (8, 2, 4))
    >>> w = kernel.reshape(8, 8)
    >>> bool(abs(w.T @ w - jax.numpy.eye(8)).max() < 2e-6)
    True
    """
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    return make("orthogonal", {"gain": scale}, dtype, layout, names=SCALE)


def scaled_orthogonal(
    scale: Any = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    narrowing: str = "isometric",
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """As `orthogonal`, times `sqrt(out / fan_in)` in widening layers.

    With `narrowing="spectral"` in narrowing ones too.
    """
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    values = {"gain": scale, "narrowing": narrowing}
    return make("scaled_orthogonal", values, dtype, layout, names=SCALE)


def delta_orthogonal(
    scale: Any = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a convolution kernel that is 0 but for a Haar-random centre tap.

    Its singular values are `scale`; there may be fewer outputs than inputs.
    """
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    return make("delta_orthogonal", {"gain": scale}, dtype, layout, names=SCALE)


def identity(
    scale: Any = 1.0,
    dtype: Any = None,
    *,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Initializer:
    """Initializer of a kernel that passes the first `min(in, out)` channels on, times `scale`."""
    layout = layout_of(in_axis, out_axis, batch_axis, groups)
    return make("identity", {"gain": scale}, dtype, layout, names=SCALE)
