"""Independent entries whose variance is set by the layer's size."""

from typing import Protocol

from torch import Generator, Tensor

from initcore import specs

from ._fill import fill

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
    """An initializer without parameters of its own."""

    def __call__(
        self,
        tensor: Tensor,
        generator: Generator | None = None,
        *,
        seed: int | None = None,
        groups: int = 1,
        transposed: bool = False,
    ) -> Tensor: ...


def plain(name: str) -> Plain:
    """The core's `name`, documented by its statement."""

    def filled(
        tensor: Tensor,
        generator: Generator | None = None,
        *,
        seed: int | None = None,
        groups: int = 1,
        transposed: bool = False,
    ) -> Tensor:
        return fill(
            name, tensor, {}, generator=generator, seed=seed, groups=groups, transposed=transposed
        )

    filled.__name__ = filled.__qualname__ = f"{name}_"
    filled.__doc__ = specs[name].statement
    return filled


lecun_normal_ = plain("lecun_normal")
lecun_uniform_ = plain("lecun_uniform")
glorot_normal_ = plain("glorot_normal")
glorot_uniform_ = plain("glorot_uniform")
he_normal_ = plain("he_normal")
he_uniform_ = plain("he_uniform")


def variance_scaling_(
    tensor: Tensor,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
    generator: Generator | None = None,
    *,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Entries become independent with mean 0 and variance `scale / fan`.

    Args:
        scale: Variance times fan.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
        distribution: `"truncated_normal"` (the variance is the one after truncation), `"normal"`
            or `"uniform"`.
        groups, transposed: As of the convolution the kernel belongs to.
    """
    values = {"scale": scale, "mode": mode, "distribution": distribution}
    return fill(
        "variance_scaling",
        tensor,
        values,
        generator=generator,
        seed=seed,
        groups=groups,
        transposed=transposed,
    )
