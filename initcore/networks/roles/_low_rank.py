"""Low-rank updates: two layers in a row that are added to the output of one beside them."""

from itertools import permutations

from ..graph import Graph
from ._branches import Branch
from ._ways import layer_behind, origin

__all__ = ["is_low_rank", "low_rank_updates"]


def low_rank_updates(graph: Graph) -> dict[str, str]:
    """The roles of the weights of low-rank updates, by path."""
    found: dict[str, str] = {}
    for node in graph.nodes:
        if node.kind != "sum" or len(node.inputs) != 2:
            continue
        layers = [layer_behind(graph, origin(graph, j, ("move", "map"))) for j in node.inputs]
        for base, last in permutations(layers):
            if base is None or last is None or base == last or not graph.nodes[last].inputs:
                continue
            first = layer_behind(graph, graph.nodes[last].inputs[0])
            if first is None or first == base:
                continue
            rank, width = ((graph.nodes[i].shape or (0,))[-1] for i in (first, last))
            if _source(graph, first) == _source(graph, base) and 0 < rank < width:
                found.update(dict.fromkeys(graph.nodes[first].parameters, "adapter_in"))
                found.update(dict.fromkeys(graph.nodes[last].parameters, "adapter_out"))
    return found


def is_low_rank(graph: Graph, branch: Branch, updates: dict[str, str]) -> bool:
    """Whether a branch is such an update, which is no residual branch."""
    return all(p in updates for i in branch.layers for p in graph.nodes[i].parameters)


def _source(graph: Graph, layer: int) -> int:
    """What a layer acts on."""
    inputs = graph.nodes[layer].inputs
    return origin(graph, inputs[0]) if inputs else -1
