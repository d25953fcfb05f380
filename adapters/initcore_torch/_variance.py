"""Independent entries whose variance is set by the layer's size."""

from typing import Protocol, Unpack

from torch import Generator, Tensor

from initcore import specs
from initcore.initializers import Entries, Mode

from ._fill import fill
from ._keywords import Draw, shared_keywords
from ._override import overridable

__all__ = [
    "glorot_normal_",
    "glorot_uniform_",
    "he_normal_",
    "he_uniform_",
    "lecun_normal_",
    "lecun_uniform_",
    "variance_scaling_",
]


class Plain(Protocol):
    """An initializer with the shared keywords alone."""

    def __call__(
        self, tensor: Tensor, generator: Generator | None = None, **draw: Unpack[Draw]
    ) -> Tensor: ...


def plain(name: str) -> Plain:
    """The core's `name`, documented by its statement."""

    def filled(tensor: Tensor, generator: Generator | None = None, **draw: Unpack[Draw]) -> Tensor:
        return fill(name, tensor, {}, generator=generator, **draw)

    filled.__name__ = filled.__qualname__ = f"{name}_"
    filled.__doc__ = specs[name].statement
    return overridable(shared_keywords(filled))


lecun_normal_ = plain("lecun_normal")
lecun_uniform_ = plain("lecun_uniform")
glorot_normal_ = plain("glorot_normal")
glorot_uniform_ = plain("glorot_uniform")
he_normal_ = plain("he_normal")
he_uniform_ = plain("he_uniform")


@overridable
@shared_keywords
def variance_scaling_(
    tensor: Tensor,
    scale: float = 1.0,
    mode: Mode = "fan_in",
    distribution: Entries = "truncated_normal",
    generator: Generator | None = None,
    **draw: Unpack[Draw],
) -> Tensor:
    """Entries become independent with mean 0 and variance `scale / fan`.

    Args:
        scale: Variance times fan.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        distribution: `"truncated_normal"` (the variance is the one after truncation), `"normal"`
            or `"uniform"`.
    """
    values = {"scale": scale, "mode": mode, "distribution": distribution}
    return fill("variance_scaling", tensor, values, generator=generator, **draw)
