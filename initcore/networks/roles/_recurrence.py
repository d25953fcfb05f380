"""Recurrences that a model spells out: a later step takes what an earlier one made."""

from collections.abc import Mapping, Sequence

from ..graph import Graph
from ._ways import ahead, layer_behind

__all__ = ["recurs"]


def recurs(graph: Graph, uses: Mapping[str, Sequence[int]], nodes: Sequence[int]) -> bool:
    """Whether a weight is the kernel of a recurrence, on its state or on what comes in beside it.

    Args:
        graph: The resolved graph.
        uses: The nodes of every weight, by path.
        nodes: Those of the weight in question.
    """
    if len(nodes) < 2:
        return False
    first = nodes[0]
    later = next((n for n in nodes[1:] if graph.ancestors[n] >> first & 1), None)
    if later is not None and not _carries(graph, first, later):
        return False  # it chooses what the next step reads, as an attention's query
    if later is None:  # a kernel on every step's input
        return _beside_state(graph, uses, nodes[-1])
    return _new_beside(graph, later, first)


def _carries(graph: Graph, first: int, later: int) -> bool:
    """Whether a way from one use to a later one passes by all softmaxes."""
    seen, front = {first}, [first]
    while front:
        for j in graph.consumers[front.pop()]:
            if j == later:
                return True
            if j in seen or j > later or not graph.ancestors[later] >> j & 1:
                continue
            seen.add(j)
            if graph.nodes[j].kind not in ("softmax", "attention"):
                front.append(j)
    return False


def _new_beside(graph: Graph, later: int, first: int) -> bool:
    """Whether the use `later` is summed or joined with something not made by use `first`."""
    joins = [j for j in ahead(graph, later, ("move",)) if graph.nodes[j].kind == "sum"]
    back, seen = list(graph.nodes[later].inputs), set[int]()
    while back:
        i = back.pop()
        node = graph.nodes[i]
        if i in seen or node.kind != "move":
            continue
        seen.add(i)
        if len(node.inputs) > 1:
            joins.append(i)
        else:
            back += node.inputs
    for j in joins:
        made = [graph.ancestors[k] >> first & 1 for k in graph.nodes[j].inputs]
        if any(made) and not all(made):
            return True
    return False


def _beside_state(graph: Graph, uses: Mapping[str, Sequence[int]], last: int) -> bool:
    """Whether the output of a layer is summed with that of a kernel which recurs."""
    for j in ahead(graph, last, ("move",)):
        if graph.nodes[j].kind != "sum":
            continue
        for layer in (layer_behind(graph, k) for k in graph.nodes[j].inputs):
            if layer is None or layer == last:
                continue
            for path in graph.nodes[layer].parameters:
                if graph.ancestors[uses[path][-1]] >> uses[path][0] & 1 and len(uses[path]) > 1:
                    return True
    return False
