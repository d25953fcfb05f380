"""Kernels, and where frameworks keep their axes.

Inside the library a kernel is `(out, in, *spatial)`, and a grouped one is `groups` independent
kernels stacked along `out`. `Layout` turns a framework's order into that one and back; it is the
only place where axes are moved.
"""

import math
from dataclasses import dataclass

__all__ = ["Kernel"]


@dataclass(frozen=True)
class Kernel:
    """The sizes of a kernel `(out, in, *spatial)` made of `groups` independent ones.

    Args:
        shape: Canonical shape `(out, in, *spatial)`.
        groups: Independent kernels stacked along the outputs.
    """

    shape: tuple[int, ...]
    groups: int = 1

    @property
    def out(self) -> int:
        """Output channels of one group."""
        return self.shape[0] // self.groups

    @property
    def in_(self) -> int:
        """Input channels of one group."""
        return self.shape[1] if len(self.shape) > 1 else 1

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.shape[2:]

    @property
    def taps(self) -> int:
        return math.prod(self.spatial)

    @property
    def fan_in(self) -> int:
        """Inputs that each output of a group sums over."""
        return self.in_ * self.taps

    @property
    def fan_out(self) -> int:
        """Outputs of a group that each input reaches."""
        return self.out * self.taps

    @property
    def matrices(self) -> tuple[int, int, int]:
        """`(groups, out, fan_in)`: the shape of one matrix a group."""
        return (self.groups, self.out, self.fan_in)

    @property
    def taps_shape(self) -> tuple[int, int, int]:
        """`(groups, out, in)`: the shape of one tap a group."""
        return (self.groups, self.out, self.in_)

    @property
    def center(self) -> tuple[int, ...]:
        """The tap for which "same" padding leaves the image in place, even sizes included."""
        return tuple((k - 1) // 2 for k in self.spatial)


def fan(kernel: Kernel, mode: str) -> float:
    """Number of inputs, outputs or their mean that the variance is divided by.

    Args:
        kernel: Sizes of the kernel.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
    """
    return mean_fan(kernel.fan_in, kernel.fan_out, mode)


def mean_fan(fan_in: float, fan_out: float, mode: str) -> float:
    """One of the fans, or their mean, as `mode` says.

    Args:
        fan_in, fan_out: Numbers of inputs and outputs.
        mode: `"fan_in"`, `"fan_out"`, `"fan_avg"` or `"fan_geo_avg"`.
    """
    return {
        "fan_in": float(fan_in),
        "fan_out": float(fan_out),
        "fan_avg": (fan_in + fan_out) / 2,
        "fan_geo_avg": math.sqrt(fan_in * fan_out),
    }[mode]


def width_factor(kernel: Kernel, narrowing: str = "isometric") -> float:
    """`sqrt(out / fan_in)`, not below 1 unless the narrowing is spectral.

    Args:
        kernel: Sizes of the kernel.
        narrowing: `"isometric"` or `"spectral"`.
    """
    factor = math.sqrt(kernel.out / kernel.fan_in)
    return factor if narrowing == "spectral" else max(1.0, factor)
