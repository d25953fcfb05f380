"""A jaxpr evaluated equation by equation, with a hand on what it makes."""

from collections.abc import Callable
from typing import Any

from ._equations import body_of

__all__ = ["Place", "walk"]

Place = tuple[int, ...]  # the equations that call one another, the last one last


def walk(
    jaxpr: Any, consts: Any, given: Any, tap: Callable[[Place, Any], Any], stack: Place = ()
) -> list[Any]:
    """The outputs of `jaxpr`; `tap(place, value)` is what the first result of each equation is
    replaced by. The bodies of loops are not entered."""
    known = dict(zip(jaxpr.constvars, consts, strict=True))
    known.update(zip(jaxpr.invars, given, strict=True))
    for eqn in jaxpr.eqns:
        values = [v.val if hasattr(v, "val") else known[v] for v in eqn.invars]
        place, body = (*stack, id(eqn)), body_of(eqn)
        if body is not None:
            made = walk(*body, values, tap, place)
        else:
            bound = eqn.primitive.get_bind_params(eqn.params)
            functions, params = bound if isinstance(bound, tuple) else ((), bound)  # older JAX
            made = eqn.primitive.bind(*functions, *values, **params)
            made = list(made) if eqn.primitive.multiple_results else [made]
        if made:
            made[0] = tap(place, made[0])
        known.update(zip(eqn.outvars, made, strict=True))
    return [v.val if hasattr(v, "val") else known[v] for v in jaxpr.outvars]
