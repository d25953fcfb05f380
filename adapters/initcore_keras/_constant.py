"""Constants, of any dtype that the backend has."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from initcore.arguments import as_shape, short_repr

from ._initializer import CoreInitializer, register

__all__ = ["Constant", "Ones", "Zeros"]


class _Plain(CoreInitializer):
    """An initializer without random numbers, which Keras itself fills."""

    def _fill(self, shape: tuple[int, ...], dtype: str) -> Any:
        raise NotImplementedError  # pragma: no cover

    def _make(self, shape: Any, dtype: Any) -> Any:
        who = type(self).__name__
        sizes = as_shape(shape, who=who)
        kind = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        return _in_one_sentence(who, kind, lambda: self._fill(sizes, kind))


def _in_one_sentence(who: str, dtype: str, fill: Callable[[], Any]) -> Any:
    try:
        return fill()
    except Exception as error:  # each backend has its own
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{who} needs a dtype that the {keras.backend.backend()} backend can fill with its "
            f"value, got {dtype}."
        ) from error


@register
class Zeros(_Plain):
    """Every element is 0, of any dtype."""

    core = "zeros"

    def _fill(self, shape: tuple[int, ...], dtype: str) -> Any:
        return keras.ops.zeros(shape, dtype=dtype)


@register
class Ones(_Plain):
    """Every element is 1, of any dtype."""

    core = "ones"

    def _fill(self, shape: tuple[int, ...], dtype: str) -> Any:
        return keras.ops.ones(shape, dtype=dtype)


@register
class Constant(_Plain):
    """Every element is `value`, of any dtype.

    Args:
        value: A number, or an array that broadcasts to the shape.
    """

    core = "constant"

    def __init__(self, value: float | Sequence[Any] | np.ndarray[Any, Any] | Any = 0.0) -> None:
        if isinstance(value, np.generic):  # as Python's, which can be saved
            value = float(value) if isinstance(value, np.longdouble) else value.item()
        self.value = value
        if not _is_numeric(value):
            raise TypeError(
                "Constant needs value (the value of every element) to be a number or an array of "
                f"numbers, got {short_repr(value)}."
            )

    def _make(self, shape: Any, dtype: Any) -> Any:
        sizes = as_shape(shape, who="Constant")
        given = tuple(getattr(self.value, "shape", None) or np.shape(self.value))
        if not _broadcasts(given, sizes):
            raise ValueError(
                f"Constant needs a value that broadcasts to the shape {sizes}, got one of shape "
                f"{given}."
            )
        return super()._make(sizes, dtype)

    def _fill(self, shape: tuple[int, ...], dtype: str) -> Any:
        if isinstance(self.value, complex) and "complex" not in dtype:
            raise TypeError  # TensorFlow would drop the imaginary part
        ones = keras.ops.ones(shape, dtype=dtype)
        # TensorFlow would round a number of Python's to float32 first.
        exact = dtype == "float64" and isinstance(self.value, float)
        value = keras.ops.cast(np.asarray(self.value) if exact else self.value, dtype)
        return value * ones if dtype != "bool" else keras.ops.logical_and(value, ones)

    def get_config(self) -> dict[str, Any]:
        """The value, serialized; Keras itself has no form of a complex number."""
        if isinstance(self.value, complex):
            return {"value": {"real": self.value.real, "imag": self.value.imag}}
        return {"value": keras.saving.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Constant":
        """The initializer of a `get_config`."""
        value = keras.saving.deserialize_keras_object(config.get("value", 0.0))
        return cls(complex(**value) if isinstance(value, dict) else value)


def _is_numeric(value: Any) -> bool:
    if isinstance(value, (bool, int, float, complex)):
        return True
    if not isinstance(value, (np.ndarray, np.generic, list, tuple)):
        return bool(keras.ops.is_tensor(value))
    if isinstance(value, np.ma.MaskedArray):
        return False
    try:
        return np.asarray(value).dtype.kind in "biufcV"  # of kind V are bfloat16 and the like
    except ValueError:  # lists of several lengths
        return False


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
