"""A transformer's feed-forward branches: those on a stem that attentions are added to."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from ..graph import Graph, Parameter, is_scaling
from ._branches import Branch

__all__ = ["FeedForward"]


class FeedForward:
    """Which layers belong to a feed-forward branch.

    Args:
        graph: The resolved graph.
        branches: Its residual branches.
        attention: The layers of attentions.
        uses: The nodes of every weight, by path.
    """

    def __init__(
        self, graph: Graph, branches: Sequence[Branch], attention: Collection[int],
        uses: Mapping[str, Sequence[int]],
    ) -> None:  # fmt: skip
        self._graph, self._branches, self._attention = graph, branches, frozenset(attention)
        self._convolved = {i for p in graph.parameters if p.depthwise for i in uses.get(p.path, ())}

    def holds(self, p: Parameter, node: int, branch: Branch) -> bool:
        """Whether the layer at `node`, of the kernel `p`, is one of a feed-forward branch."""
        if p.kernel is None or len(p.kernel.spatial) > 1 or len(branch.layers) < 2:
            return False
        if self._stems[branch.end] not in self._attended:
            return False
        ancestors = self._graph.ancestors
        for layer in branch.layers:
            related = ancestors[max(layer, node)] >> min(layer, node) & 1
            if related and (layer in self._attention or layer in self._convolved):
                return False
        return True

    @cached_property
    def _attended(self) -> set[int]:
        """The stems that attentions are added to."""
        return {self._stems[b.end] for b in self._branches if {*b.layers} & self._attention}

    @cached_property
    def _stems(self) -> list[int]:
        """For each node the first one of the stem that it lies on: moved, normalized, added to."""
        graph, first = self._graph, list(range(len(self._graph.nodes)))

        def root(i: int) -> int:
            while first[i] != i:
                first[i] = first[first[i]]
                i = first[i]
            return i

        for i, node in enumerate(graph.nodes):
            if node.kind not in ("move", "norm", "sum") and not is_scaling(node):
                continue
            for j in node.inputs:
                if not graph.layer_bits >> j & 1:
                    a, b = sorted((root(i), root(j)))
                    first[b] = a
        return [root(i) for i in range(len(first))]
