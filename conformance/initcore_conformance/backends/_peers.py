"""What the frameworks' own initializers have in common as backends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FAMILY", "PeerBackend", "Words"]

FAMILY = (
    "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How a framework says an initializer of the core.

    Args:
        make: From parameters, by the framework's names, to what fills.
        names: The framework's parameter names, by the core's: the ones it claims to know.
        limits: Values a parameter is claimed for, where not all of them are.
        axes: Least and largest number of axes claimed.
        extra: Parameters that are always given.
    """

    make: Callable[..., Any]
    names: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    axes: tuple[int, int] = (0, 5)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def translate(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters by the framework's names."""
        for given in parameters:
            if given not in self.names:
                known = ", ".join(self.names) or "none"
                raise TypeError(f"{name} has no parameter {given!r}; its parameters: {known}.")
        return {**self.extra, **{self.names[k]: v for k, v in parameters.items()}}


class PeerBackend:
    """A framework's own initializers: another stream, another set of claims."""

    portable = False
    name: str
    dtypes: tuple[str, ...]
    words: Mapping[str, Words]

    @property
    def initializers(self) -> tuple[str, ...]:
        """Names of the core that the framework has words for."""
        return tuple(self.words)

    def claims(
        self, name: str, shape: tuple[int, ...], dtype: str, parameters: dict[str, Any]
    ) -> bool:
        """Whether the framework documents that it takes such a call."""
        words = self.words[name]
        low, high = words.axes
        return (
            low <= len(shape) <= high
            and all(p in words.names for p in parameters)
            and all(check(parameters[p]) for p, check in words.limits.items() if p in parameters)
        )
