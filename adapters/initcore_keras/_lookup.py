"""Initializers by name and by configuration: ours where a name is Keras's too."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import keras

from initcore.arguments import meant, short_repr

from . import _basic, _constant, _masks, _papers, _structured, _variance  # noqa: F401
from ._initializer import INITIALIZERS

__all__ = ["deserialize", "get"]

# Keras's other names of its initializers, and what it has alone.
ALIASES = {
    "normal": "RandomNormal",
    "uniform": "RandomUniform",
    "one": "Ones",
    "zero": "Zeros",
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}
KERAS = {
    "Initializer": keras.initializers.Initializer,
    "STFT": keras.initializers.STFT,
    "STFTInitializer": keras.initializers.STFT,
    "initializer": keras.initializers.Initializer,
    "stft": keras.initializers.STFT,
}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


CLASSES: dict[str, type] = {
    **KERAS,
    **INITIALIZERS,
    **{_snake(name): cls for name, cls in INITIALIZERS.items()},
    **{alias: INITIALIZERS[name] for alias, name in ALIASES.items()},
}


def get(identifier: Any) -> Callable[..., Any] | None:
    """The initializer of a name, a configuration, a class, an array or a function.

    As `keras.initializers.get`, but a name or a configuration of Keras's gives the class of this
    package, and every class here has a name: `"he_normal"`, `"HeNormal"`, `"delta_orthogonal"`.

    Args:
        identifier: A name, a dictionary with `class_name` and `config`, a class, an array, a
            callable, or None, which gives None.

    Raises:
        ValueError: It says no initializer.
    """
    if isinstance(identifier, str):
        found = deserialize({"class_name": identifier, "config": {}})
    elif isinstance(identifier, dict):
        found = deserialize(identifier)
    else:
        found = identifier
    try:
        made: Callable[..., Any] | None = keras.initializers.get(found)
    except ValueError:
        raise _unknown(identifier) from None
    return made


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer of a configuration, `{"class_name": ..., "config": {...}}`.

    As `keras.initializers.deserialize`, but a configuration that names a class of Keras gives the
    class of this package. Registered and custom objects come first.

    Args:
        config: What `serialize` gives, or a name.
        custom_objects: Classes and functions by name.

    Raises:
        ValueError: There is no initializer of this name, or it needs arguments.
    """
    if isinstance(config, (list, tuple)):
        return [deserialize(one, custom_objects) for one in config]
    name = config.get("class_name") if isinstance(config, dict) else config
    arguments = config.get("config") if isinstance(config, dict) else None
    cls = CLASSES.get(name) if isinstance(name, str) else None
    if cls is not None and keras.saving.get_registered_object(name, custom_objects) is None:
        _check_complete(cls, arguments or {})
    # As Keras itself looks names up, in our table.
    found = keras.saving.deserialize_keras_object(
        config, custom_objects=dict(custom_objects or {}), module_objects=CLASSES
    )
    if isinstance(found, (str, dict)):  # Keras returns what it does not find
        raise _unknown(name)
    return found


def _check_complete(cls: type, arguments: Any) -> None:
    needed = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    if missing := [name for name in needed if name not in arguments]:
        raise ValueError(
            f"{cls.__name__} has no default of {', '.join(missing)}: pass an object, "
            f"{cls.__name__}({', '.join(f'{name}=...' for name in missing)})."
        )


def _unknown(name: Any) -> ValueError:
    names = sorted(n for n in CLASSES if n.islower())
    return ValueError(
        f"Could not interpret initializer identifier: {short_repr(name)} is no name of an "
        "initializer, no configuration and no callable" + meant(_snake(str(name)), names)
    )
