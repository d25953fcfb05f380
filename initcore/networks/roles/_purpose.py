"""Roles that show in how a layer's outputs are used: router, gate, modulation, time step."""

import math
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

from ..graph import Graph, Node, called, is_bounded, is_multiplication, is_step, takes_signs
from ._activation import LINEAR, Following
from ._ways import FAR, ahead, everywhere, layer_behind, origin

__all__ = ["purpose", "shapes_a_product"]

BESIDE = ("move", "map")
Goes = Callable[[int], bool]


def purpose(graph: Graph, layer: int, following: Following, goes: Goes = everywhere) -> str | None:
    """The role that shows in how a layer's outputs are used; None if none does.

    Args:
        graph: The resolved graph.
        layer: The node.
        following: The activation after it.
        goes: Whether the outputs in question arrive at a node; at all of them by default.
    """
    if _chooses(graph, layer, goes):
        return "router"
    shaped = shapes_a_product(graph, following)
    if shaped is not None:
        return shaped
    if following.function == LINEAR and _modulates(graph, layer, goes):
        return "modulation"
    return None


def shapes_a_product(graph: Graph, following: Following) -> str | None:
    """`"time_step"` or `"gate"` if the activation's result multiplies another value in that way."""
    if following.node is None:
        return None
    others = [k for j, k in _partners(graph, following.node) if _is_product(graph.nodes[j])]
    if not others:
        return None
    if is_step(following.function):
        return "time_step"
    if not is_bounded(following.function):
        return None
    gated = takes_signs(following.function) and all(_is_factor(graph, k) for k in others)
    return None if gated else "gate"


def _chooses(graph: Graph, layer: int, goes: Goes) -> bool:
    """Whether its outputs, the largest of them or their softmax, multiply those of experts."""
    found = ahead(graph, layer, ("move", "map", "norm", "softmax", "sum"), goes)
    if any(graph.nodes[j].picks_largest and _is_used(graph, j) for j in found):
        return True
    return any(_weighs_experts(graph, layer, j) for j in found)


def _is_used(graph: Graph, i: int) -> bool:
    """Whether a value is used by more than moves."""
    return any(graph.ancestors[j] >> i & 1 for j in range(i + 1, len(graph.nodes))
               if graph.nodes[j].kind in ("map", "layer", "mix", "other"))  # fmt: skip


def _weighs_experts(graph: Graph, layer: int, product: int) -> bool:
    """Whether a product weighs the experts' outputs by a softmax of a layer's output."""
    found = graph.nodes[product]
    if len(set(found.inputs)) != 2 or not (found.kind == "mix" or is_multiplication(found)):
        return False
    for i in graph.softmaxes:
        shape, axis = graph.nodes[i].shape, graph.nodes[i].axis
        if not graph.ancestors[i] >> layer & 1 or shape is None or axis is None:
            continue
        others = [k for k in found.inputs if not graph.ancestors[k] >> i & 1]
        if len(others) == 1 and _kernels_behind(graph, others[0]) == shape[axis] > 1:
            return True
    return False


def _kernels_behind(graph: Graph, i: int) -> int:
    """How many kernels of a stack make a value, or layers that are joined in it."""
    while graph.nodes[i].kind in BESIDE and len(graph.nodes[i].inputs) == 1:
        i = graph.nodes[i].inputs[0]
    if graph.nodes[i].kind == "move":
        behind = [layer_behind(graph, k) for k in graph.nodes[i].inputs]
        return 0 if None in behind else len(behind)
    batches = [math.prod(p.shape[a] for a in p.layout.batch)
               for p in graph.kernels_of(i) if p.layout is not None]  # fmt: skip
    return max(batches, default=0)


def _partners(graph: Graph, i: int, goes: Goes = everywhere) -> Iterator[tuple[int, int]]:
    """The products and sums that a value, moved and mapped, takes part in, with the other operand.

    Yields:
        The node, and what meets the value there.
    """
    seen, front = {i}, [i]
    while front and len(seen) < FAR:
        k = front.pop(0)
        for j in graph.consumers[k]:
            node = graph.nodes[j]
            if not goes(j):
                continue
            others = set(node.inputs) - {k}
            if node.kind in BESIDE and (node.kind == "move" or not others):
                if j not in seen:
                    seen.add(j)
                    front.append(j)
            elif len(others) == 1 and (node.kind == "sum" or _is_product(node)):
                yield j, others.pop()


def _is_factor(graph: Graph, i: int) -> bool:
    """Whether a value lies between 0 and 1, or so, as the factor of a gated signal does."""
    i = origin(graph, i)
    node = graph.nodes[i]
    if node.kind != "map" or len(set(node.inputs)) != 1 or node.function is None:
        return False
    function: Any = lambda x: called(node, dict.fromkeys(node.inputs, x))  # noqa: E731
    return is_bounded(function) and not takes_signs(function)


def _modulates(graph: Graph, layer: int, goes: Goes) -> bool:
    """Whether a layer's output multiplies a normalization's result, or is added to such a product.

    That is, whether it is the scale or the shift of a normalization without weights of its own.
    """
    for j, other in _partners(graph, layer, goes):
        if _is_product(graph.nodes[j]):
            if _is_normal(graph, other):
                return True
        elif _is_product(graph.nodes[other]) and any(
            _is_normal(graph, a) and _is_made(graph, b)
            for a, b in permutations(graph.nodes[other].inputs)
        ):
            return True
    return False


def _is_made(graph: Graph, i: int) -> bool:
    """Whether a value is a layer's output, moved and scaled at most."""
    return layer_behind(graph, origin(graph, i, BESIDE)) is not None


def _is_product(node: Node) -> bool:
    return node.kind == "map" and len(set(node.inputs)) == 2 and is_multiplication(node)


def _is_normal(graph: Graph, i: int, steps: int = 6) -> bool:
    """Whether a value is the result of a normalization, moved at most."""
    for _ in range(steps):
        node = graph.nodes[i]
        if node.kind == "norm":
            return True
        if node.kind != "move" or len(node.inputs) != 1:
            return False
        i = node.inputs[0]
    return False
