"""The activation after a layer, recognised by its values.

Frameworks spell one activation in many ways (GPT-2's GELU is eight operations), so all maps that
depend on one value alone are composed and the composition is compared with the functions known by
name; one that is like none of them is used as it is.
"""

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...activations import activation_of, names
from ..graph import (
    CLOSE,
    PROBES,
    Graph,
    called,
    is_affine,
    is_multiplication,
    is_scaling,
    values_of,
)
from ._ways import everywhere

__all__ = ["LINEAR", "Activations", "Following"]

LINEAR = "identity"
MANY = 256  # operations that one activation is spelled in, at most


@dataclass(frozen=True)
class Following:
    """The function that acts on a layer's output.

    Attributes:
        function: A name or a callable; `"identity"` if nothing but products follows.
        node: Where it is complete; None for the identity.
    """

    function: Any = LINEAR
    node: int | None = None


class Activations:
    """The activations of a network; those with equal values are one object.

    Args:
        graph: The resolved graph.
        ends: Sums that end residual branches; no activation is looked for behind them.
    """

    def __init__(self, graph: Graph, ends: Collection[int] = ()) -> None:
        self.graph, self.ends = graph, frozenset(ends)
        self._known: list[tuple[Any, Any]] = []
        self._regions: dict[int, Following | None] = {}

    def following(self, layer: int, arrives: Callable[[int], bool] = everywhere) -> Following:
        """The first function, not a linear one, that acts on the output of node `layer`.

        Normalizations, moves, aggregations and sums with other layers' outputs are passed; a second
        layer, the end of a residual branch or a product with another value ends the search.

        Args:
            layer: The node.
            arrives: Whether the rows in question arrive at a node; all of them by default.
        """
        graph = self.graph
        seen, front = {layer}, [layer]
        while front:
            i = front.pop(0)
            found = self._region(i)
            if found is not None and arrives(found.node or i):
                return found
            for j in graph.consumers[i]:
                if j in seen or not arrives(j):
                    continue
                if self._passes(i, j):
                    seen.add(j)
                    front.append(j)
        return Following()

    def _passes(self, i: int, j: int) -> bool:
        graph, node = self.graph, self.graph.nodes[j]
        if node.kind in ("move", "norm", "reduce"):
            return True
        if node.kind == "sum":
            return j not in self.ends and all(
                _comes_of_layers(graph, k) for k in node.inputs if k != i
            )
        # With a matrix or a factor that no layer makes, such as a graph's edges or a mask.
        if node.kind == "mix" or is_multiplication(node):
            others = [k for k in node.inputs if k != i]
            return bool(others) and not any(graph.ancestors[k] & graph.layer_bits for k in others)
        return is_scaling(node)

    def _region(self, start: int) -> Following | None:
        if start not in self._regions:
            self._regions[start] = self._found(start)
        return self._regions[start]

    def _found(self, start: int) -> Following | None:
        """The activation composed of the maps of one node, if it is not affine."""
        graph = self.graph
        inside, exits = {start}, []
        front = list(graph.consumers[start])
        heapq.heapify(front)
        while front and len(inside) < MANY:
            j = heapq.heappop(front)
            node = graph.nodes[j]
            maps = node.kind == "sum" or (node.kind == "map" and node.function is not None)
            if j not in inside and maps and inside.issuperset(node.inputs):
                inside.add(j)
                for k in graph.consumers[j]:
                    heapq.heappush(front, k)
        for j in sorted(inside - {start}):
            outside = [c for c in graph.consumers[j] if c not in inside]
            if outside or not graph.consumers[j] or j in graph.outputs:
                exits.append(j)
        # What is only averaged is a loss, say, where something else goes on.
        exits.sort(key=lambda j: bool(graph.consumers[j]) and j not in graph.outputs and all(
            graph.nodes[c].kind == "reduce" for c in graph.consumers[j]))  # fmt: skip
        for j in exits:
            function = _composed(graph, start, j)
            values = values_of(function)
            if values is None or is_affine(values) or self._is_statistic(j, values):
                continue
            return Following(
                _named(values, graph.nodes[j].label) or self._same(function, values), j
            )
        return None

    def _is_statistic(self, i: int, values: Any) -> bool:
        """Whether it is a square, say, that is only summed up: a distance, a norm, a loss."""
        taken = [self.graph.nodes[c].kind for c in self.graph.consumers[i]]
        even = np.allclose(values[:97], values[:97][::-1], rtol=CLOSE, atol=CLOSE)
        return bool(taken) and set(taken) == {"reduce"} and bool(even)

    def _same(self, function: Any, values: Any) -> Any:
        """The function found before that has the same values, or this one."""
        for known, other in self._known:
            if np.allclose(values, other, rtol=CLOSE, atol=CLOSE, equal_nan=True):
                return known
        self._known.append((function, values))
        return function


def _comes_of_layers(graph: Graph, i: int, steps: int = 12) -> bool:
    """Whether a value is a layer's output or rows of a table, moved or scaled at most."""
    for _ in range(steps):
        node = graph.nodes[i]
        if node.kind in ("layer", "recurrent", "look_up"):
            return True
        if len(node.inputs) != 1 or not (node.kind == "move" or is_scaling(node)):
            return False
        i = node.inputs[0]
    return False


def _composed(graph: Graph, start: int, end: int) -> Callable[[Any], Any]:
    wanted = [i for i in range(start + 1, end + 1) if graph.ancestors[end] >> i & 1]
    steps = [(i, graph.nodes[i]) for i in wanted if graph.ancestors[i] >> start & 1]

    def activation(x: Any) -> Any:
        values = {start: np.asarray(x, dtype=np.float64)}
        for i, node in steps:
            values[i] = called(node, values)
        return values[end]

    if len(steps) == 1 and steps[0][1].label:
        activation.__name__ = steps[0][1].label
    return activation


def _named(values: Any, label: str) -> str | None:
    """A name of the function with these values, the framework's `label` where it is one."""
    known_names = names()
    for name in sorted(known_names, key=lambda name: name != label):
        with np.errstate(all="ignore"):
            known = activation_of(name).value(PROBES)
        finite = np.isfinite(values) & np.isfinite(known)  # the far probes tell relu6 from relu
        finite[:97] = True
        if np.allclose(values[finite], known[finite], rtol=CLOSE, atol=CLOSE):
            return activation_of(name).name
    return None
