"""Orthogonal kernels and the identity."""

from typing import Any, ClassVar, Unpack

import keras

from initcore.arrays import REAL
from initcore.initializers import Narrowing

from ._initializer import PartOf, register
from ._kernel import GainInitializer, LayoutInitializer
from ._keywords import Axes, KindAndGroups, Seed

__all__ = ["DeltaOrthogonal", "Identity", "Orthogonal", "ScaledOrthogonal"]


@register
class Orthogonal(GainInitializer):
    """A kernel whose `(out, in * prod(k))` matrix is Haar-random with all singular values `gain`.

    With `groups=4` the recurrent kernel of an LSTM is one orthogonal matrix for each gate.
    """

    core = "orthogonal"
    leads: ClassVar[dict[str, str]] = {
        "shape": "The tensor to initialize must be at least two-dimensional: "
    }


@register
class ScaledOrthogonal(GainInitializer):
    """As `Orthogonal`, times `sqrt(out / fan_in)` in layers with more outputs than inputs.

    With `narrowing="spectral"` the factor applies to layers with fewer outputs too.
    """

    core = "scaled_orthogonal"

    def __init__(
        self,
        gain: float = 1.0,
        seed: Seed = None,
        *,
        narrowing: Narrowing = "isometric",
        **axes: Unpack[Axes],
    ) -> None:
        self.narrowing = narrowing
        super().__init__(gain, seed, **axes)


@register
class DeltaOrthogonal(GainInitializer):
    """A convolution kernel, 0 but for a Haar-random centre tap of singular values `gain`."""

    core = "delta_orthogonal"


@register
class Identity(LayoutInitializer):
    """A kernel that passes on the first `min(in, out)` channels of each group, times `gain`.

    Unlike Keras's it also fills convolutions, at the tap `(k - 1) // 2` that "same" padding needs.
    """

    core = "identity"

    def __init__(self, gain: float = 1.0, **layout: Unpack[KindAndGroups]) -> None:
        self.gain = gain
        super().__init__(**layout)

    def _made(self, shape: Any, dtype: Any, part: PartOf | None) -> Any:
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        # As Keras's, it also serves integers.
        w = super()._made(shape, kind if kind in REAL else "float32", part)
        return w if kind in REAL else keras.ops.cast(w, kind)
