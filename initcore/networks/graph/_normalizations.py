"""Normalizations and softmaxes that a model spells out, recognised by what they compute.

A value multiplied or divided by a statistic of itself is normalized, whatever operations make the
statistic; what lies in between is no activation.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ._elementwise import is_scaling
from ._graph import Node

__all__ = ["normalizations"]

INSIDE = ("map", "reduce", "move", "sum", "statistic", "norm")
At = Callable[[int], Node]
FAR = 64  # nodes between a value and its statistic, at most


def normalizations(nodes: Sequence[Node], outputs: Sequence[int] = ()) -> Mapping[int, Node]:
    """The nodes that complete a normalization or lie inside of one, resolved, by index.

    Args:
        nodes: Of signals, in order.
        outputs: Nodes that the model returns.
    """
    found: dict[int, Node] = {}
    consumers: dict[int, set[int]] = {}
    for i, node in enumerate(nodes):
        for j in node.inputs:
            consumers.setdefault(j, set()).add(i)

    def at(i: int) -> Node:
        return found.get(i, nodes[i])

    for i, node in enumerate(nodes):
        if node.kind not in ("map", "sum") or len(set(node.inputs)) != 2:
            continue
        for x, r in (node.inputs, node.inputs[::-1]):
            way = _way(at, x)
            inside = _statistic(at, way[-1], r)
            if inside is None or not any(
                at(j).kind in ("reduce", "statistic") and _size(at(j)) <= _size(at(x))
                for j in inside
            ):
                continue
            total = at(_way(at, r)[-1])
            exponential = at(way[-1])
            of_it = total.kind == "reduce" and _way(at, total.inputs[0])[-1] == way[-1]
            inside -= {*way}
            if of_it and _is_exponential(exponential):
                inside |= {*way}  # its exponential is no activation
                axis = _reduced(at(x).shape, at(r).shape)
                found[i] = dataclasses.replace(node, kind="softmax", inputs=exponential.inputs,
                                               axis=axis)  # fmt: skip
            elif node.kind == "sum":  # less its mean
                found[i] = dataclasses.replace(node, kind="move", inputs=(x,), function=None)
            else:
                found[i] = dataclasses.replace(node, kind="norm", inputs=(x,), function=None)
            _hide(found, nodes, consumers, inside, i, set(outputs))
            break
    return found


def _way(at: At, i: int) -> list[int]:
    """The value, and the values it was moved or shifted from, back to the first."""
    found = [i]
    while len(at(i).inputs) == 1 and (at(i).kind == "move" or is_scaling(at(i))):
        i = at(i).inputs[0]
        found.append(i)
    return found


def _statistic(at: At, x: int, r: int) -> set[int] | None:
    """The nodes from the value `x` to `r`, if `r` is made of `x` alone and takes a reduction."""
    seen: set[int] = set()
    front, reduces = [r], False
    while front:
        i = front.pop()
        if i == x or i in seen:
            continue
        node = at(i)
        if i < x or node.kind not in INSIDE or not node.inputs or len(seen) > FAR:
            return None
        seen.add(i)
        reduces |= node.kind == "reduce"
        front += node.inputs
    return seen if reduces else None


def _reduced(whole: tuple[int, ...] | None, left: tuple[int, ...] | None) -> int | None:
    """The axis that a statistic was taken over, where it was kept with length 1."""
    if whole is None or left is None or len(whole) != len(left):
        return None
    axes = [k for k, (m, n) in enumerate(zip(whole, left, strict=True)) if m != n]
    return axes[0] if len(axes) == 1 else None


def _size(node: Node) -> int:
    return int(np.prod(node.shape)) if node.shape is not None else 0


def _is_exponential(node: Node) -> bool:
    if node.kind != "map" or node.function is None or len(node.inputs) != 1:
        return False
    try:
        y = np.asarray(node.function(np.array([0.0, 1.0, 2.0])))
    except Exception:
        return False
    return bool(np.allclose(y[1:] / y[:-1], np.e, rtol=1e-5))


def _hide(
    found: dict[int, Node], nodes: Sequence[Node], consumers: Mapping[int, set[int]],
    inside: set[int], end: int, outputs: set[int],
) -> None:  # fmt: skip
    """Mark nodes as statistics that serve only the normalization ending at `end`."""
    hidden: set[int] = set()
    for i in sorted(inside, reverse=True):
        if consumers.get(i, set()) <= hidden | {end} and i not in outputs:
            hidden.add(i)
            found[i] = dataclasses.replace(found.get(i, nodes[i]), kind="statistic")
