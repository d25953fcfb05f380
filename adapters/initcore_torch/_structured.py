"""Kernels that keep lengths, or pass their input on."""

from typing import Unpack

import torch
from torch import Generator, Tensor

from initcore import Part
from initcore.initializers import Narrowing

from ._fill import fill
from ._keywords import Draw, Placed, shared_keywords
from ._override import overridable
from ._tensor import check_tensor, in_place, is_plain

__all__ = [
    "delta_orthogonal_", "dirac_", "eye_", "identity_", "orthogonal_", "scaled_orthogonal_",
]  # fmt: skip


@overridable
@shared_keywords
def orthogonal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, **draw: Unpack[Draw]
) -> Tensor:
    """The `(out, in * prod(k))` matrix becomes Haar-random with all singular values `gain`.

    Raises:
        TypeError: The tensor is not of a real floating dtype, or an argument is of the wrong type.
        ValueError: Fewer than 2 axes, or an argument outside its domain.

    >>> import torch
    >>> stacked = orthogonal_(torch.empty(12, 4), seed=0, groups=3)
    >>> q = stacked[:4]
    >>> bool(torch.allclose(q @ q.T, torch.eye(4), atol=1e-6))
    True
    """
    return fill("orthogonal", tensor, {"gain": gain}, generator=generator, **draw)


@overridable
@shared_keywords
def scaled_orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    narrowing: Narrowing = "isometric",
    **draw: Unpack[Draw],
) -> Tensor:
    """As `orthogonal_`, times `sqrt(out / fan_in)` in widening layers.

    Args:
        gain: Singular value before that factor, at least 0.
        narrowing: `"isometric"`, or `"spectral"` for the factor in narrowing layers, too.
    """
    values = {"gain": gain, "narrowing": narrowing}
    return fill("scaled_orthogonal", tensor, values, generator=generator, **draw)


@overridable
@shared_keywords
def delta_orthogonal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, **draw: Unpack[Draw]
) -> Tensor:
    """A convolution kernel becomes 0 but for its centre tap, Haar-random of singular values `gain`.

    Raises:
        ValueError: The tensor has no spatial axes.
    """
    return fill("delta_orthogonal", tensor, {"gain": gain}, generator=generator, **draw)


@overridable
@shared_keywords
def identity_(tensor: Tensor, gain: float = 1.0, **axes: Unpack[Placed]) -> Tensor:
    """The kernel passes the first `min(out, in)` channels of each group on, times `gain`."""
    return fill("identity", tensor, {"gain": gain}, **axes)


@overridable
def eye_(tensor: Tensor, *, part: Part | None = None) -> Tensor:
    """A matrix becomes the identity, cut to its shape.

    Args:
        part: Which part of a kernel the tensor is.

    Raises:
        ValueError: The tensor is no matrix.
    """
    if isinstance(tensor, Tensor) and tensor.ndim != 2:
        raise ValueError(
            f"eye_ needs a matrix, got a tensor of shape {tuple(tensor.shape)}; "
            "for a convolution use dirac_."
        )
    if not is_plain(tensor) or part is not None:
        return fill("identity", tensor, {}, who="eye_", part=part)
    shape, _ = check_tensor(tensor, "eye_", complex_=True)
    with in_place(tensor):  # PyTorch's own, which takes no second tensor
        torch.eye(*shape, out=tensor.detach())  # with out= a parameter would lose its gradient
    return tensor


@overridable
def dirac_(tensor: Tensor, groups: int = 1, *, part: Part | None = None) -> Tensor:
    """A convolution kernel passes the first `min(out, in)` channels of each group on unchanged.

    The tap is `(k - 1) // 2`. With `padding="same"` it leaves the image in place for even `k`, too;
    PyTorch's own `k // 2` shifts it by a pixel there.

    Args:
        groups: Independent kernels along the first axis.
        part: Which part of a kernel the tensor is.

    Raises:
        ValueError: The tensor has not 3 to 5 axes, or `groups` does not divide its first.
    """
    if isinstance(tensor, Tensor) and not 3 <= tensor.ndim <= 5:
        raise ValueError(
            f"dirac_ needs a convolution kernel of 3 to 5 axes, got a tensor of shape "
            f"{tuple(tensor.shape)}; for a dense layer use eye_."
        )
    return fill("identity", tensor, {}, who="dirac_", groups=groups, part=part)
