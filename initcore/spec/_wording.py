"""How a caller speaks of initializers: the core by its own names, an adapter by its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["CORE", "Wording"]


@dataclass(frozen=True)
class Wording:
    """How a caller speaks of initializers: the core, or an adapter with its own names.

    Args:
        spell: From the core's name of an initializer to the caller's.
        thing: What is filled: "a shape", "a tensor of shape", ...
        names: The caller's parameter names, by the core's.
    """

    spell: Callable[[str], str] = str
    thing: str = "shape"
    names: Mapping[str, str] = field(default_factory=dict)


CORE = Wording()
