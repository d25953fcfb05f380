"""Draws by a device's own kernel, where an adapter has one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ._erfinv import SINGLE, turned
from ._log import LOG
from ._threefry import PARITY, ROTATIONS
from ._windows import Window

__all__ = ["Constants", "DeviceDraw", "constants", "on_device", "register_device_draw"]


@dataclass(frozen=True)
class DeviceDraw:
    """How an adapter draws on a device.

    Attributes:
        draw: From a key, a `Distribution`, a `Window`, a device, a dtype and a contiguous array or
            None to the drawn elements in a row, or to None for what it does not draw.
    """

    draw: Callable[..., Any]


_DRAWS: list[DeviceDraw] = []


def register_device_draw(how: DeviceDraw) -> None:
    """Let `how` draw what it can, in place of array operations.

    Args:
        how: The `DeviceDraw` of a namespace.
    """
    _DRAWS.append(how)


def on_device(rng: Any, numbers: Any, window: Window, out: Any) -> Any:
    """What is drawn, in a row, or None where array operations have to do it."""
    for how in _DRAWS:
        x = how.draw(rng.key, numbers, window, rng.device, rng.dtype, out)
        if x is not None:
            return x
    return None


class Constants(NamedTuple):
    """Of the draws of float32 numbers, for a kernel: words as integers, numbers in float32.

    Attributes:
        parity: Word that the third word of the key is made with.
        rotations: Rotations of the cipher's rounds.
        half: Shift of the first word.
        series, ln2, root2: Of the logarithm.
        limit: End of the middle of the inverse error function, as `-w`.
        shifts, middle, tail: Centres and coefficients of its two polynomials.
    """

    parity: int
    rotations: tuple[int, ...]
    half: int
    series: tuple[float, ...]
    ln2: tuple[float, ...]
    root2: float
    limit: float
    shifts: tuple[float, ...]
    middle: tuple[float, ...]
    tail: tuple[float, ...]


def constants() -> Constants:
    """The cipher's, the logarithm's and the inverse error function's; `limit` is of `-w`."""

    def single(values: Any) -> tuple[float, ...]:
        return tuple(map(float, np.asarray(values, np.float32)))

    (limit, shift, _, middle), (_, far, _, tail) = SINGLE
    how = LOG["float32"]
    return Constants(
        PARITY, (*ROTATIONS[0], *ROTATIONS[1]),
        int(np.float32(np.sqrt(0.5)).view(np.int32)), single(how.series), single(how.ln2),
        float(np.float32(np.sqrt(2))), -float(limit), single((shift, far)),
        single(turned(middle)), single(tail),
    )  # fmt: skip
