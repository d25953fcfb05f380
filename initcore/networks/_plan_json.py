"""Assignments as JSON, and the part of them that values depend on."""

from collections.abc import Mapping
from typing import Any

from ..arguments import short_repr
from ..spec import Layout, Wording, specs
from ._assignment import Assignment, Piece
from .graph import Parameter
from .roles import Weight

__all__ = ["assignment_of", "fields_of", "identity_of"]

WORDING = Wording(lambda name: f"Plan.from_json: {name}", "a kernel of shape", {})


def identity_of(a: Assignment) -> list[Any]:
    """What the values of a weight depend on, the same in every framework."""
    pieces = [[p.name, _rounded(p.parameters, a), list(p.shape), list(map(list, p.rows))]
              for p in a.pieces]  # fmt: skip
    return [a.key, a.name, _rounded(a.parameters, a), list(a.shape), pieces,
            list(map(list, a.starts))]  # fmt: skip


def fields_of(a: Assignment) -> dict[str, Any]:
    """An assignment as JSON has it."""
    p, layout = a.weight.parameter, a.layout
    found: dict[str, Any] = {
        "path": p.path, "key": a.key, "shape": list(p.shape), "kind": p.kind,
        "role": a.weight.role, "found_by": a.weight.by, "initializer": a.name,
        "parameters": _plain(a.parameters, a), "sizes": list(a.shape), "why": a.why,
    }  # fmt: skip
    if p.complex_:
        found["complex"] = True
    if p.aliases:
        found["aliases"] = list(p.aliases)
    if layout is not None:
        found["layout"] = {
            "out": list(layout.out), "in": list(layout.in_), "batch": list(layout.batch),
            "groups": int(layout.groups), "groups_on_in": layout.groups_on_in,
        }  # fmt: skip
    if a.pieces:
        found["pieces"] = [
            {"role": p.role, "rows": [list(r) for r in p.rows], "initializer": p.name,
             "parameters": _plain(p.parameters, a), "sizes": list(p.shape), "why": p.why}
            for p in a.pieces
        ]  # fmt: skip
    if a.starts:
        found["starts"] = [list(s) for s in a.starts]
    return found


def assignment_of(given: Mapping[str, Any]) -> Assignment:
    """The assignment that `fields_of` wrote, its initializers and parameters checked."""
    layout = None
    if "layout" in given:
        kept = given["layout"]
        layout = Layout(tuple(kept["out"]), tuple(kept["in"]), tuple(kept["batch"]),
                        kept["groups"], kept["groups_on_in"])  # fmt: skip
    p = Parameter(given["path"], tuple(given["shape"]), given["kind"], layout,
                  aliases=tuple(given.get("aliases", ())), key=given["key"],
                  complex_=bool(given.get("complex", False)))  # fmt: skip
    pieces = tuple(
        Piece(one["role"], tuple((int(a), int(b)) for a, b in one["rows"]), one["initializer"],
              _checked(one), tuple(one["sizes"]), one["why"])
        for one in given.get("pieces", ())
    )  # fmt: skip
    starts = tuple((int(a), int(b), float(v)) for a, b, v in given.get("starts", ()))
    parameters = {} if given["initializer"] is None else _checked(given)
    weight = Weight(p, given["role"], by=given["found_by"])
    return Assignment(weight, given["initializer"], parameters, given["why"], given["key"],
                      layout, tuple(given["sizes"]), pieces, starts)  # fmt: skip


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    name = given["initializer"]
    if name not in specs:
        raise ValueError(f"there is no initializer {short_repr(name)}")
    parameters: dict[str, Any] = specs[name].check(
        tuple(given["sizes"]), dict(given["parameters"]), wording=WORDING
    )[1]
    return parameters


def _rounded(parameters: Mapping[str, Any], a: Assignment) -> dict[str, Any]:
    """Gains come from quadrature, whose last bits are the machine's."""
    return {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in _plain(parameters, a).items()}


def _plain(parameters: Mapping[str, Any], a: Assignment) -> dict[str, Any]:
    for name, value in parameters.items():
        if callable(value):
            raise TypeError(
                f"a plan is text, and {name} of {a.weight.path} is a function, "
                f"{short_repr(value)}; give the activation a name, or plan on every process."
            )
    return {k: float(v) if hasattr(v, "dtype") else v for k, v in parameters.items()}
