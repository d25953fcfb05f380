"""Kernels that keep lengths, or pass their input on."""

from torch import Generator, Tensor

from ._fill import fill

__all__ = [
    "delta_orthogonal_",
    "dirac_",
    "eye_",
    "identity_",
    "orthogonal_",
    "scaled_orthogonal_",
]


def orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """The `(out, in * prod(k))` matrix becomes Haar-random with all singular values `gain`.

    Args:
        gain: Singular value, at least 0.
        generator: PyTorch generator to take the seed from, if no `seed` is given.
        seed: Integer, `0 <= seed < 2**64`; the generator is then left alone.
        groups: Independent kernels along the first axis: a grouped convolution's, or the stacked
            projections of `nn.MultiheadAttention` (3), `nn.LSTM` (4) or `nn.GRU` (3).
        transposed: Whether it is the kernel `(in, out / groups, *k)` of a transposed convolution.

    Raises:
        TypeError: The tensor is not of a real floating dtype, or an argument of the wrong type.
        ValueError: Fewer than 2 axes, or an argument outside its domain.

    >>> import torch
    >>> stacked = orthogonal_(torch.empty(12, 4), seed=0, groups=3)
    >>> q = stacked[:4]
    >>> bool(torch.allclose(q @ q.T, torch.eye(4), atol=1e-6))
    True
    """
    return fill(
        "orthogonal",
        tensor,
        {"gain": gain},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def scaled_orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    narrowing: str = "isometric",
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """As `orthogonal_`, times `sqrt(out / fan_in)` in widening layers.

    With `narrowing="spectral"` in narrowing ones too.
    """
    return fill(
        "scaled_orthogonal",
        tensor,
        {"gain": gain, "narrowing": narrowing},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def delta_orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """A convolution kernel becomes 0 but for its centre tap, Haar-random of singular values `gain`.

    Raises:
        ValueError: The tensor has no spatial axes.
    """
    return fill(
        "delta_orthogonal",
        tensor,
        {"gain": gain},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def identity_(
    tensor: Tensor, gain: float = 1.0, *, groups: int = 1, transposed: bool = False
) -> Tensor:
    """The kernel passes the first `min(out, in)` channels of each group on, times `gain`."""
    return fill(
        "identity",
        tensor,
        {"gain": gain},
        groups=groups,
        transposed=transposed,
    )


def eye_(tensor: Tensor) -> Tensor:
    """A matrix becomes the identity, cut to its shape.

    Raises:
        ValueError: The tensor is no matrix.
    """
    if isinstance(tensor, Tensor) and tensor.ndim != 2:
        raise ValueError(
            f"eye_ needs a matrix, got a tensor of shape {tuple(tensor.shape)}; "
            "for a convolution use dirac_."
        )
    return fill("identity", tensor, {}, who="eye_")


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution kernel passes the first `min(out, in)` channels of each group on unchanged.

    The tap is `(k - 1) // 2`, so that `padding="same"` leaves the image in place for even `k` too,
    where PyTorch's own `k // 2` shifts it by a pixel.

    Raises:
        ValueError: The tensor has not 3 to 5 axes, or `groups` does not divide its first.
    """
    if isinstance(tensor, Tensor) and not 3 <= tensor.ndim <= 5:
        raise ValueError(
            f"dirac_ needs a convolution kernel of 3 to 5 axes, got a tensor of shape "
            f"{tuple(tensor.shape)}; for a dense layer use eye_."
        )
    return fill("identity", tensor, {}, who="dirac_", groups=groups)
