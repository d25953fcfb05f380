"""Independent entries whose variance is set by the layer's size."""

from typing import Any, ClassVar, Literal, Unpack

import keras

from initcore import specs
from initcore.arguments import as_shape
from initcore.initializers import Entries, Mode, variance_rule

from ._draw import draw
from ._initializer import PartOf, register
from ._kernel import KernelInitializer
from ._keywords import AxisNumbers, KindAndGroups, Seed

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
]

# Keras calls the core's "normal" "untruncated_normal", and takes "normal" for the truncated one.
Distribution = Literal[Entries, "untruncated_normal"]


# EinsumDense, and with it attention, names its kernel's axes only to a VarianceScaling of Keras.
@register
class VarianceScaling(KernelInitializer, keras.initializers.VarianceScaling):  # type: ignore[misc]
    """Entries are independent with mean 0 and variance `scale / fan`.

    Args:
        distribution: `"truncated_normal"` or `"normal"` (the variance is the one after truncation),
            `"untruncated_normal"` or `"uniform"`.
    """

    core = "variance_scaling"
    axes_alone = True
    leads: ClassVar[dict[str, str]] = {
        "scale": "Argument `scale` must be positive float: ",
        "mode": "Invalid `mode` argument: ",
        "distribution": "Invalid `distribution` argument: ",
    }

    def __init__(
        self,
        scale: float = 1.0,
        mode: Mode = "fan_in",
        distribution: Distribution = "truncated_normal",
        seed: Seed = None,
        input_axes: AxisNumbers = None,
        output_axes: AxisNumbers = None,
        **layout: Unpack[KindAndGroups],
    ) -> None:
        entries = distribution.lower() if isinstance(distribution, str) else distribution
        self.distribution = "truncated_normal" if entries == "normal" else entries
        self.scale, self.mode = scale, mode
        super().__init__(seed, input_axes=input_axes, output_axes=output_axes, **layout)

    def get_config(self) -> dict[str, Any]:
        """Every argument; `kind`, `groups` and `batch` only where they are not the default."""
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        return {**axes, **super().get_config()}

    def _rule(self) -> dict[str, Any]:
        """Scale, mode and distribution in the core's words."""
        # In Keras the untruncated normal distribution has another name.
        entries = "normal" if self.distribution == "untruncated_normal" else self.distribution
        return {"scale": self.scale, "mode": self.mode, "distribution": entries}

    def _values(self) -> dict[str, Any]:
        return self._rule() if self.core == "variance_scaling" else {}

    def _made(self, shape: Any, dtype: Any, part: PartOf | None) -> Any:
        sizes = as_shape(shape, who=type(self).__name__)
        named = self.input_axes is not None and self.output_axes is not None
        if len(sizes) >= 2 or named or self.batch:
            return super()._made(sizes, dtype, part)
        # For vectors and scalars Keras sets both fans to the size: one output with that many
        # inputs, in every mode.
        spec, rule = specs["variance_scaling"], {**self._rule(), "mode": "fan_in"}
        canonical, values = spec.check((1, *sizes, 1)[:2], rule, wording=self._wording())
        w = draw(spec.name, self._key(), canonical, canonical, self._kind(dtype), values, None)
        w = keras.ops.reshape(w, sizes)
        return w if part is None else part[0].of(w, part[1])


class _Named(VarianceScaling):
    """A `VarianceScaling` whose scale, mode and distribution are those of its core's name."""

    def __init__(
        self,
        seed: Seed = None,
        input_axes: AxisNumbers = None,
        output_axes: AxisNumbers = None,
        **layout: Unpack[KindAndGroups],
    ) -> None:
        rule = variance_rule(self.core)
        scale, mode, distribution = rule["scale"], rule["mode"], rule["distribution"]
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes, **layout)


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
