"""Short ways through a graph: to what a value is made of, and to what is made of it."""

from collections.abc import Callable, Collection

from ..graph import Graph

__all__ = ["FAR", "ahead", "everywhere", "layer_behind", "origin"]

FAR = 96  # nodes that are looked at, at most
DEEP = 6  # moves that are passed, at most


def everywhere(i: int) -> bool:
    """True: nothing is known against a value's arriving at a node."""
    return True


def ahead(
    graph: Graph, start: int, kinds: Collection[str], goes: Callable[[int], bool] = everywhere
) -> list[int]:
    """The nodes at which a value ends up after passing through nodes of some kinds.

    Args:
        graph: The resolved graph.
        start: The value.
        kinds: Nodes that are passed, if they are made of one value, or move several.
        goes: Whether the value arrives at a node; at all of them by default.
    """
    seen, ends, front = {start}, [], [start]
    while front and len(seen) < FAR:
        for j in graph.consumers[front.pop(0)]:
            if j in seen or not goes(j):
                continue
            seen.add(j)
            node = graph.nodes[j]
            passed = node.kind == "move" or len(set(node.inputs)) == 1
            if node.kind in kinds and passed and not node.picks_largest:
                front.append(j)
            else:
                ends.append(j)
    return ends


def layer_behind(graph: Graph, i: int) -> int | None:
    """The layer whose output a value is, moved at most."""
    for _ in range(DEEP):
        node = graph.nodes[i]
        if node.kind in ("layer", "recurrent"):
            return i
        if node.kind != "move" or len(node.inputs) != 1:
            return None
        i = node.inputs[0]
    return None


def origin(graph: Graph, i: int, kinds: Collection[str] = ("move",)) -> int:
    """The value that this one was made from, through operations of one value of some kinds."""
    while graph.nodes[i].kind in kinds and len(graph.nodes[i].inputs) == 1:
        i = graph.nodes[i].inputs[0]
    return i
