"""Constant fills, and independent entries whose spread is given outright."""

from typing import Any, Unpack

from torch import Generator, Tensor

from initcore import Part
from initcore.arguments import as_float, short_repr
from initcore.initializers import check_cuts
from initcore.spec import check_part

from ._fill import fill
from ._keywords import Draw, DrawnAsIs, Rectangle, shared_keywords
from ._override import overridable
from ._tensor import check_places, in_place, shape_of, unexpanded

__all__ = [
    "constant_",
    "normal_",
    "ones_",
    "sparse_",
    "trunc_normal_",
    "truncated_normal_",
    "uniform_",
    "zeros_",
]

HUGE = (
    1 << 28
)  # elements; larger tensors that share memory are refused, not written many times over


@overridable
@shared_keywords
def zeros_(tensor: Tensor, **which: Unpack[Rectangle]) -> Tensor:
    """Every element becomes 0. Tensors of any dtype and layout."""
    return _constant("zeros", tensor, 0.0, **which)


@overridable
@shared_keywords
def ones_(tensor: Tensor, **which: Unpack[Rectangle]) -> Tensor:
    """Every element becomes 1. Tensors of any dtype and layout."""
    return _constant("ones", tensor, 1.0, **which)


@overridable
@shared_keywords
def constant_(tensor: Tensor, val: float, **which: Unpack[Rectangle]) -> Tensor:
    """Every element becomes `val`. Tensors of any dtype and layout.

    Args:
        val: A number that the tensor's dtype can hold.
    """
    return _constant("constant", tensor, val, **which)


@overridable
@shared_keywords
def uniform_(
    tensor: Tensor,
    a: float = 0.0,
    b: float = 1.0,
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent, uniform on `[a, b)`.

    `transposed` and `groups` change only which entry gets which number. With them the kernel of a
    transposed convolution, or an embedding, has the same weights as in Keras and JAX.

    Args:
        a: Lower end of the interval.
        b: Upper end.

    Raises:
        ValueError: `a` is above `b`, or either is not finite.
    """
    low, high = _number("uniform_", "a", a), _number("uniform_", "b", b)
    if low > high:
        raise ValueError(f"uniform_ needs a <= b, got {a} and {b}.")
    values, names = {"low": a, "high": b}, {"low": "a", "high": "b"}
    return fill("uniform", tensor, values, names=names, generator=generator, **draw)


@overridable
@shared_keywords
def normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent normal with the given mean and standard deviation."""
    return fill("normal", tensor, {"mean": mean, "std": std}, generator=generator, **draw)


@overridable
@shared_keywords
def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent `mean + std * z` given that they lie between `a` and `b`.

    As in PyTorch the cuts are values; `truncated_normal_` takes them in deviations.

    Args:
        mean: Mean before truncation.
        std: Standard deviation before truncation, above 0.
        a: Lower cut, a value.
        b: Upper cut, a value.

    Raises:
        ValueError: `a` is not below `b`, both are far out on one side, or `std` is not positive.
    """
    a, b, mean, std = (
        _number("trunc_normal_", name, value)
        for name, value in (("a", a), ("b", b), ("mean", mean), ("std", std))
    )
    if not a < b:
        raise ValueError(f"trunc_normal_ needs a < b, got {a} and {b}.")
    if not std > 0:
        raise ValueError(f"trunc_normal_ needs std > 0, got {std}.")
    low, high = (a - mean) / std, (b - mean) / std
    return _truncated("trunc_normal_", tensor, mean, std, low, high, generator, **draw)


@overridable
@shared_keywords
def truncated_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    low: float = -2.0,
    high: float = 2.0,
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent `mean + std * z`, `z` standard normal with `low < z < high`.

    Raises:
        ValueError: `low` is not below `high`, or both are far out on one side.
    """
    who = "truncated_normal_"
    low, high = _number(who, "low", low), _number(who, "high", high)
    return _truncated(who, tensor, mean, std, low, high, generator, **draw)


@overridable
@shared_keywords
def sparse_(
    tensor: Tensor,
    sparsity: float,
    std: float = 0.01,
    generator: Generator | None = None,
    **source: Unpack[DrawnAsIs],
) -> Tensor:
    """Each column gets `ceil(sparsity * rows)` zeros and normal entries elsewhere.

    Raises:
        ValueError: The tensor is no matrix, or `sparsity` is not in `[0, 1]`.
    """
    values = {"sparsity": sparsity, "std": std}
    return fill("sparse", tensor, values, generator=generator, **source)


def _number(who: str, name: str, value: Any) -> float:
    if type(value) is float:
        return value
    try:
        return as_float(value)
    except TypeError:
        raise TypeError(f"{who} needs {name} to be a number, got {short_repr(value)}.") from None


def _truncated(
    who: str,
    tensor: Tensor,
    mean: float,
    std: float,
    low: float,
    high: float,
    generator: Generator | None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Truncated normal entries, with the cuts in deviations from the mean."""
    if isinstance(tensor, Tensor):
        check_cuts(who, low, high, tensor.dtype)
    values = {"mean": mean, "std": std, "low": low, "high": high}
    return fill("truncated_normal", tensor, values, who=who, generator=generator, **draw)


def _constant(name: str, tensor: Tensor, val: Any, part: Part | None = None) -> Tensor:
    """PyTorch's own fill, which needs no second tensor and knows integers and sparse ones too."""
    who = f"{name}_"
    shape = shape_of(tensor, who)
    if part is not None:
        check_part(who, part, shape)
    once = unexpanded(tensor)
    if once.numel() > HUGE and once.device.type != "meta":
        check_places(once, who)
    with in_place(tensor):
        try:
            once.zero_() if name == "zeros" else once.fill_(val)
        except NotImplementedError:
            raise TypeError(
                f"{who} needs a tensor that PyTorch can fill, got layout {tensor.layout}."
            ) from None
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            what = "val to be a number" if name == "constant" else "a number"
            raise kind(
                f"{who} needs {what} that a tensor of {tensor.dtype} can hold, "
                f"got {short_repr(val)}."
            ) from error
    return tensor
