"""Roles that show in how a layer's outputs are used: router, gate, modulation, time step."""

import math
from collections.abc import Callable

from ..graph import Graph, Node, is_bounded, is_multiplication
from ._activation import LINEAR, Following
from ._ways import ahead, everywhere, layer_behind

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
    if following.node is None or not _multiplies(graph, following.node):
        return None
    if following.function == "softplus":
        return "time_step"
    return "gate" if is_bounded(following.function) else None


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


def _multiplies(graph: Graph, i: int) -> bool:
    """Whether a value, through moves and affine maps, multiplies another one."""
    return any(_is_product(graph.nodes[j]) for j in ahead(graph, i, BESIDE))


def _modulates(graph: Graph, layer: int, goes: Goes) -> bool:
    """Whether a layer's output multiplies what comes out of a normalization."""
    for j in ahead(graph, layer, BESIDE, goes):
        if _is_product(graph.nodes[j]):
            others = [k for k in graph.nodes[j].inputs if not graph.ancestors[k] >> layer & 1]
            if any(_is_normal(graph, k) for k in others):
                return True
    return False


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
