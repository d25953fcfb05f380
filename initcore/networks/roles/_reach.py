"""Where each row of a kernel goes.

A layer's outputs are numbered, and the numbers are moved along with them: through views, splits,
joins, elementwise functions and sums, up to the next product. Rows that part for good are kernels
of their own, as if the model had a layer for each of them.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import LIMIT, NOTHING, Graph, collapsed, is_scaling, moved, spread

__all__ = ["Reach", "partition", "reach"]

PASSES = ("move", "map", "sum", "norm", "reduce", "statistic")


@dataclass(frozen=True)
class Reach:
    """What of a kernel's outputs arrives at a node.

    Attributes:
        rows: For each row of the kernel whether it does.
        numbers: Which row makes each element, of the node's shape; None where they are mixed.
        linear: Whether nothing but moves and sums lies in between.
    """

    rows: Any
    numbers: Any
    linear: bool


def reach(graph: Graph, layer: int) -> Mapping[int, Reach]:
    """What arrives of a layer's outputs at each node; empty if its rows are not known.

    The next products, softmaxes and recurrences are among the nodes, what comes after them is not.
    """
    numbers = graph.rows.get(layer)
    if numbers is None or numbers.size == 0:
        return {}
    small = collapsed(numbers)
    count = int(small.max()) + 1
    found = {layer: Reach(_mask(small, count), numbers, True)}
    front = list(graph.consumers[layer])
    heapq.heapify(front)
    while front:
        i = heapq.heappop(front)
        if i in found:
            continue
        found[i] = _arrived(graph, i, found, found[layer].rows)
        mixed = found[i].numbers is None and not found[i].linear
        if graph.nodes[i].kind in PASSES and not mixed:
            for j in graph.consumers[i]:
                heapq.heappush(front, j)
    return found


def _arrived(graph: Graph, i: int, found: Mapping[int, Reach], full: Any) -> Reach:
    node = graph.nodes[i]
    known = [found.get(j) for j in node.inputs]
    given = [r for r in known if r is not None]
    rows, count = given[0].rows, len(full)
    if any(r.rows is not rows for r in given[1:]):
        rows = np.logical_or.reduce([r.rows for r in given])
    keeps = node.kind in ("move", "sum", "norm") or is_scaling(node)
    linear = keeps and all(r.linear for r in given)
    mixed = Reach(rows, None, linear)
    if any(r.numbers is None for r in given) or node.shape is None:
        return mixed
    if node.kind == "move":
        # Elements of other values are marked by -1.
        arrays = [
            r.numbers if r is not None
            else spread(np.int32(NOTHING), graph.nodes[j].shape or ())
            for j, r in zip(node.inputs, known, strict=True)
        ]  # fmt: skip
        if max(collapsed(a).size for a in arrays) > LIMIT:
            return mixed
        if node.function is None and len(given) < len(arrays):
            arrays = [r.numbers for r in given]
        made = moved(node, arrays)
        if made is None:
            return mixed
        if len(given) == 1 and made is given[0].numbers:
            return Reach(rows, made, linear)
        mask = _mask(made, count)
        return Reach(full if np.array_equal(mask, full) else mask, made, linear)
    if node.kind in ("map", "sum", "norm"):
        shapes = [r.numbers for r in given]
        try:
            arrays = [spread(a, node.shape) for a in shapes]
        except ValueError:
            return mixed
        if all(_same(a, arrays[0]) for a in arrays[1:]):
            return Reach(rows, arrays[0], linear)
    return mixed


def _mask(numbers: Any, count: int) -> Any:
    rows = np.zeros(count + 1, dtype=bool)
    rows[collapsed(numbers).reshape(-1)] = True  # -1 is the last one
    return rows[:-1]


def _same(a: Any, b: Any) -> bool:
    small_a, small_b = collapsed(a), collapsed(b)
    return small_a.shape == small_b.shape and bool(np.array_equal(small_a, small_b))


def partition(graph: Graph, layer: int, found: Mapping[int, Reach]) -> list[Any]:
    """Groups of rows of a kernel that are never joined again, as indices, in order.

    Halves that are turned, say, and added or joined again stay one.
    """
    if not found or not found[layer].rows.any():
        return []
    full = found[layer].rows
    count = len(full)
    whole = [np.flatnonzero(full)]
    labels, taken = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    for i in found:
        r = found[i]
        if r.numbers is not None and r.rows is not full and graph.nodes[i].kind in PASSES:
            both = labels * 2 + r.rows
            labels = np.unique(both, return_inverse=True)[1].reshape(-1)
            taken |= r.rows
    if taken.any():  # what nothing takes in this pass goes with what is taken
        labels[~taken & full] = labels[np.argmax(taken)]
    if labels[full].max() == labels[full].min():
        return whole
    if labels.max() >= 64:  # every row alone: a loop over outputs, say
        return whole
    group = list(range(int(labels.max()) + 1))

    def root(a: int) -> int:
        while group[a] != a:
            a = group[a]
        return a

    for i, r in found.items():
        met = r.linear and i != layer and _meets(graph, i, found)
        if met:
            first, *rest = np.unique(labels[r.rows])
            for other in rest:
                group[root(int(other))] = root(int(first))
    roots = np.array([root(a) for a in range(len(group))])[labels]
    parts = [np.flatnonzero((roots == a) & full) for a in np.unique(roots[full])]
    return sorted(parts, key=lambda rows: int(rows[0]))


def _meets(graph: Graph, i: int, found: Mapping[int, Reach]) -> bool:
    """Whether values that hold different rows come together at a node, as one again."""
    given = [found[j] for j in dict.fromkeys(graph.nodes[i].inputs) if j in found]
    if graph.nodes[i].kind not in ("move", "sum") or len(given) < 2:
        return False
    return any((r.rows != given[0].rows).any() for r in given[1:])
