"""Normalizations and softmaxes, which JAX spells out, recognised by what they are made of."""

from typing import Any

from initcore.networks import Node

from ._equations import REDUCTIONS, ROOTS

__all__ = ["CENTERED", "centered", "feeding_layer", "normalized", "soft_maximum"]

BODY = ("move", "map", "norm", "sum", "mix")
AFFINE = ("add", "sub", "mul", "div", "neg", "convert_element_type")
LIMIT = 96  # equations of one normalization, at most
CENTERED = "centered"  # label of a value less a statistic of it


def _moves(nodes: list[Node], i: int) -> list[int]:
    """The value `i` and those it is a rearrangement of, shifted or stretched by numbers."""
    found = [i]
    while len(nodes[i].inputs) == 1 and (
        (nodes[i].kind == "move" and nodes[i].label not in REDUCTIONS)
        or (nodes[i].kind == "map" and nodes[i].label in AFFINE)
    ):
        i = nodes[i].inputs[0]
        found.append(i)
    return found


def _between(nodes: list[Node], start: int, targets: set[int]) -> set[int] | None:
    """The nodes `start` is made of down to `targets`; None if anything else is among them."""
    found: set[int] = set()
    front = [start]
    while front:
        i = front.pop()
        if i in targets or i in found:
            continue
        node = nodes[i]
        if node.kind not in BODY or not node.inputs or len(found) > LIMIT:
            return None
        found.add(i)
        front += node.inputs
    return found


def _reduces(nodes: list[Node], among: set[int]) -> bool:
    return any(nodes[i].label in REDUCTIONS or nodes[i].kind == "mix" for i in among)


def centered(nodes: list[Node], a: int, b: int) -> bool:
    """Whether `b` is a statistic of `a`, as its mean or its largest element is."""
    among = _between(nodes, b, set(_moves(nodes, a)))
    return bool(among) and _reduces(nodes, among or set())


def normalized(nodes: list[Node], a: int, b: int) -> set[int] | None:
    """What makes the deviation `b`, or one over it, of `x`, if `a` is `x` or `x - mean(x)`."""
    targets = set(_moves(nodes, a))
    among = _between(nodes, b, targets)
    if not among or not _reduces(nodes, among):
        return None
    if not any(nodes[i].label in ROOTS for i in among):
        return None
    return among


def soft_maximum(nodes: list[Node], a: int, b: int) -> int | None:
    """The argument `x` if `a` is `exp(x)` and `b` its sum."""
    exponent = next((i for i in _moves(nodes, a) if nodes[i].label in ("exp", "exp2")), None)
    if exponent is None:
        return None
    among = _between(nodes, b, set(_moves(nodes, a)))
    if not among or not any(nodes[i].label == "reduce_sum" for i in among):
        return None
    return nodes[exponent].inputs[0]


def feeding_layer(nodes: list[Node], i: int) -> Any:
    """The layer whose output, moved about, is the value `i`; None if there is none."""
    while nodes[i].kind == "move" and len(nodes[i].inputs) == 1:
        i = nodes[i].inputs[0]
    return nodes[i] if nodes[i].kind in ("layer", "recurrent") else None
