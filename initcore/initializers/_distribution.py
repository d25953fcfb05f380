"""Kernels of independent entries with given parameters of their distribution."""

from collections.abc import Iterator
from typing import Any

from ..arrays import Array, dtype_name, is_complex
from ..invariants import Bounded, ColumnSparse, HasLaw
from ..random import Rng
from ..spec import Kernel, Real, Region, ShapeRule, initializer

__all__ = ["check_cuts", "normal", "shifted", "sparse", "truncated_normal", "uniform"]

ANY = ShapeRule()
MEAN = Real("mean of the entries")
STD = Real("standard deviation of the entries", low=0.0)
# In standard deviations; beyond, the normal distribution function has too few values near 0 or 1.
REACH = {"float32": 4.0, "float64": 7.0}


@initializer(
    shape=ANY,
    parameters={"low": Real("lower end of the interval"), "high": Real("upper end")},
    invariants=(HasLaw("uniform"), Bounded()),
    rounds=True,
    source="elementary",
    complex_=True,
)
def uniform(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    low: float = 0.0,
    high: float = 1.0,
    out: Array | None = None,
) -> Array:
    """Array of independent entries uniform on `[low, high)`.

    Complex entries have independent parts, each of them uniform there, as in PyTorch.

    Raises:
        ValueError: `low` is above `high`.

    >>> bool((uniform(Rng(0), (100,), low=-1.0) >= -1).all())
    True
    """
    if isinstance(low, float) and isinstance(high, float) and low > high:
        raise ValueError(f"uniform needs low <= high, got {low:g} and {high:g}.")
    if not (isinstance(low, float) and isinstance(high, float)):  # traced
        corner = low * (1 + 1j) if is_complex(rng.dtype) else low
        return corner + (high - low) * rng.uniform(shape)
    return rng.uniform(shape, low, high, out=out)


@initializer(
    shape=ANY,
    parameters={"mean": MEAN, "std": STD},
    invariants=(HasLaw("normal"),),
    rounds=True,
    source="elementary",
    complex_=True,
)
def normal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    mean: float = 0.0,
    std: float = 1.0,
    out: Array | None = None,
) -> Array:
    """Array of independent normal entries with the given `mean` and standard deviation `std`.

    >>> bool(abs(normal(Rng(0), (4000,), std=0.1).std() - 0.1) < 0.01)
    True
    """
    if isinstance(mean, float) and isinstance(std, float):
        return rng.normal(shape, mean=mean, std=std, out=out)
    return shifted(rng.normal(shape, out=out), mean, std)


@initializer(
    shape=ANY,
    parameters={
        "mean": MEAN,
        "std": Real("standard deviation before truncation", low=0.0),
        "low": Real("lower cut, in deviations from the mean", finite=False, static=True),
        "high": Real("upper cut, in deviations from the mean", finite=False, static=True),
    },
    invariants=(HasLaw("truncated_normal"), Bounded()),
    rounds=True,
    source="elementary; the deviation is the one before truncation, as Keras and JAX have it",
)
def truncated_normal(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    mean: float = 0.0,
    std: float = 1.0,
    low: float = -2.0,
    high: float = 2.0,
    out: Array | None = None,
) -> Array:
    """Array of independent `mean + std * z`, `z` standard normal given that `low < z < high`.

    Raises:
        ValueError: `low` is not below `high`, or both are far from the mean on the same side.

    >>> bool(abs(truncated_normal(Rng(0), (4000,))).max() < 2)
    True
    """
    check_cuts("truncated_normal", low, high, rng.dtype)
    if isinstance(mean, float) and isinstance(std, float):
        return rng.truncated_normal(shape, low, high, mean=mean, std=std, out=out)
    return shifted(rng.truncated_normal(shape, low, high, out=out), mean, std)


@initializer(
    shape=ShapeRule(2, 2, "a matrix"),
    parameters={
        "sparsity": Real("fraction of each input's weights that is zero", 0.0, 1.0, static=True),
        "std": STD,
    },
    invariants=(ColumnSparse(),),
    source="Martens, ICML 2010",
    example={"sparsity": 0.5},
    complex_=True,
)
def sparse(
    rng: Rng[Array],
    shape: tuple[int, ...],
    /,
    *,
    sparsity: float,
    std: float = 0.01,
    region: Region | None = None,
) -> Array:
    """Matrix whose every column has `ceil(sparsity * out)` zeros and normal entries elsewhere.

    The other entries have standard deviation `std`.

    >>> w = sparse(Rng(0), (10, 7), sparsity=0.25)
    >>> [int(n) for n in (w == 0).sum(axis=0)]
    [3, 3, 3, 3, 3, 3, 3]
    """
    xp, kernel = rng.xp, Kernel(shape)
    values, places = rng.split(2)
    zeros, some = zeros_per_column(sparsity, kernel.out), region or Region.whole(shape)
    sizes, start, strides = some.window(shape)
    w = shifted(
        xp.reshape(values.normal(sizes, start=start, strides=strides), some.shape), 0.0, std
    )
    if some.traced:
        order: Any = places.permutation((kernel.in_, kernel.out))
        cut: Any = some.of(xp.matrix_transpose(order < zeros), xp)
    else:
        rows = Region(some.starts[:1], some.runs[:1])
        # Orders are those of whole columns: a few at a time, where few rows of many are wanted.
        step = max(1, kernel.in_ * some.shape[0] // kernel.out)
        orders: Iterator[Any] = (
            places.permutation((min(step, b - c), kernel.out), first=c, of=kernel.in_)
            for a, b in some.pieces(1)
            for c in range(a, b, step)
        )
        # Copies: views would keep all rows.
        kept = (rows.of(xp.matrix_transpose(each < zeros), xp) for each in orders)
        cut = xp.concat([xp.asarray(part, copy=True) for part in kept], axis=1)
    return xp.where(cut, xp.zeros_like(w[:1, :1]), w)


def zeros_per_column(sparsity: float, out: int) -> int:
    """`ceil(sparsity * out)`, without the rounding of the product."""
    return -int(-sparsity * out // 1)


def check_cuts(who: str, low: float, high: float, dtype: Any) -> None:
    """A `ValueError` unless a truncated normal of `dtype` takes enough numbers between the cuts.

    Args:
        who: The name of the caller, for the error's text.
        low, high: Cuts, in standard deviations from the mean.
        dtype: Of the result; halves are drawn in float32.
    """
    if not low < high:
        raise ValueError(f"{who} needs low < high, got {low:g} and {high:g}.")
    fine = "float64" if dtype_name(dtype) == "float64" else "float32"
    reach = REACH[fine]
    if low > reach or high < -reach:
        raise ValueError(
            f"{who} needs numbers up to {reach:g} deviations from the mean to be left, "
            f"got cuts at {low:g} and {high:g} deviations; beyond, {fine} has too few."
        )


def shifted(z: Any, mean: Any, std: Any) -> Any:
    """`mean + std * z`, written over `z` where arrays can be written to and nothing is traced.

    Without the sum where the mean is 0 (a fused sum rounds differently).
    """
    if not isinstance(std, float):
        z = z * std
    elif std != 1.0:
        z *= std
    if not isinstance(mean, float):
        z = z + mean
    elif mean != 0.0:
        z += mean
    return z
