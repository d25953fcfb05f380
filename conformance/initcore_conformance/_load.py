"""From names on the command line to backends.

Other packages register backends under names of their own in the entry point group
`initcore.backends`: `their_name = "their_package.module:object"`.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from ._backend import as_backend

__all__ = ["KERAS_BACKENDS", "Target", "known_names", "load", "targets"]

KERAS_BACKENDS = ("tensorflow", "jax", "torch", "numpy")
HOME = "initcore_conformance.backends"
GROUP = "initcore.backends"


@dataclass(frozen=True)
class Target:
    """A backend to check.

    Attributes:
        name: Its name on the command line.
        path: `module:object` or `file.py:object` that holds it.
        keras: The Keras backend it needs, which is read from the environment at import.
        packages: Packages whose versions the report shows.
    """

    name: str
    path: str
    keras: str | None = None
    packages: tuple[str, ...] = ()


def _keras(name: str, path: str) -> list[Target]:
    return [Target(f"{name}:{b}", path, b, ("keras", b)) for b in KERAS_BACKENDS]


STRICT = ("array_api_strict",)
NAMED: dict[str, list[Target]] = {
    "numpy": [Target("numpy", f"{HOME}._array_api:numpy", packages=("numpy",))],
    "array_api_strict": [
        Target("array_api_strict", f"{HOME}._array_api:strict", packages=STRICT),
        Target("array_api_strict:no_x64", f"{HOME}._array_api:strict_no_x64", packages=STRICT),
        Target(
            "array_api_strict:no_float64", f"{HOME}._array_api:strict_no_float64", packages=STRICT
        ),
    ],
    "torch": [Target("torch", "initcore_torch._backend:backend", packages=("torch",))],
    "jax": [Target("jax", "initcore_jax._backend:backend", packages=("jax",))],
    "keras": _keras("keras", "initcore_keras._backend:backend"),
    "mlx": [Target("mlx", "initcore_mlx._backend:backend", packages=("mlx",))],
    "numpy:reference": [
        Target("numpy:reference", f"{HOME}._array_api:reference", packages=("numpy",))
    ],
    "torch.nn.init": [Target("torch.nn.init", f"{HOME}._torch:backend", packages=("torch",))],
    "jax.nn.initializers": [
        Target("jax.nn.initializers", f"{HOME}._jax:backend", packages=("jax",))
    ],
    "keras.initializers": _keras("keras.initializers", f"{HOME}._keras:backend"),
}


def known_names() -> list[str]:
    """Names of the backends that come with the library."""
    return [target.name for group in NAMED.values() for target in group]


def _registered() -> dict[str, Target]:
    """The backends that installed packages offer by entry points, by name."""
    return {
        point.name: Target(
            point.name, point.value, packages=(point.dist.name,) if point.dist else ()
        )
        for point in entry_points(group=GROUP)
    }


def targets(names: Iterable[str]) -> list[Target]:
    """The backends of these names: `keras` has four, of which `keras:jax` is one.

    Raises:
        ValueError: A name is neither known nor a `package.module:object`.
    """
    single = {target.name: target for group in NAMED.values() for target in group}
    found: list[Target] = []
    for name in names:
        if name in NAMED:
            found += NAMED[name]
        elif name in single:
            found.append(single[name])
        elif name in (theirs := _registered()):
            found.append(theirs[name])
        elif ":" in name and name.partition(":")[0] not in NAMED:
            found.append(Target(name, name))
        else:
            known = ", ".join([*NAMED, *_registered()])
            raise ValueError(
                f"there is no backend {name!r}; there are {known}, and any package.module:object."
            )
    return list(dict.fromkeys(found))


def load(name: str) -> Any:
    """The backend that a name or `module:object` stands for.

    Raises:
        ImportError: Its framework, or the module, is not installed.
        TypeError: The object does not follow the protocol.
        ValueError: There is no such backend, or Keras runs on another one in this process.
    """
    # "array_api_strict" names a group and its first member.
    target = next((t for t in targets([name]) if t.name == name), None)
    if target is None:
        raise ValueError(f"{name!r} stands for several backends; name one of them.")
    if target.keras:
        _run_keras_on(target.keras)
    where, _, attribute = target.path.rpartition(":")
    module = _from_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    if not hasattr(module, attribute):
        raise TypeError(f"module {where} has no object {attribute!r}.")
    return as_backend(getattr(module, attribute), target.path)


def _run_keras_on(backend: str) -> None:
    """Keras reads the environment once, when it is imported."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    elif (now := sys.modules["keras"].config.backend()) != backend:
        raise ValueError(
            f"Keras runs on {now} in this process; set KERAS_BACKEND={backend} before it starts."
        )


def _from_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(f"there is no file {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module
