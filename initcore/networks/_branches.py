"""Residual branches: sums of a value and of what layers made of it."""

from dataclasses import dataclass

from ._graph import Graph

__all__ = ["Branch", "branches", "last_layers"]


@dataclass(frozen=True)
class Branch:
    """One residual branch.

    Attributes:
        end: The node that adds it to the shortcut.
        start: The node it begins and the shortcut leaves at.
        layers: Its layers in order.
        last: Those whose output reaches the sum without another layer in between.
        projection: The layer of the shortcut, if it has one.
    """

    end: int
    start: int
    layers: tuple[int, ...]
    last: tuple[int, ...]
    projection: tuple[int, ...]


def branches(graph: Graph) -> list[Branch]:
    """All residual branches of the network, in order of their sums."""
    found = []
    for i, node in enumerate(graph.nodes):
        if node.kind == "sum" and len(set(node.inputs)) == 2:
            branch = _branch(graph, i, *node.inputs)
            if branch is not None:
                found.append(branch)
    return found


def _branch(graph: Graph, end: int, a: int, b: int) -> Branch | None:
    above = graph.ancestors
    common = above[a] & above[b]
    if not common:
        return None
    start = common.bit_length() - 1
    own_a, own_b = above[a] & ~above[b], above[b] & ~above[a]
    own_a, own_b = (_behind(graph, own, start) for own in (own_a, own_b))
    if _count(graph, own_a) < _count(graph, own_b):
        own_a, own_b, a, b = own_b, own_a, b, a
    deep, short = _count(graph, own_a), _count(graph, own_b)
    if not deep or short > 1 or short == deep:
        return None
    if short and any(_bends(graph, j) for j in _bits(own_b)):
        return None
    layers = tuple(j for j in graph.layers if own_a >> j & 1)
    projection = tuple(j for j in graph.layers if own_b >> j & 1)
    return Branch(end, start, layers, last_layers(graph, a, own_a), projection)


def _behind(graph: Graph, nodes: int, start: int) -> int:
    """Those of `nodes` that are made from node `start`."""
    return sum(1 << j for j in _bits(nodes) if graph.ancestors[j] >> start & 1)


def _count(graph: Graph, nodes: int) -> int:
    return (nodes & graph.layer_bits).bit_count()


def _bends(graph: Graph, i: int) -> bool:
    return graph.nodes[i].kind in ("map", "softmax", "attention", "mix", "recurrent", "other")


def last_layers(graph: Graph, value: int, within: int) -> tuple[int, ...]:
    """The layers of `within` that `value` is made from directly.

    Of a product of two values, a gate's factor (smaller, or behind a bounded function) is passed
    by: the signal is the other one.
    """
    found, seen, front = set(), set(), [value]
    layers = graph.layer_bits
    while front:
        i = front.pop()
        if i in seen or not within >> i & 1:
            continue
        seen.add(i)
        if layers >> i & 1:
            found.add(i)
            continue
        inputs = graph.nodes[i].inputs
        sizes = [_size(graph, j) for j in inputs]
        front += [j for j, size in zip(inputs, sizes, strict=True) if size == max(sizes)]
    return tuple(sorted(found))


def _size(graph: Graph, i: int) -> int:
    shape = graph.nodes[i].shape
    size = 1
    for n in shape or ():
        size *= n
    return size


def _bits(nodes: int) -> list[int]:
    found = []
    while nodes:
        low = nodes & -nodes
        found.append(low.bit_length() - 1)
        nodes ^= low
    return found
