"""Independent entries whose variance is set by the layer's size."""

from typing import Protocol

from initcore import specs
from initcore.arguments import write_out_keywords
from initcore.initializers import Entries, Mode

from ._initializer import Initializer, SpecInitializer
from ._keywords import Axes, Batch, DType, Groups, In, Out, Scalar
from ._layouts import kernel_layout

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "lecun_normal",
    "lecun_uniform",
    "variance_scaling",
    "xavier_normal",
    "xavier_uniform",
]


@write_out_keywords
def variance_scaling(
    scale: Scalar,
    mode: Mode,
    distribution: Entries,
    in_axis: In = -2,
    out_axis: Out = -1,
    batch_axis: Batch = (),
    dtype: DType = None,
    *,
    groups: Groups = 1,
) -> Initializer:
    """Initializer of independent entries with mean 0 and variance `scale / fan`.

    Args:
        scale: Variance times fan, at least 0.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        distribution: `"truncated_normal"` (the variance is the one after truncation), `"normal"`
            or `"uniform"`.
    """
    values = {"scale": scale, "mode": mode, "distribution": distribution}
    layout = kernel_layout(in_axis, out_axis, batch_axis, groups)
    return SpecInitializer("variance_scaling", values, dtype, layout)


class VarianceFamily(Protocol):
    """A `variance_scaling` whose scale, mode and distribution are fixed."""

    def __call__(
        self, in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: DType = None,
        *, groups: int = 1,
    ) -> Initializer: ...  # fmt: skip


def _family(name: str) -> VarianceFamily:
    """The core's `name`, documented by its statement."""

    def made(
        in_axis: In = -2, out_axis: Out = -1, batch_axis: Batch = (), dtype: DType = None,
        *, groups: Groups = 1,
    ) -> Initializer:  # fmt: skip
        layout = kernel_layout(in_axis, out_axis, batch_axis, groups)
        return SpecInitializer(name, {}, dtype, layout)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = specs[name].statement.replace("Kernel", "Initializer of a kernel", 1)
    return write_out_keywords(made)


lecun_normal: VarianceFamily = _family("lecun_normal")
lecun_uniform: VarianceFamily = _family("lecun_uniform")
glorot_normal: VarianceFamily = _family("glorot_normal")
glorot_uniform: VarianceFamily = _family("glorot_uniform")
he_normal: VarianceFamily = _family("he_normal")
he_uniform: VarianceFamily = _family("he_uniform")

xavier_normal = glorot_normal
xavier_uniform = glorot_uniform
kaiming_normal = he_normal
kaiming_uniform = he_uniform
