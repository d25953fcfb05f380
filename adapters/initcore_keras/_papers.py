"""The initializers of the founding papers."""

from typing import Any, ClassVar

import keras

from ._initializer import KernelInitializer

__all__ = [
    "ConvOrthogonal",
    "Hadamard",
    "Idinit",
    "IdinitZero",
    "Mirrored",
    "SparseOrthogonal",
]

register = keras.saving.register_keras_serializable(package="initcore")


@register
class ConvOrthogonal(KernelInitializer):
    """A convolution kernel whose matrix at every frequency has all singular values `gain`.

    With circular padding and stride 1 the layer keeps lengths.
    """

    core = "conv_orthogonal"
    names: ClassVar[dict[str, str]] = {"gain": "gain"}

    def __init__(self, gain: float = 1.0, seed: Any = None, **kernel: Any) -> None:
        self.gain = gain
        super().__init__(seed, **kernel)


@register
class SparseOrthogonal(KernelInitializer):
    """A kernel with a fraction `density` of nonzeros and all singular values `gain` (EOI).

    Args:
        density: Fraction of nonzeros, at least one a line of the matrix.
        gain: Singular value, at least 0.
        seed, kernel: As of `KernelInitializer`.
        sampling: `"uniform"`, as published, or `"matching"`, which fills rows and columns evenly.
        tap_density: Of a convolution's centre tap: `"same"` or `"more"`.
    """

    core = "sparse_orthogonal"
    names: ClassVar[dict[str, str]] = {
        "density": "density",
        "gain": "gain",
        "sampling": "sampling",
        "tap_density": "tap_density",
    }

    def __init__(
        self,
        density: float,
        gain: float = 1.0,
        seed: Any = None,
        *,
        sampling: str = "uniform",
        tap_density: str = "same",
        **kernel: Any,
    ) -> None:
        self.density, self.gain = density, gain
        self.sampling, self.tap_density = sampling, tap_density
        super().__init__(seed, **kernel)


@register
class Mirrored(KernelInitializer):
    """The kernel `[[W0, -W0], [-W0, W0]]`, with which a ReLU net is linear.

    Args:
        gain: Factor on the half block `W0`.
        seed, kernel: As of `KernelInitializer`.
        part: `"first"` layer `[W0; -W0]`, `"hidden"`, or `"last"` `[W0, -W0]`.
        base: Initializer of `W0`, by the core's name.
        activation: Name of the one before the layer; it needs `phi(u) - phi(-u) = c u`.
        negative_slope: Of a leaky ReLU.
    """

    core = "mirrored"
    names: ClassVar[dict[str, str]] = {
        "gain": "gain",
        "part": "part",
        "base": "base",
        "activation": "activation",
        "negative_slope": "negative_slope",
    }

    def __init__(
        self,
        gain: float = 1.0,
        seed: Any = None,
        *,
        part: str = "hidden",
        base: str = "orthogonal",
        activation: Any = "relu",
        negative_slope: float = 0.01,
        **kernel: Any,
    ) -> None:
        self.gain, self.part, self.base = gain, part, base
        self.activation, self.negative_slope = activation, negative_slope
        super().__init__(seed, **kernel)


@register
class Idinit(KernelInitializer):
    """A kernel whose output `m` is `tau` times weight `m % fan_in` of its input (IDInit)."""

    core = "idinit"
    names: ClassVar[dict[str, str]] = {"tau": "tau", "noise": "noise", "taps": "taps"}

    def __init__(
        self,
        tau: float = 1.0,
        seed: Any = None,
        *,
        noise: float = 1e-6,
        taps: str = "center",
        **kernel: Any,
    ) -> None:
        self.tau, self.noise, self.taps = tau, noise, taps
        super().__init__(seed, **kernel)


@register
class IdinitZero(KernelInitializer):
    """A kernel of rows `eps`, `-eps` at neighbouring inputs: for the last layer of a branch."""

    core = "idinit_zero"
    names: ClassVar[dict[str, str]] = {"eps": "eps", "taps": "taps"}

    def __init__(
        self, eps: float = 1e-6, seed: Any = None, *, taps: str = "center", **kernel: Any
    ) -> None:
        self.eps, self.taps = eps, taps
        super().__init__(seed, **kernel)


@register
class Hadamard(KernelInitializer):
    """A partial identity, or a part of a Hadamard matrix if it widens (ZerO)."""

    core = "hadamard"
    names: ClassVar[dict[str, str]] = {"gain": "gain"}

    def __init__(self, gain: float = 1.0, seed: Any = None, **kernel: Any) -> None:
        self.gain = gain
        super().__init__(seed, **kernel)
