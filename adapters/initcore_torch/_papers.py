"""The initializers of the founding papers."""

from typing import Any

from torch import Generator, Tensor

from ._fill import fill

__all__ = [
    "conv_orthogonal_",
    "hadamard_",
    "idinit_",
    "idinit_zero_",
    "mirrored_",
    "sparse_orthogonal_",
]


def conv_orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """A convolution kernel's matrix at every frequency gets all singular values `gain`.

    So with circular padding and stride 1 the layer keeps lengths.
    """
    return fill(
        "conv_orthogonal",
        tensor,
        {"gain": gain},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def sparse_orthogonal_(
    tensor: Tensor,
    density: float,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    sampling: str = "uniform",
    tap_density: str = "same",
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """The kernel gets a fraction `density` of nonzeros and all singular values `gain` (EOI).

    Args:
        density: Fraction of nonzeros, at least one a line of the matrix.
        gain: Singular value, at least 0.
        generator, seed, groups, transposed: As of `orthogonal_`.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: Of a convolution's centre tap: `"same"` or `"more"`.
    """
    values = {"density": density, "gain": gain, "sampling": sampling, "tap_density": tap_density}
    return fill(
        "sparse_orthogonal",
        tensor,
        values,
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def mirrored_(
    tensor: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    part: str = "hidden",
    base: str = "orthogonal",
    activation: Any = "relu",
    negative_slope: float = 0.01,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """The kernel becomes `[[W0, -W0], [-W0, W0]]`: a ReLU net of such layers is linear.

    Args:
        gain: Factor on the half block `W0`.
        part: `"first"` layer `[W0; -W0]`, `"hidden"`, or `"last"` `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: The one before the layer, by name or as a function of tensors; it needs
            `phi(u) - phi(-u) = c u`.
        negative_slope: Of a leaky ReLU.
        generator, seed, groups, transposed: As of `orthogonal_`.
    """
    values = {
        "gain": gain,
        "part": part,
        "base": base,
        "activation": activation,
        "negative_slope": negative_slope,
    }
    return fill(
        "mirrored",
        tensor,
        values,
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def idinit_(
    tensor: Tensor,
    tau: float = 1.0,
    generator: Generator | None = None,
    *,
    noise: float = 1e-6,
    taps: str = "center",
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Output `m` becomes `tau` times weight `m % fan_in` of its input (IDInit's identity)."""
    return fill(
        "idinit",
        tensor,
        {"tau": tau, "noise": noise, "taps": taps},
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )


def idinit_zero_(
    tensor: Tensor,
    eps: float = 1e-6,
    *,
    taps: str = "center",
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Rows become `eps` and `-eps` at neighbouring inputs: for the last layer of a branch."""
    values = {"eps": eps, "taps": taps}
    return fill("idinit_zero", tensor, values, groups=groups, transposed=transposed)


def hadamard_(
    tensor: Tensor, gain: float = 1.0, *, groups: int = 1, transposed: bool = False
) -> Tensor:
    """The kernel becomes a partial identity, or a part of a Hadamard matrix if it widens (ZerO)."""
    return fill("hadamard", tensor, {"gain": gain}, groups=groups, transposed=transposed)
