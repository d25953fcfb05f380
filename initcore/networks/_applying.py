"""Which adapter writes plans into which models; adapters register themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Applier", "applier_of", "register_applier"]


@dataclass(frozen=True)
class Applier:
    """What an adapter does with a plan.

    Attributes:
        apply: From a plan, a model and its inputs to what `initialize` returns.
        verify: Raises a `ValueError` unless the weights of a model are those of a plan.
    """

    apply: Callable[[Any, Any, Any], Any]
    verify: Callable[[Any, Any], None]


_APPLIERS: dict[str, Applier] = {}


def register_applier(roots: tuple[str, ...], applier: Applier) -> None:
    """Let `applier` handle models whose classes come from the packages `roots`, or tuples.

    Args:
        roots: Names of top-level packages.
        applier: Function that writes a plan into such a model.
    """
    _APPLIERS.update(dict.fromkeys(roots, applier))


def applier_of(model: Any, who: str) -> Applier:
    """The applier of a model.

    Raises:
        TypeError: None is registered for its class.
    """
    roots = [base.__module__.partition(".")[0] for base in type(model).__mro__]
    roots += ["tuple"] if isinstance(model, tuple) else []
    for root in roots:
        if root in _APPLIERS:
            return _APPLIERS[root]
    known = ", ".join(_APPLIERS) or "none"
    raise TypeError(
        f"{who} needs a model of a framework whose adapter is imported (initcore_torch, "
        f"initcore_jax, initcore_keras), got {type(model).__name__}; known packages: {known}."
    )
