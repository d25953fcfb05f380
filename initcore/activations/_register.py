"""Names for activations that this library does not know."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ._callables import measure, slope_by_differences
from ._named import BY_KEY, BY_NAME, Activation, key_of

__all__ = ["register"]

_lock = threading.Lock()
_origins: dict[str, str] = {}


def register(
    name: str,
    function: Callable[[Any], Any],
    *,
    derivative: Callable[[Any], Any] | None = None,
    kinks: Sequence[float] = (),
) -> Activation:
    """The `Activation` of an elementwise function, found by `name` from now on.

    A package that names its module in the entry point group `initcore.activations` makes the name
    known wherever the package is installed: to `initcore.gain`, to the theory and to the command.

    Args:
        name: Upper and lower case, blanks, `_` and `-` make no difference.
        function: Elementwise, on float64 NumPy arrays or a framework's arrays.
        derivative: Its derivative; taken by differences if it is left out.
        kinks: Points where a derivative jumps; found by measurement if `derivative` is left out.

    Raises:
        TypeError: The name is no string, or the function is not elementwise on arrays.
        ValueError: The name belongs to another activation, or the function is not finite.

    >>> import numpy as np
    >>> from initcore import gain
    >>> from initcore.activations import register
    >>> made = register("twice_tanh", lambda x: 2 * np.tanh(x))
    >>> round(gain("twice_tanh") * 2 / gain("tanh"), 6)
    1.0
    """
    if not isinstance(name, str) or not key_of(name):
        raise TypeError(f"register needs a name for the activation, got {name!r}.")
    origin = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', name)}"
    _check_free(name, origin)
    if derivative is None:
        found = measure(function)
        slope = slope_by_differences(found.value, found.kinks, found.eps)
        made = Activation(name, found.value, slope, found.kinks, eps=found.eps)
    else:
        made = Activation(name, function, derivative, tuple(kinks))
    with _lock:
        _check_free(name, origin)
        BY_NAME[name], BY_KEY[key_of(name)], _origins[name] = made, name, origin
    return made


def _check_free(name: str, origin: str) -> None:
    taken = BY_KEY.get(key_of(name))
    if taken is not None and _origins.get(taken) != origin:
        raise ValueError(f"the name {name} belongs to an activation already: choose another.")
