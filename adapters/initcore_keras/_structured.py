"""Kernels that keep lengths, or pass their input on."""

from typing import Any, ClassVar

import keras

from initcore.arrays import REAL
from initcore.spec import Layout

from ._initializer import KINDS, CoreInitializer, KernelInitializer, check_kernel

__all__ = ["DeltaOrthogonal", "Identity", "Orthogonal", "ScaledOrthogonal"]

register = keras.saving.register_keras_serializable(package="initcore")


@register
class Orthogonal(KernelInitializer):
    """A kernel whose `(out, in * prod(k))` matrix is Haar-random with all singular values `gain`.

    Args:
        gain: Singular value, at least 0.
        seed: As of `RandomInitializer`.
        kernel: `kind`, `groups`, `input_axes` and `output_axes` of `KernelInitializer`; with
            `groups=4` the recurrent kernel `(units, 4 * units)` of an LSTM gets one orthogonal
            matrix a gate.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: `gain` is negative or not finite; when called, a shape of fewer than 2 axes.
    """

    core = "orthogonal"
    names: ClassVar[dict[str, str]] = {"gain": "gain"}

    def __init__(self, gain: float = 1.0, seed: Any = None, **kernel: Any) -> None:
        self.gain = gain
        super().__init__(seed, **kernel)


@register
class ScaledOrthogonal(KernelInitializer):
    """As `Orthogonal`, times `sqrt(out / fan_in)` in widening layers.

    With `narrowing="spectral"` in narrowing ones too.
    """

    core = "scaled_orthogonal"
    names: ClassVar[dict[str, str]] = {"gain": "gain", "narrowing": "narrowing"}

    def __init__(
        self, gain: float = 1.0, seed: Any = None, *, narrowing: str = "isometric", **kernel: Any
    ) -> None:
        self.gain, self.narrowing = gain, narrowing
        super().__init__(seed, **kernel)


@register
class DeltaOrthogonal(KernelInitializer):
    """A convolution kernel, 0 but for a Haar-random centre tap of singular values `gain`."""

    core = "delta_orthogonal"
    names: ClassVar[dict[str, str]] = {"gain": "gain"}

    def __init__(self, gain: float = 1.0, seed: Any = None, **kernel: Any) -> None:
        self.gain = gain
        super().__init__(seed, **kernel)


@register
class Identity(CoreInitializer):
    """A kernel that passes the first `min(in, out)` channels of each group on, times `gain`.

    Unlike Keras's it also fills convolutions, at the tap `(k - 1) // 2` that "same" padding needs.
    """

    core = "identity"
    names: ClassVar[dict[str, str]] = {"gain": "gain"}

    def __init__(self, gain: float = 1.0, *, kind: str = "kernel", groups: int = 1) -> None:
        check_kernel(type(self).__name__, kind, groups)
        self.gain, self.kind, self.groups = gain, kind, groups
        self._check_parameters()

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the initializer again; Keras's keys if nothing is ours."""
        own = {"kind": self.kind, "groups": self.groups}
        usual = {"kind": "kernel", "groups": 1}
        return {**super().get_config(), **{k: v for k, v in own.items() if v != usual[k]}}

    def _layout(self, ndim: int) -> Layout | None:
        if super()._layout(ndim) is None:
            return None
        layout = KINDS[self.kind]
        return Layout(layout.out, layout.in_, layout.batch, self.groups)

    def _make(self, shape: Any, dtype: Any) -> Any:
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        # Keras's has integer ones too.
        w = super()._make(shape, kind if kind in REAL else "float32")
        return w if kind in REAL else keras.ops.cast(w, kind)
