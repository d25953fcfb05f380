"""A recorded graph, and how values are made of weights alone."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ._graph import Graph, Node
from ._moves import NOTHING, collapsed, spread
from ._views import LIMIT, View, axis_indices, moved

__all__ = ["Recorded", "Uses"]


class Uses(dict[str, dict[str, Any]]):
    """What each weight is for, by path: attributes of its `Parameter`."""

    def note(self, paths: Iterable[str], **facts: Any) -> None:
        """Note what weights are for. A table stays a table; then a kernel wins."""
        rank = {"embedding": 3, "kernel": 2, "recurrent": 2, "latent": 1}
        for path in paths:
            known = self.setdefault(path, {})
            if rank.get(known.get("kind", ""), 0) < rank.get(facts["kind"], 0) or not known:
                self[path] = dict(facts)


class Recorded:
    """A graph as it was recorded: weights are nodes like all others.

    Attributes:
        graph, nodes: The graph and its nodes.
        consumers: For each node the nodes made from it.
        known: The parameters by path.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, self.nodes = graph, list(graph.nodes)
        self.consumers, self.known = graph.consumers, graph.by_path
        self._views: dict[int, View | None] = {}

    def paths(self, i: int) -> tuple[str, ...]:
        """All weights that a value of weights alone is made of."""
        found: dict[str, None] = {}
        seen, front = set(), [i]
        while front:
            j = front.pop()
            if j in seen:
                continue
            seen.add(j)
            node = self.nodes[j]
            found.update(dict.fromkeys(node.parameters if node.kind == "weight" else ()))
            front += reversed(node.inputs)
        return tuple(found)

    def view(self, i: int) -> View | None:
        """The weights that a value is a view of; None if it is computed from them."""
        if i not in self._views:
            self._views[i] = self._view(i)
        return self._views[i]

    def _view(self, i: int) -> View | None:
        node = self.nodes[i]
        if node.kind == "weight" and not node.inputs:
            return {path: axis_indices(self.known[path].shape) for path in node.parameters}
        if node.kind == "sum":  # a low-rank update beside the kernel
            a, b = node.inputs
            plain = [j for j in (a, b) if not self.comes_of(j, ("product",))]
            return self.view(plain[0]) if len(plain) == 1 else None
        if node.kind == "map" and len(node.inputs) == 1 and _is_identity(node):
            return self.view(node.inputs[0])
        if node.kind != "move":
            return None
        views = [self.view(j) for j in node.inputs]
        if any(v is None for v in views):
            return None
        found: dict[str, list[Any]] = {}
        for n, v in enumerate(views):
            for path, axes in (v or {}).items():
                made = []
                for index in axes:
                    given = [
                        index if m == n else spread(np.int32(NOTHING), self.nodes[j].shape or ())
                        for m, j in enumerate(node.inputs)
                    ]
                    if max(np.prod(collapsed(g).shape) for g in given) > LIMIT and node.function:
                        return None
                    made.append(moved(node, given))
                if any(m is None for m in made):
                    return None
                found[path] = made
        return found

    def computed_by(self, i: int) -> str:
        """The first operation by which a value is more than a view of weights."""
        while True:
            behind = [j for j in self.nodes[i].inputs if self.view(j) is None]
            if not behind:
                return self.nodes[i].label
            i = behind[0]

    def comes_of(self, i: int, kinds: tuple[str, ...]) -> bool:
        """Whether a value is made through a node of one of these kinds, itself included."""
        seen, front = set(), [i]
        while front:
            j = front.pop()
            if j in seen:
                continue
            seen.add(j)
            if self.nodes[j].kind in kinds:
                return True
            front += self.nodes[j].inputs
        return False

    def after_moves(self, i: int) -> list[int]:
        """The nodes that use a value, directly or through moves."""
        found: list[int] = []
        front = [i]
        while front:
            for c in self.consumers[front.pop()]:
                (front if self.nodes[c].kind == "move" else found).append(c)
        return found

    def of_one(self, i: int, values: Any) -> Any:
        """A value made of one weight by maps, at `values` of that weight."""
        node = self.nodes[i]
        if node.kind == "weight":
            return np.asarray(values, dtype=np.float64)
        if node.kind == "move" and len(node.inputs) == 1:
            return self.of_one(node.inputs[0], values)
        if node.kind in ("map", "sum") and len(node.inputs) == 1 and node.function is not None:
            inside = self.of_one(node.inputs[0], values)
            try:
                return None if inside is None else np.asarray(node.function(inside))
            except Exception:
                return None
        return None


def _is_identity(node: Node) -> bool:
    x = np.array([-1.5, 0.25, 3.0])
    try:
        return node.function is not None and bool(np.array_equal(node.function(x), x))
    except Exception:
        return False
