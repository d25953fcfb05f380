"""What other libraries' initializers have in common as backends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from initcore.spec import Layout

__all__ = [
    "CHANNELS_LAST",
    "FAMILY",
    "LAYERS",
    "Claims",
    "Counterpart",
    "PeerBackend",
    "own_shape",
]  # fmt: skip

CHANNELS_LAST = Layout((-1,), (-2,))
LAYERS = ("dense", "conv1d", "conv2d", "conv3d")

Claims = Callable[[tuple[int, ...], dict[str, Any]], bool]

FAMILY = (
    "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
)  # fmt: skip


@dataclass(frozen=True)
class Counterpart:
    """A framework's counterpart of an initializer of the core.

    Args:
        make: The framework's function or class.
        names: The framework's parameter names, by the core's: the ones it claims to know.
        limits: Whether a value of a parameter is claimed, where not all of them are.
        axes: Least and largest number of axes claimed.
        extra: Arguments, by the framework's names, that are given unless a parameter sets them.
        claims: `(shape, parameters) -> bool`, where some calls are not claimed.
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
    """Initializers of another library: another stream, another set of claims.

    Args:
        counterparts: By the core's name.
    """

    portable = False
    name: str
    dtypes: tuple[str, ...]
    seed_bits = 64

    def __init__(self, counterparts: Mapping[str, Counterpart]) -> None:
        self.counterparts = counterparts
        self.beyond: dict[str, tuple[str, ...]] = {}

    @property
    def initializers(self) -> tuple[str, ...]:
        """Names of the core's initializers that have a counterpart."""
        return tuple(self.counterparts)

    def claims(
        self, name: str, shape: tuple[int, ...], dtype: str, parameters: dict[str, Any]
    ) -> bool:
        """Whether the library documents that it takes such a call."""
        counterpart = self.counterparts[name]
        low, high = counterpart.axes
        return (
            low <= len(shape) <= high
            and all(p in counterpart.names for p in parameters)
            and all(
                check(parameters[p]) for p, check in counterpart.limits.items() if p in parameters
            )
            and (counterpart.claims is None or counterpart.claims(shape, parameters))
        )


def own_shape(layout: Layout, shape: Sequence[int]) -> tuple[int, ...]:
    """The canonical `shape` in the order of `layout`; vectors have no order."""
    if len(shape) < 2:
        return tuple(shape)
    # A shape whose sizes are the numbers of its axes shows where each axis goes.
    axes = layout.kernel(range(len(shape))).shape
    return tuple(size for _, size in sorted(zip(axes, shape, strict=True)))
