"""Independent entries with a given standard deviation or interval."""

from typing import Unpack

from initcore.spec import Wording

from ._initializer import CALLED, Initializer, SpecInitializer
from ._keywords import DType, MatrixAxes, Scalar, UnbatchedAxes, makes_initializer
from ._layouts import kernel_layout

__all__ = ["normal", "sparse", "truncated_normal", "uniform"]


@makes_initializer
def uniform(
    scale: Scalar = 1e-2, dtype: DType = None, *, low: Scalar = 0.0, **axes: Unpack[UnbatchedAxes]
) -> Initializer:
    """Initializer of independent entries uniform on `[low, scale)`.

    Args:
        scale: Upper end of the interval.
        low: Lower end.
    """
    wording = Wording(names={"high": "scale"}, called=CALLED)
    values = {"low": low, "high": scale}
    return SpecInitializer("uniform", values, dtype, kernel_layout(**axes), wording)


@makes_initializer
def normal(
    stddev: Scalar = 1e-2,
    dtype: DType = None,
    *,
    mean: Scalar = 0.0,
    **axes: Unpack[UnbatchedAxes],
) -> Initializer:
    """Initializer of independent normal entries of the given mean and standard deviation.

    Args:
        stddev: Standard deviation, at least 0.
        mean: Mean.
    """
    return SpecInitializer("normal", {"mean": mean, "std": stddev}, dtype, kernel_layout(**axes))


@makes_initializer
def truncated_normal(
    stddev: Scalar = 1e-2,
    dtype: DType = None,
    lower: float = -2.0,
    upper: float = 2.0,
    *,
    mean: Scalar = 0.0,
    **axes: Unpack[UnbatchedAxes],
) -> Initializer:
    """Initializer of independent `mean + stddev * z`, `z` standard normal, `lower < z < upper`.

    Args:
        stddev: Standard deviation before truncation, at least 0.
        lower, upper: Where `z` is cut, in standard deviations. They cannot be traced.
        mean: Mean before truncation.

    Raises:
        ValueError: `lower` is not below `upper`.
    """
    values = {"mean": mean, "std": stddev, "low": lower, "high": upper}
    init = SpecInitializer("truncated_normal", values, dtype, kernel_layout(**axes))
    if not float(lower) < float(upper):
        raise ValueError(f"truncated_normal needs lower < upper, got {lower} and {upper}.")
    return init


@makes_initializer
def sparse(
    sparsity: float, stddev: Scalar = 1e-2, dtype: DType = None, **axes: Unpack[MatrixAxes]
) -> Initializer:
    """Initializer of a matrix `(in, out)`: a fraction `sparsity` of each input's weights is zero.

    Args:
        sparsity: Fraction of zeros, in `[0, 1]`. It cannot be traced.
        stddev: Standard deviation of the other entries, which are normal.
    """
    values = {"sparsity": sparsity, "std": stddev}
    return SpecInitializer("sparse", values, dtype, kernel_layout(**axes))
