"""Constants, and independent entries with a given standard deviation or interval."""

from typing import Any, ClassVar, Unpack

import keras
import numpy as np

from initcore.arguments import as_shape, short_repr
from initcore.arrays import REAL

from ._initializer import CoreInitializer, register
from ._kernel import KernelInitializer
from ._keywords import Axes, Seed

__all__ = [
    "Constant",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "Sparse",
    "TruncatedNormal",
    "Zeros",
]


class _Plain(CoreInitializer):
    """Constants also serve the dtypes that hold no real numbers."""

    def _value(self) -> Any:
        raise NotImplementedError  # pragma: no cover

    def _make(self, shape: Any, dtype: Any) -> Any:
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        value = self._value()
        if kind in REAL and not _has_axes(value):
            return super()._make(shape, kind)
        who = type(self).__name__
        sizes = as_shape(shape, who=who)
        given = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        if not _broadcasts(given, sizes):
            raise ValueError(
                f"{who} needs a value that broadcasts to the shape {sizes}, got one of shape "
                f"{given}."
            )
        ones = keras.ops.ones(sizes, dtype=kind)
        return keras.ops.cast(value, kind) * ones if kind != "bool" else ones & bool(value)


def _has_axes(value: Any) -> bool:
    return bool(getattr(value, "shape", ())) or isinstance(value, (list, tuple))


def _is_numeric(value: Any) -> bool:
    # Of kind V are bfloat16 and the like.
    known = isinstance(value, (np.ndarray, list, tuple))
    return known and np.asarray(value).dtype.kind in "biufcV"


def _broadcasts(shape: Any, to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(tuple(shape), to) == to
    except ValueError:
        return False


@register
class Zeros(_Plain):
    """Every element is 0."""

    core = "zeros"

    def _value(self) -> Any:
        return 0


@register
class Ones(_Plain):
    """Every element is 1."""

    core = "ones"

    def _value(self) -> Any:
        return 1


@register
class Constant(_Plain):
    """Every element is `value`.

    Args:
        value: A number, or an array that broadcasts to the shape.
    """

    core = "constant"

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value
        if not _has_axes(value):
            self._check_parameters()
        elif not keras.ops.is_tensor(value) and not _is_numeric(value):
            raise TypeError(
                f"Constant needs a number or an array of numbers, got {short_repr(value)}."
            )

    def _value(self) -> Any:
        return self.value

    def get_config(self) -> dict[str, Any]:
        """The value, serialized."""
        return {"value": keras.saving.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Constant":
        """The initializer of a `get_config`."""
        return cls(keras.saving.deserialize_keras_object(config.get("value", 0.0)))


@register
class RandomNormal(KernelInitializer):
    """Entries are independent normal with the given mean and standard deviation."""

    core = "normal"

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None, **axes: Unpack[Axes]
    ) -> None:
        self.mean, self.stddev = mean, stddev
        super().__init__(seed, **axes)


@register
class RandomUniform(KernelInitializer):
    """Entries are independent and uniform on `[minval, maxval)`."""

    core = "uniform"
    names: ClassVar[dict[str, str]] = {"low": "minval", "high": "maxval"}

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None, **axes: Unpack[Axes]
    ) -> None:
        self.minval, self.maxval = minval, maxval
        super().__init__(seed, **axes)
        if float(minval) > float(maxval):
            raise ValueError(f"RandomUniform needs minval <= maxval, got {minval} and {maxval}.")


@register
class TruncatedNormal(KernelInitializer):
    """Entries are independent `mean + stddev * z`, `z` standard normal given `low < z < high`.

    The default cuts are those of Keras.
    """

    core = "truncated_normal"
    usual: ClassVar[dict[str, Any]] = {**KernelInitializer.usual, "low": -2.0, "high": 2.0}

    def __init__(
        self,
        mean: float = 0.0,
        stddev: float = 0.05,
        seed: Seed = None,
        *,
        low: float = -2.0,
        high: float = 2.0,
        **axes: Unpack[Axes],
    ) -> None:
        self.mean, self.stddev, self.low, self.high = mean, stddev, low, high
        super().__init__(seed, **axes)
        if not float(low) < float(high):
            raise ValueError(f"TruncatedNormal needs low < high, got {low} and {high}.")


@register
class Sparse(KernelInitializer):
    """A fraction `sparsity` of each input's weights is 0, the others are normal of `stddev`."""

    core = "sparse"

    def __init__(self, sparsity: float, stddev: float = 0.01, seed: Seed = None) -> None:
        self.sparsity, self.stddev = sparsity, stddev
        super().__init__(seed)
