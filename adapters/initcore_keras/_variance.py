"""Independent entries whose variance is set by the layer's size."""

from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from initcore import specs
from initcore.arguments import as_shape

from ._draw import draw
from ._initializer import KernelInitializer

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
]

register = keras.saving.register_keras_serializable(package="initcore")


# EinsumDense, and so attention, tells the axes of its kernels to Keras's VarianceScaling alone.
class _Variance(KernelInitializer, keras.initializers.VarianceScaling):  # type: ignore[misc]
    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the initializer again."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {**axes, **super().get_config()}

    def _make(self, shape: Any, dtype: Any) -> Any:
        sizes = as_shape(shape, who=type(self).__name__)
        if len(sizes) >= 2 or self.input_axes is not None:
            return super()._make(sizes, dtype)
        # For vectors and scalars Keras has both fans equal to the size: one output of that many
        # inputs, in whatever mode.
        spec = specs["variance_scaling"]
        law = {**spec.defaults, **_fixed(self.core), **self._values(), "mode": "fan_in"}
        canonical, values = spec.check((1, *sizes, 1)[:2], law, wording=self._wording())
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        w = draw(spec.name, self._draws_from(), canonical, canonical, kind, values, None)
        return keras.ops.reshape(w, sizes)


def _fixed(core: str) -> dict[str, Any]:
    """Scale, mode and distribution that the core's `core` stands for."""
    return dict(getattr(specs[core].invariants[0], "fixed", {}))


@register
class VarianceScaling(_Variance):
    """Entries are independent with mean 0 and variance `scale / fan`.

    Args:
        scale: Variance times fan.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        distribution: `"truncated_normal"` or `"normal"` (the variance is the one after truncation),
            `"untruncated_normal"` or `"uniform"`.
        seed, input_axes, output_axes, kernel: As of `KernelInitializer`.
    """

    core = "variance_scaling"
    names: ClassVar[dict[str, str]] = {
        "scale": "scale",
        "mode": "mode",
        "distribution": "distribution",
    }

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
        **kernel: Any,
    ) -> None:
        law = distribution.lower() if isinstance(distribution, str) else distribution
        self.distribution = "truncated_normal" if law == "normal" else law
        self.scale, self.mode = scale, mode
        super().__init__(seed, input_axes=input_axes, output_axes=output_axes, **kernel)

    def _values(self) -> dict[str, Any]:
        # In Keras the plain normal law has a name of its own.
        values = super()._values()
        if self.distribution == "untruncated_normal":
            values["distribution"] = "normal"
        return values


class _Named(_Variance):
    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
        **kernel: Any,
    ) -> None:
        super().__init__(seed, input_axes=input_axes, output_axes=output_axes, **kernel)


@register
class GlorotNormal(_Named):
    """Entries are independent truncated normal of variance `2 / (fan_in + fan_out)`."""

    core = "glorot_normal"


@register
class GlorotUniform(_Named):
    """Entries are independent uniform of variance `2 / (fan_in + fan_out)`."""

    core = "glorot_uniform"


@register
class LecunNormal(_Named):
    """Entries are independent truncated normal of variance `1 / fan_in`."""

    core = "lecun_normal"


@register
class LecunUniform(_Named):
    """Entries are independent uniform of variance `1 / fan_in`."""

    core = "lecun_uniform"


@register
class HeNormal(_Named):
    """Entries are independent truncated normal of variance `2 / fan_in`."""

    core = "he_normal"


@register
class HeUniform(_Named):
    """Entries are independent uniform of variance `2 / fan_in`."""

    core = "he_uniform"
