"""What other people's initializers have in common as backends."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from initcore.spec import Layout

__all__ = [
    "CHANNELS_LAST", "FAMILY", "LAYERS", "Claims", "PeerBackend", "Words", "has", "own_shape",
    "takes",
]  # fmt: skip

CHANNELS_LAST = Layout((-1,), (-2,))
LAYERS = ("dense", "conv1d", "conv2d", "conv3d")

Claims = Callable[[tuple[int, ...], dict[str, Any]], bool]

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
        extra: Parameters that are given if nothing else is.
        claims: `(shape, parameters) -> bool`, where that is not all.
    """

    make: Callable[..., Any]
    names: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    axes: tuple[int, int] = (0, 5)
    extra: Mapping[str, Any] = field(default_factory=dict)
    claims: Claims | None = None

    def translate(self, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters by the framework's names."""
        for given in parameters:
            if given not in self.names:
                known = ", ".join(self.names) or "none"
                raise TypeError(f"{name} has no parameter {given!r}; its parameters: {known}.")
        return {**self.extra, **{self.names[k]: v for k, v in parameters.items()}}


class PeerBackend:
    """Initializers from elsewhere: another stream, another set of claims.

    Args:
        words: How each is said, by the core's name.
    """

    portable = False
    name: str
    dtypes: tuple[str, ...]
    seed_bits = 64

    def __init__(self, words: Mapping[str, Words]) -> None:
        self.words = words
        self.beyond: dict[str, tuple[str, ...]] = {}

    @property
    def initializers(self) -> tuple[str, ...]:
        """Names of the core that there are words for."""
        return tuple(self.words)

    def claims(
        self, name: str, shape: tuple[int, ...], dtype: str, parameters: dict[str, Any]
    ) -> bool:
        """Whether it is documented that such a call is taken."""
        words = self.words[name]
        low, high = words.axes
        return (
            low <= len(shape) <= high
            and all(p in words.names for p in parameters)
            and all(check(parameters[p]) for p, check in words.limits.items() if p in parameters)
            and (words.claims is None or words.claims(shape, parameters))
        )


def own_shape(layout: Layout, shape: Sequence[int]) -> tuple[int, ...]:
    """The canonical `shape` in the order of `layout`; vectors have no order."""
    if len(shape) < 2:
        return tuple(shape)
    # Sizes that are the numbers of their axes tell where each axis goes.
    axes = layout.kernel(range(len(shape))).shape
    return tuple(size for _, size in sorted(zip(axes, shape, strict=True)))


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether it has a parameter of this name, or takes any."""
    any_ = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
    return any_ or has(function, name)


def has(function: Callable[..., Any], name: str) -> bool:
    """Whether it has a parameter of this name."""
    return name in inspect.signature(function).parameters
