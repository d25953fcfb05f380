"""Complex numbers of two real draws: parts that are independent, or a modulus and an angle.

The two draws are those of `rng.split(2)`, as JAX has it, so complex normal numbers are JAX's too.
"""

import math
from typing import Any

import numpy as np

from ..arrays import check_out, is_numpy

__all__ = ["DISK_STD", "complex_normal", "complex_uniform", "disk", "truncated_disk"]

DISK_STD = math.sqrt(0.5)
"""Standard deviation of a number uniform on the disk of radius 1."""
CUT = 2.0
TRUNCATED_STD = math.sqrt(1 + CUT**2 * math.exp(-(CUT**2)) / math.expm1(-(CUT**2)))
"""That of a standard complex normal number whose modulus is cut at `CUT`."""


def complex_normal(
    rng: Any, shape: Any, mean: complex, std: float, start: int,
    strides: tuple[int, ...] | None, out: Any,
) -> Any:  # fmt: skip
    """Independent real and imaginary parts, each of half the variance `std**2`."""
    re, im = (
        part.normal(shape, std=std * DISK_STD, start=start, strides=strides)
        for part in rng.real.split(2)
    )
    z = _joined(re, im, rng)
    return _written(z if mean == 0 else z + mean, rng, shape, out)


def complex_uniform(
    rng: Any, shape: Any, low: float, high: float, factor: float, start: int,
    strides: tuple[int, ...] | None, out: Any,
) -> Any:  # fmt: skip
    """Independent real and imaginary parts, each uniform on `[low, high)`, times `factor`."""
    re, im = (
        part.uniform(shape, low, high, factor=factor, start=start, strides=strides)
        for part in rng.real.split(2)
    )
    return _written(_joined(re, im, rng), rng, shape, out)


def disk(rng: Any, shape: Any, radius: Any, out: Any = None) -> Any:
    """Numbers uniform on the disk of a radius around 0."""
    share, angle = _polar(rng, shape)
    return _turned(rng.xp.sqrt(share), angle, radius, rng, shape, out)


def truncated_disk(rng: Any, shape: Any, std: Any, out: Any = None) -> Any:
    """Complex normal numbers of standard deviation `std` after their modulus was cut.

    The cut is at two standard deviations before it.
    """
    share, angle = _polar(rng, shape)
    modulus = rng.xp.sqrt(-rng.xp.log1p(share * math.expm1(-(CUT**2))))
    return _turned(modulus, angle, std / TRUNCATED_STD, rng, shape, out)


def _polar(rng: Any, shape: Any) -> tuple[Any, Any]:
    """Numbers uniform on [0, 1), and angles."""
    share, turn = (part.uniform(shape) for part in rng.real.split(2))
    return share, turn * (2 * math.pi)


def _turned(modulus: Any, angle: Any, factor: Any, rng: Any, shape: Any, out: Any) -> Any:
    xp = rng.xp
    modulus = modulus * factor
    z = _joined(modulus * xp.cos(angle), modulus * xp.sin(angle), rng)
    return _written(z, rng, shape, out)


def _joined(re: Any, im: Any, rng: Any) -> Any:
    xp = rng.xp
    if is_numpy(xp):
        z = np.empty(re.shape, rng.dtype)
        z.real, z.imag = re, im
        return z
    return xp.astype(re, rng.dtype) + xp.astype(im, rng.dtype) * 1j


def _written(z: Any, rng: Any, shape: Any, out: Any) -> Any:
    if out is None:
        return z
    check_out("Rng", out, tuple(shape), rng.xp, rng.dtype)
    out[...] = z
    return out
