"""Constant fills, and independent entries whose spread is given outright."""

from typing import Any

from torch import Generator, Tensor

from initcore import specs
from initcore.arguments import as_float, short_repr
from initcore.spec import Wording

from ._fill import fill
from ._tensor import check_places, in_place, once, shape_of

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

HUGE = 1 << 28  # elements; from here, what shares memory is not written many times over


def zeros_(tensor: Tensor) -> Tensor:
    """Every element becomes 0. Tensors of any dtype and layout."""
    return _constant("zeros", tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element becomes 1. Tensors of any dtype and layout."""
    return _constant("ones", tensor, 1.0)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element becomes `val`. Tensors of any dtype and layout."""
    return _constant("constant", tensor, val, value=val)


def uniform_(
    tensor: Tensor,
    a: float = 0.0,
    b: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent, uniform on `[a, b)`.

    `transposed` (and `groups` with it) changes only which entry gets which number: with it the
    kernel of a transposed convolution, or an embedding, has the same weights as in Keras and JAX.

    Raises:
        ValueError: `a` is above `b`, or either is not finite.
    """
    names = {"low": "a", "high": "b"}
    low, high = _number("uniform_", "a", a), _number("uniform_", "b", b)
    if low > high:
        raise ValueError(f"uniform_ needs a <= b, got {a} and {b}.")
    return fill(
        "uniform",
        tensor,
        {"low": a, "high": b},
        names=names,
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent normal, of the given mean and standard deviation."""
    return fill(
        "normal",
        tensor,
        {"mean": mean, "std": std},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent `mean + std * z` given that they lie between `a` and `b`.

    As in PyTorch the cuts are values, not deviations, and `std` is the one before truncation. For
    cuts in deviations see `truncated_normal_`.

    Raises:
        ValueError: `a` is not below `b`, or `std` is not positive.
    """
    a, b, mean, std = (
        _number("trunc_normal_", name, value)
        for name, value in (("a", a), ("b", b), ("mean", mean), ("std", std))
    )
    if not a < b:
        raise ValueError(f"trunc_normal_ needs a < b, got {a} and {b}.")
    if not std > 0:
        raise ValueError(f"trunc_normal_ needs std > 0, got {std}.")
    cuts = {"low": (a - mean) / std, "high": (b - mean) / std}
    return fill(
        "truncated_normal", tensor, {"mean": mean, "std": std, **cuts},
        who="trunc_normal_", generator=generator, seed=seed,
        groups=groups, transposed=transposed,
    )  # fmt: skip


def truncated_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    low: float = -2.0,
    high: float = 2.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent `mean + std * z`, `z` standard normal with `low < z < high`."""
    values = {"mean": mean, "std": std, "low": low, "high": high}
    return fill(
        "truncated_normal",
        tensor,
        values,
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def sparse_(
    tensor: Tensor,
    sparsity: float,
    std: float = 0.01,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
) -> Tensor:
    """Each column gets `ceil(sparsity * rows)` zeros and normal entries elsewhere.

    Raises:
        ValueError: The tensor is no matrix, or `sparsity` is not in `[0, 1]`.
    """
    values = {"sparsity": sparsity, "std": std}
    return fill("sparse", tensor, values, generator=generator, seed=seed)


def _number(who: str, name: str, value: Any) -> float:
    if type(value) is float:
        return value
    try:
        return as_float(value)
    except TypeError:
        raise TypeError(f"{who} needs {name} to be a number, got {short_repr(value)}.") from None


def _constant(name: str, tensor: Tensor, val: Any, **parameters: Any) -> Tensor:
    """PyTorch's own fill, which needs no second tensor and knows integers and sparse ones too."""
    who = f"{name}_"
    if not isinstance(tensor, Tensor) or tensor.is_floating_point():
        wording = Wording(lambda _: who, "a tensor of shape", {"value": "val"})
        specs[name].check(shape_of(tensor, who), parameters, wording=wording)
    part = once(tensor)
    if part.numel() > HUGE and part.device.type != "meta":
        check_places(part, who)
    with in_place(tensor):
        try:
            part.zero_() if name == "zeros" else part.fill_(val)
        except NotImplementedError:
            raise TypeError(
                f"{who} needs a tensor that PyTorch can fill, got layout {tensor.layout}."
            ) from None
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(
                f"{who} needs a number that a tensor of {tensor.dtype} can hold, "
                f"got {short_repr(val)}."
            ) from error
    return tensor
