"""The initializers of the founding papers."""

from collections.abc import Callable
from typing import Any, Unpack

from initcore.initializers import Base, Part, Sampling, TapDensity, Taps

from ._initializer import register
from ._kernel import GainInitializer, KernelInitializer
from ._keywords import Axes, Seed

__all__ = [
    "ConvOrthogonal",
    "Hadamard",
    "Idinit",
    "IdinitZero",
    "Mirrored",
    "SparseOrthogonal",
]


@register
class ConvOrthogonal(GainInitializer):
    """A convolution kernel whose matrix at every frequency has all singular values `gain`.

    With circular padding and stride 1 the layer keeps lengths.
    """

    core = "conv_orthogonal"


@register
class SparseOrthogonal(GainInitializer):
    """A kernel with a fraction `density` of nonzeros and all singular values `gain` (EOI).

    Args:
        density: Fraction of nonzeros; every line of the matrix keeps at least one.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: That of a convolution's centre tap: `"same"` or `"more"`.
    """

    core = "sparse_orthogonal"

    def __init__(
        self,
        density: float,
        gain: float = 1.0,
        seed: Seed = None,
        *,
        sampling: Sampling = "uniform",
        tap_density: TapDensity = "same",
        **axes: Unpack[Axes],
    ) -> None:
        self.density, self.sampling, self.tap_density = density, sampling, tap_density
        super().__init__(gain, seed, **axes)


@register
class Mirrored(GainInitializer):
    """The kernel `[[W0, -W0], [-W0, W0]]`, with which a ReLU network is linear.

    Args:
        part: Place of the layer: `"first"` has `[W0; -W0]`, `"hidden"` the whole kernel, `"last"`
            `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: Activation before the layer; it needs `phi(u) - phi(-u) = c u`.
    """

    core = "mirrored"

    def __init__(
        self,
        gain: float = 1.0,
        seed: Seed = None,
        *,
        part: Part = "hidden",
        base: Base = "orthogonal",
        activation: str | Callable[[Any], Any] = "relu",
        negative_slope: float = 0.01,
        **axes: Unpack[Axes],
    ) -> None:
        self.part, self.base = part, base
        self.activation, self.negative_slope = activation, negative_slope
        super().__init__(gain, seed, **axes)


@register
class Idinit(KernelInitializer):
    """A kernel whose output `m` is `tau` times weight `m % fan_in` of its input (IDInit)."""

    core = "idinit"

    def __init__(
        self,
        tau: float = 1.0,
        seed: Seed = None,
        *,
        noise: float = 1e-6,
        taps: Taps = "center",
        **axes: Unpack[Axes],
    ) -> None:
        self.tau, self.noise, self.taps = tau, noise, taps
        super().__init__(seed, **axes)


@register
class IdinitZero(KernelInitializer):
    """A kernel of rows `eps`, `-eps` at neighbouring inputs, for the last layer of a branch."""

    core = "idinit_zero"

    def __init__(
        self, eps: float = 1e-6, seed: Seed = None, *, taps: Taps = "center", **axes: Unpack[Axes]
    ) -> None:
        self.eps, self.taps = eps, taps
        super().__init__(seed, **axes)


@register
class Hadamard(GainInitializer):
    """A partial identity, or part of a Hadamard matrix in a widening layer, times `gain` (ZerO)."""

    core = "hadamard"
