"""Residual branches: layers whose result is added to the value that they started from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..graph import Graph, is_difference, is_multiplication, is_scaling

__all__ = ["Branch", "branches", "last_layers"]

PASSES = ("move", "norm")


@dataclass(frozen=True)
class Branch:
    """One residual branch.

    Attributes:
        end: The node that adds it to the stem.
        start: The node it begins and the stem goes on at.
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
    """All residual branches of the network, in order of their sums.

    A branch that is run several times, with the same weights, counts once.
    """
    found: dict[frozenset[Any], Branch] = {}
    served, scores = _served(graph), _scores(graph)
    for i, node in enumerate(graph.nodes):
        if i in scores or node.kind != "sum" or len(set(node.inputs)) != 2 or not served >> i & 1:
            continue
        if is_difference(node):
            continue
        branch = _branch(graph, i, served, *node.inputs)
        if branch is not None:
            weights = frozenset((graph.picks.get(j, j), p) for j in branch.layers
                                for p in graph.nodes[j].parameters)  # fmt: skip
            found.setdefault(weights, branch)
    return list(found.values())


def _scores(graph: Graph) -> set[int]:
    """The sums inside of attention scores: positions or masks that are added to them."""
    found, seen = set(), set()
    front = [j for node in graph.nodes if node.kind == "softmax" for j in node.inputs]
    while front:
        i = front.pop()
        if i in seen or graph.nodes[i].kind not in ("sum", "map", "move"):
            continue
        seen.add(i)
        if graph.nodes[i].kind == "sum":
            found.add(i)
        front += graph.nodes[i].inputs
    return found


def _served(graph: Graph) -> int:
    """The nodes that the model's outputs are made from, of more than one number, as bits."""
    if not graph.outputs:
        return -1
    bits = 0
    shapes = [graph.nodes[i].shape for i in graph.outputs]
    whole = any(shape is None or len(shape) > 0 for shape in shapes)
    for i, shape in zip(graph.outputs, shapes, strict=True):
        if not whole or shape is None or len(shape) > 0:
            bits |= graph.ancestors[i]
    return bits


def _goes_on(graph: Graph, made: int, end: int, served: int) -> bool:
    """Whether what a branch made is used elsewhere, too."""
    return any(served >> c & 1 and graph.nodes[c].kind != "statistic"
               for c in graph.consumers[made] if c != end)  # fmt: skip


def _branch(graph: Graph, end: int, served: int, a: int, b: int) -> Branch | None:
    shapes = [graph.nodes[j].shape for j in (a, b)]
    if None not in shapes and shapes[0] != shapes[1]:
        return None
    for stem, made in ((a, b), (b, a)):
        for start, projection in _origins(graph, stem):
            if start == made or not graph.ancestors[made] >> start & 1:
                continue
            if _goes_on(graph, made, end, served):
                break  # it is a stem itself, to which positions are added once more
            own = _between(graph, start, made)
            layers = tuple(j for j in _bits(own) if graph.layer_bits >> j & 1)
            if len(layers) <= len(projection) or set(projection) & set(layers):
                break  # the nearest value that both come of decides
            return Branch(end, start, layers, last_layers(graph, made, own), projection)
    return None


def _origins(graph: Graph, stem: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The values that a stem carries: its own, the terms of its sums, and one layer before."""
    seen: set[int] = set()
    front: list[tuple[int, tuple[int, ...]]] = [(stem, ())]
    while front:
        i, projection = front.pop(0)
        if i in seen:
            continue
        seen.add(i)
        yield i, projection
        node = graph.nodes[i]
        multiplied = any(graph.by_path[p].kind == "multiplier" for p in node.parameters)
        if _picks(graph, i) or multiplied:
            continue
        if node.kind in (*PASSES, "sum", "reduce") or is_scaling(graph.nodes[i]):
            front += [(j, projection) for j in node.inputs]
        elif node.kind == "layer" and not projection:
            front += [(j, (i,)) for j in node.inputs]


def _picks(graph: Graph, i: int) -> bool:
    """Whether a node picks one of many along an axis, as a recurrence does of its inputs."""
    node = graph.nodes[i]
    if node.kind != "move" or node.function is None or len(node.inputs) != 1:
        return False
    shape, whole = node.shape, graph.nodes[node.inputs[0]].shape
    fewer = shape is not None and whole is not None and len(shape) < len(whole)
    return fewer and _size(graph, i) < _size(graph, node.inputs[0])


def _between(graph: Graph, start: int, made: int) -> int:
    """The nodes that are made from `start` and that `made` is made from, as bits."""
    bits, front = 0, [made]
    while front:
        j = front.pop()
        if not bits >> j & 1 and j != start and graph.ancestors[j] >> start & 1:
            bits |= 1 << j
            front += graph.nodes[j].inputs
    return bits


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
        if is_multiplication(graph.nodes[i]):
            inputs = (_carrier(graph, *inputs),)
        sizes = [_size(graph, j) for j in inputs]
        front += [j for j, size in zip(inputs, sizes, strict=True) if size == max(sizes)]
    return tuple(sorted(found))


def _carrier(graph: Graph, a: int, b: int) -> int:
    """The signal, of a signal and its gate: the larger factor, or the one that is not bent."""
    sizes = _size(graph, a), _size(graph, b)
    if sizes[0] != sizes[1]:
        return a if sizes[0] > sizes[1] else b
    nodes = graph.nodes[a], graph.nodes[b]
    bent = [node.kind in ("map", "softmax") and not is_scaling(node) for node in nodes]
    return a if bent[1] and not bent[0] else b


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
