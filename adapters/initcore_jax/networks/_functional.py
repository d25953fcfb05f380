"""A model of any of JAX's libraries as a function of its weights."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FunctionalModel", "path_of"]


@dataclass(frozen=True)
class FunctionalModel:
    """Weights by path, and how to call the model with others and to fill it with new ones.

    Attributes:
        name: For reports.
        weights: Its weights by path, arrays or only their shapes.
        state: Other arrays that the call needs: running statistics, keys.
        call: `call(weights, state, args, kwargs)`, with `weights` a list in their order.
        refill: From new weights by path to what `initialize` returns beside the report.
        made: From paths to the initial values of weights that are given as shapes.
        gates: For kernels of recurrent cells, how many gates each holds.
        guess: Calls that may fit.
    """

    name: str
    weights: dict[str, Any]
    state: list[Any]
    call: Callable[..., Any]
    refill: Callable[[dict[str, Any]], Any]
    made: Callable[[list[str]], dict[str, Any]] = lambda paths: {}
    gates: Mapping[str, int] = field(default_factory=dict)
    guess: Callable[[], Iterator[tuple[Any, ...]]] = lambda: iter(())


def path_of(keys: Any) -> str:
    """A key path as one name: `layers.0.weight` of attributes, `params/Dense_0/kernel` of dicts."""
    names = [str(getattr(k, "name", getattr(k, "key", getattr(k, "idx", k)))) for k in keys]
    if len(keys) > 1 and names[-1] in ("value", "raw_value") and hasattr(keys[-1], "name"):
        names, keys = names[:-1], keys[:-1]  # of a variable's box
    return ("." if hasattr(keys[0], "name") else "/").join(names)
