"""The initializers of the founding papers."""

from collections.abc import Callable
from typing import Any, Unpack

from torch import Generator, Tensor

from initcore import Part
from initcore.initializers import Base, Sampling, TapDensity, Taps
from initcore.initializers import Part as Side

from ._fill import fill
from ._keywords import Draw, DrawnWhole, Placed, shared_keywords
from ._override import overridable

__all__ = [
    "conv_orthogonal_", "hadamard_", "idinit_", "idinit_zero_", "mirrored_", "sparse_orthogonal_",
]  # fmt: skip


@overridable
@shared_keywords
def mirrored_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    part: Side = "hidden",
    base: Base = "orthogonal",
    activation: str | Callable[..., Any] = "relu",
    negative_slope: float = 0.01,
    piece: Part | None = None,
    **draw: Unpack[DrawnWhole],
) -> Tensor:
    """The kernel becomes `[[W0, -W0], [-W0, W0]]`: a ReLU net of such layers is linear.

    Args:
        gain: Factor on the half block `W0`.
        part: `"first"` layer `[W0; -W0]`, `"hidden"`, or `"last"` `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: The one before the layer, by name or as a function of tensors; it needs
            `phi(u) - phi(-u) = c u`.
        negative_slope: Of a leaky ReLU.
        piece: Which rectangle of a larger kernel the tensor is, as `part` says in other functions;
            for a hidden layer `part` may say it here, too.
    """
    given: Any = part
    if isinstance(given, Part):
        piece, part = given, "hidden"
    values = {
        "gain": gain, "part": part, "base": base, "activation": activation,
        "negative_slope": negative_slope,
    }  # fmt: skip
    return fill("mirrored", tensor, values, generator=generator, part=piece, **draw)


@overridable
@shared_keywords
def conv_orthogonal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, **draw: Unpack[Draw]
) -> Tensor:
    """A convolution kernel's matrix at every frequency gets all singular values `gain`.

    The layer keeps lengths with circular padding and stride 1.
    """
    return fill("conv_orthogonal", tensor, {"gain": gain}, generator=generator, **draw)


@overridable
@shared_keywords
def hadamard_(tensor: Tensor, gain: float = 1.0, **axes: Unpack[Placed]) -> Tensor:
    """The kernel becomes a partial identity, or a part of a Hadamard matrix if it widens (ZerO)."""
    return fill("hadamard", tensor, {"gain": gain}, **axes)


@overridable
@shared_keywords
def sparse_orthogonal_(
    tensor: Tensor,
    density: float,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    **draw: Unpack[Draw],
) -> Tensor:
    """The kernel gets a fraction `density` of nonzeros and all singular values `gain` (EOI).

    Args:
        density: Fraction of nonzeros; each row and column of the matrix has at least one.
        gain: Singular value, at least 0.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: Of a convolution's centre tap: `"same"` or `"more"`.
    """
    values = {"density": density, "gain": gain, "sampling": sampling, "tap_density": tap_density}
    return fill("sparse_orthogonal", tensor, values, generator=generator, **draw)


@overridable
@shared_keywords
def idinit_(
    tensor: Tensor,
    tau: float = 1.0,
    generator: Generator | None = None,
    *,
    noise: float = 1e-6,
    taps: Taps = "center",
    **draw: Unpack[Draw],
) -> Tensor:
    """Output `m` becomes `tau` times weight `m % fan_in` of its input (IDInit's identity)."""
    values = {"tau": tau, "noise": noise, "taps": taps}
    return fill("idinit", tensor, values, generator=generator, **draw)


@overridable
@shared_keywords
def idinit_zero_(
    tensor: Tensor, eps: float = 1e-6, *, taps: Taps = "center", **axes: Unpack[Placed]
) -> Tensor:
    """Rows become `eps` and `-eps` at neighbouring inputs: for the last layer of a branch."""
    return fill("idinit_zero", tensor, {"eps": eps, "taps": taps}, **axes)
