"""The names that error texts use: the core's, or an adapter's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["CORE", "Wording"]


@dataclass(frozen=True)
class Wording:
    """The names that error texts use for initializers, parameters and what is filled.

    Args:
        spell: From the core's name of an initializer to the caller's.
        thing: What is filled: "a shape", "a tensor of shape", ...
        names: The caller's parameter names, by the core's.
        leads: First words of the error that a parameter (or `"shape"`) is out of range, where a
            framework's users look for its own.
        called: How the object that a function or class makes is called with a shape, such as
            `"(key, shape)"`; empty where the function itself fills or draws.
    """

    spell: Callable[[str], str] = str
    thing: str = "shape"
    names: Mapping[str, str] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    called: str = ""


CORE = Wording()
