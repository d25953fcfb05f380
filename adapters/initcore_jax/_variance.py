"""Independent entries whose variance is set by the layer's size."""

from typing import Protocol

from initcore import specs
from initcore.initializers import Entries, Mode, variance_rule
from initcore.spec import Layout, Wording, mean_fan

from ._initializer import CALLED, NAMES, Arrangement, Initializer, SpecInitializer
from ._keywords import Axes, Batch, DType, Groups, In, Out, Scalar, makes_initializer
from ._layouts import canonical, kernel_layout, overlaps

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


WORDING = Wording(
    names=NAMES,
    called=CALLED,
    leads={  # the words of Haiku and Keras
        "scale": "`scale` must be a positive float: ",
        "mode": "Invalid `mode` argument: ",
        "distribution": "Invalid `distribution` argument: ",
    },
)


class VarianceInitializer(SpecInitializer):
    """A `SpecInitializer` of vectors and of axes with several roles too, with JAX's fans."""

    def _arranged(self, sizes: tuple[int, ...]) -> Arrangement:
        layout, ndim = self.layout, len(sizes)
        assert isinstance(layout, Layout)
        if ndim < 2 and layout.in_ == (-2,):
            raise ValueError(
                f"Can't compute input and output sizes of a {ndim}-dimensional weights tensor with "
                "default in_axis. Must be at least 2D or specify in_axis explicitly: "
                f"{self.name} got shape {sizes}."
            )
        if layout.groups != 1 or not overlaps(self.name, layout, sizes):
            turned, layout, groups = canonical(self.name, layout, sizes)
            return Arrangement(self.name, turned, {**self.parameters, "groups": groups}, layout)
        # One output whose inputs are all entries, in their order, with the variance divided by 1.
        rule = {**variance_rule(self.name), **self.parameters}
        fan = mean_fan(*layout.fans(sizes), rule["mode"]) or 1.0  # of an empty array
        rule = {**rule, "scale": rule["scale"] / fan, "mode": "fan_out"}
        whole = Layout((), tuple(range(ndim)))
        return Arrangement("variance_scaling", whole.kernel(sizes).shape, rule, whole)


@makes_initializer
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
    return VarianceInitializer("variance_scaling", values, dtype, layout, WORDING)


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
        return VarianceInitializer(name, {}, dtype, layout, WORDING)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = specs[name].statement.replace("Kernel", "Initializer of a kernel", 1)
    return makes_initializer(made)


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
