"""Callables of any library, as functions of float64 NumPy arrays.

The core imports no framework. A callable that does not take NumPy arrays is called by the
converter that its framework's adapter has registered, or else through DLPack, with whichever
modules the callable itself comes from or refers to and the user has imported already.
"""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["Measured", "measure", "register_converter", "slope_by_differences"]

Function = Callable[..., Any]
Converter = Callable[[Function, Any], Any]
_CONVERTERS: dict[str, Converter] = {}

# Where values are compared: both signs, from 1e-3 to 40, in no order, with 0, 1 and -1.
_GRID = np.concatenate([np.geomspace(1e-3, 40.0, 150), np.linspace(0.05, 8.0, 160), [1.0]])
_GRID = np.concatenate([_GRID, [0.0], -_GRID])[np.random.default_rng(0).permutation(623)]


def register_converter(root: str, call: Converter) -> None:
    """Call the functions of the package `root` by `call(function, x)`.

    Args:
        root: Name of the framework's top-level package, `"torch"` for example.
        call: Calls `function` on the framework's own float64 array of the NumPy array `x`, and
            returns the result as a NumPy array.
    """
    _CONVERTERS[root] = call


@dataclass(frozen=True)
class Measured:
    """A callable on float64 NumPy arrays, its values `y` at probes `x`, precision and kinks."""

    name: str
    value: Function
    eps: float
    foreign: bool
    x: Any
    y: Any

    def rounded(self, number: float) -> float:
        """The shortest decimal that is `number` in the callable's own precision."""
        return float(str(np.float32(number))) if self.foreign else number

    def agrees(self, expected: Any) -> bool:
        """Whether the values are `expected` but for rounding.

        Frameworks keep constants in float32 inside float64 code: TensorFlow's GELU does.
        """
        eps = max(self.eps, 2.0**-23) if self.foreign else self.eps
        return bool(np.all(abs(self.y - expected) <= 32 * eps * (1 + abs(expected))))

    @property
    def kinks(self) -> tuple[float, ...]:
        """Points of `[-12, 12]` where the slope jumps, to about 1e-12, or the value does."""
        return tuple(_kinks(self.value, self.eps))


def measure(function: Function) -> Measured:
    """`function` as an elementwise function of NumPy arrays, checked to be one.

    Raises:
        TypeError: No way of calling it works.
        ValueError: It is not elementwise, not deterministic, not real or not finite.
    """
    name = getattr(function, "__name__", None) or type(function).__name__
    call, raw, foreign = _working_call(function, name)
    eps = 2.0**-52
    kind = str(getattr(raw, "dtype", ""))
    if "float32" in kind:
        eps = 2.0**-23
    elif "float16" in kind:
        eps = 2.0**-7 if "b" in kind else 2.0**-10

    def value(x: Any) -> Any:
        x = np.asarray(x, dtype=np.float64)
        with np.errstate(all="ignore"):
            y = np.asarray(call(np.array(x, order="C").reshape(-1)))
        return y.astype(np.float64).reshape(x.shape)

    y = np.asarray(raw)
    if y.dtype.kind in "cOSU" or y.shape != _GRID.shape:
        raise ValueError(
            f"activation {name} needs to be elementwise and real: from {_GRID.size} numbers it "
            f"made {y.dtype} of shape {y.shape}."
        )
    y = y.astype(np.float64)
    if not np.isfinite(y).all():
        at = float(_GRID[~np.isfinite(y)][0])
        raise ValueError(
            f"activation {name} needs to map finite numbers to finite ones, got "
            f"{float(y[at == _GRID][0])} at {at:g}."
        )
    for part in (slice(0, 7), slice(7, 8), slice(None, None, -1)):
        if np.any(abs(value(_GRID[part]) - y[part]) > 64 * eps * (1 + abs(y[part]))):
            raise ValueError(
                f"activation {name} is not elementwise: its values depend on each other or "
                "change from call to call."
            )
    return Measured(name, value, eps, foreign or eps > 1e-12, _GRID, y)


def _working_call(function: Function, name: str) -> tuple[Function, Any, bool]:
    """The first way of calling `function` that works, its values, and if a framework made them."""
    trouble: Exception | None = None
    for way, foreign in _ways(function):
        try:
            with np.errstate(all="ignore"):
                y = way(function, _GRID.copy())
            np.asarray(y)
        except Exception as error:
            trouble = trouble or error
        else:
            foreign = foreign or not isinstance(y, np.ndarray)
            return lambda x, way=way: way(function, x), y, foreign
    raise TypeError(
        f"activation {name} cannot be called on an array ({trouble}); "
        "wrap it so that it takes and returns NumPy arrays."
    ) from trouble


def _ways(function: Function) -> Iterator[tuple[Converter, bool]]:
    """Ways to try in turn, and whether a framework's arrays come between."""
    roots = _roots(function)
    named = [_CONVERTERS[root] for root in roots if root in _CONVERTERS]
    others = [c for root, c in list(_CONVERTERS.items()) if root not in roots]
    spoken = [_by_dlpack(sys.modules[root]) for root in roots
              if hasattr(sys.modules.get(root), "from_dlpack")]  # fmt: skip
    yield from ((way, True) for way in named)
    yield (lambda f, x: f(x)), False
    for way in (*named, *spoken, *others):
        yield way, True
        yield _in_float32(way), True  # layers with float32 weights
    yield (lambda f, x: np.array([float(f(float(v))) for v in x])), False  # math.tanh, say


def _in_float32(way: Converter) -> Converter:
    return lambda function, x: way(function, x.astype(np.float32))


def _by_dlpack(namespace: Any) -> Converter:
    def call(function: Function, x: Any) -> Any:
        y = function(namespace.from_dlpack(x))
        return np.from_dlpack(y.detach() if hasattr(y, "detach") else y)

    return call


def _roots(function: Function) -> list[str]:
    """Top-level packages that `function` comes from, then those that its globals refer to."""
    inner = getattr(function, "func", function)  # of a functools.partial
    modules = [getattr(inner, "__module__", None), type(inner).__module__]
    scope = getattr(inner, "__globals__", {})
    modules += [v.__name__ for v in scope.values() if isinstance(v, ModuleType)]
    return list(dict.fromkeys(m.partition(".")[0] for m in modules if m))


def slope_by_differences(value: Function, kinks: tuple[float, ...], eps: float) -> Function:
    """The derivative by sixth-order central differences that no kink cuts through."""
    step = eps ** (1 / 7)  # balances the error h**6 against eps / h

    def slope(x: Any) -> Any:
        x = np.asarray(x, dtype=np.float64)
        h = step * np.maximum(1.0, abs(x) / 8)
        for kink in kinks:
            h = np.minimum(h, np.maximum(abs(x - kink) / 4, 1e-9))
        h = (x + h) - x  # a step that the numbers can take
        total = np.zeros_like(x)
        for n, weight in ((1, 45.0), (2, -9.0), (3, 1.0)):
            total += weight * (value(x + n * h) - value(x - n * h))
        return total / (60 * h)

    return slope


def _kinks(value: Function, eps: float) -> Iterator[float]:
    """Second differences over `d` fall as `d**2` where `value` is smooth, as `d` at a kink."""
    d = 24.0 / 1537
    x = -12 + d * np.arange(1538)
    noise = 64 * eps * (1 + abs(value(x)))

    def bend(at: Any, width: float) -> Any:
        return abs(value(at + width) - 2 * value(at) + value(at - width))

    coarse = np.maximum.reduce([bend(x + s * d, d) for s in (-0.5, 0.0, 0.5)])
    fine = np.maximum.reduce([bend(x + s * d, d / 8) for s in np.arange(-8, 9) / 16])
    suspects = np.flatnonzero((fine > coarse / 24) & (fine > noise))
    for group in np.split(suspects, np.flatnonzero(np.diff(suspects) > 2) + 1):
        if group.size:
            kink = _bisected(value, float(x[group[0]] - d), float(x[group[-1]] + d), eps)
            if not math.isnan(kink):
                yield kink


def _jump(value: Function, low: float, high: float, eps: float) -> float | None:
    """Where the value jumps, to the last bit; None where it does not."""
    at = np.linspace(low, high, 8)
    y = value(at)
    steps = abs(np.diff(y))
    n = int(np.argmax(steps))
    others = np.delete(steps, n)
    if steps[n] <= 8 * others.max() + 64 * eps * (1 + abs(y).max()):
        return None
    low, high = float(at[n]), float(at[n + 1])
    left, right = y[n], y[n + 1]
    while low < (middle := low + (high - low) / 2) < high:
        between = float(value(np.array([middle]))[0])
        low, high = (middle, high) if abs(between - left) < abs(between - right) else (low, middle)
    return high


def _bisected(value: Function, low: float, high: float, eps: float) -> float:
    """Where the lines that continue `value` from both sides of the kink meet."""
    for _ in range(90):
        width = (high - low) / 4
        if width < 2e-13 * max(1.0, abs(low)) or width < 16 * math.sqrt(eps) * 1e-2:
            break
        points = low + width * np.arange(5)
        at = points[1:4]
        bends = abs(value(at + width) - 2 * value(at) + value(at - width))
        centre = float(at[int(np.argmax(bends))])
        # A little more than the half: a jump at the very end of it must not get lost.
        low, high = centre - 1.25 * width, centre + 1.25 * width
    span = high - low
    jump = _jump(value, low - span, high + span, eps)
    if jump is not None:
        return jump
    left, right = np.array([low - 2 * span, low - span]), np.array([high + span, high + 2 * span])
    (a0, a1), (b0, b1) = value(left), value(right)
    rise_left, rise_right = (a1 - a0) / span, (b1 - b0) / span
    if abs(rise_right - rise_left) * span <= 8 * eps * (1 + abs(a1) + abs(b0)):
        return math.nan
    meet = (a1 - rise_left * left[1] - b0 + rise_right * right[0]) / (rise_right - rise_left)
    return float(meet) if low - span <= meet <= high + span else (low + high) / 2
