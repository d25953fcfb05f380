"""The finder: what each weight of a resolved graph is for."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..graph import Graph, Parameter, resolve, uncollected, uses_of
from ._activation import LINEAR, Activations
from ._attention import PARTS, attention_roles
from ._batches import with_batches
from ._branches import Branch, branches
from ._feed_forward import FeedForward
from ._low_rank import is_low_rank, low_rank_updates
from ._purpose import purpose, shapes_a_product
from ._reach import partition
from ._recurrence import recurs
from ._roles import ROLES, Network, Weight
from ._told import SIMPLE, like_its_siblings, told
from ._ways import everywhere

__all__ = ["describe_network"]

DESCRIBED = "described"  # an attribute of graphs, beside those of `functools.cached_property`
Rows = Any  # the indices of some outputs of a kernel in a NumPy array; None for all of them
Arrives = Callable[[int], bool]


def describe_network(graph: Graph) -> Network:
    """Find what every parameter of a graph, as its adapter recorded it, is for.

    The graph keeps the answer, which plans and diagnostics ask for in turn.
    """
    kept = vars(graph)
    if DESCRIBED not in kept:
        kept[DESCRIBED] = _described(graph)
    found: Network = kept[DESCRIBED]
    return found


@uncollected()
def _described(graph: Graph) -> Network:
    graph = resolve(graph)
    if not graph.traced:
        return Network(graph, tuple(map(told, graph.parameters)), ())
    finder = _Finder(graph)
    return Network(finder.graph, finder.weights(), tuple(finder.branches))


class _Finder:
    def __init__(self, graph: Graph) -> None:
        self.uses = uses_of(graph)
        self.graph, self.reached = graph, _ = with_batches(graph, self.uses)
        self.updates = low_rank_updates(graph)
        self.branches = [
            b for b in branches(graph)
            if not is_low_rank(graph, b, self.updates) and not self._is_step(b)
        ]  # fmt: skip
        self.attention = attention_roles(graph)
        self.feed_forward = FeedForward(graph, self.branches, self.attention, self.uses)
        self.activations = Activations(graph, [b.end for b in self.branches])
        self.ends = {node for b in self.branches for node in b.last}
        self.projections = {node for b in self.branches for node in b.projection}

    def _is_step(self, branch: Branch) -> bool:
        """Whether a branch ends in kernels of a recurrence, such as one gate's part of its step."""
        paths = [p for i in branch.last for p in self.graph.nodes[i].parameters if p in self.uses]
        return bool(paths) and all(recurs(self.graph, self.uses, self.uses[p]) for p in paths)

    def weights(self) -> tuple[Weight, ...]:
        found = {p.path: self._weight(p) for p in self.graph.parameters}
        found |= like_its_siblings(found, self.uses)
        for path, w in found.items():
            first = self.uses.get(path, ())[:1]
            if w.role == "bias":
                found[path] = self._bias(w, first)
            elif w.role == "normalization" and w.parameter.kind == "scale":
                found[path] = dataclasses.replace(
                    w, ends_branch=any(map(self._ends_by_scale, first))
                )
        return tuple(found.values())

    def _weight(self, p: Parameter) -> Weight:
        """A weight with its role. The first use decides where a weight is used several times."""
        nodes = self.uses.get(p.path, [])
        if p.kind in SIMPLE and {self.graph.nodes[i].kind for i in nodes} >= {"look_up", "layer"}:
            return Weight(p, "tied", why=ROLES["tied"])
        if p.kind in SIMPLE:
            return Weight(p, SIMPLE[p.kind], why=ROLES[SIMPLE[p.kind]])
        if p.kind not in ("kernel", "recurrent") or not nodes:
            return told(p)
        if p.kind == "recurrent":
            whole = self._piece(p, nodes, None)
            return dataclasses.replace(whole, role="recurrent", activation=LINEAR, parts=p.parts,
                                       ends_branch=False, why=ROLES["recurrent"])  # fmt: skip
        if p.depthwise or (p.layout is not None and p.layout.groups > 1):
            return self._piece(p, nodes, None)
        pieces = [
            self._piece(p, uses, rows)
            for uses in self._blocks(nodes)
            for rows in partition(self.graph, uses[0], self.reached.get(uses[0], {}))
        ]
        pieces.sort(key=lambda w: int(w.rows[0]))
        complete = p.kernel is None or sum(len(w.rows) for w in pieces) == p.kernel.out
        return _joined(pieces) if len(pieces) > 1 and complete else self._piece(p, nodes, None)

    def _blocks(self, nodes: Sequence[int]) -> list[list[int]]:
        """The uses of a kernel by the block of its outputs that each of them takes.

        All are one block where some take a part of what others do.
        """
        graph, several = self.graph, [i for i in nodes if i in self.graph.rows]
        masks = [self.reached[i][i].rows for i in several if self.reached.get(i)]
        sizes = {len(mask) for mask in masks}
        width = max(sizes, default=0)
        taken = sum(np.pad(mask.astype(int), (0, width - len(mask))) for mask in masks)
        if len(several) < 2 or len(masks) < len(several) or np.max(taken) > 1:
            return [list(nodes)]
        blocks = {graph.picks.get(i): [i] for i in several}
        for i in nodes:
            if i not in several and graph.picks.get(i) in blocks:
                blocks[graph.picks.get(i)].append(i)
        return list(blocks.values())

    def _piece(self, p: Parameter, nodes: Sequence[int], rows: Rows) -> Weight:
        """The weight, or those of its outputs that `rows` names."""
        node = nodes[0]
        arrives = self._arrives(node, rows)
        following = self.activations.following(node, arrives)
        parts = self._attention_parts(nodes, rows)
        role = (
            self.updates.get(p.path)
            or _attention_role(parts)
            or next((name for name in ("transposed", "depthwise") if getattr(p, name)), None)
            or ("recurrent" if recurs(self.graph, self.uses, nodes) else None)
            or purpose(self.graph, node, following, arrives)
            or self._place(p, nodes, arrives)
        )
        number, branch = self._branch_of(node)
        return Weight(
            p,
            role,
            activation=following.function,
            branch=number,
            position=branch.layers.index(node) if branch else 0,
            length=len(branch.layers) if branch else 0,
            ends_branch=self._reaches_end(node, arrives),
            settled=self._is_settled(node),
            parts=max(p.parts, self._stacked(p, node, role, parts)),
            order=node,
            why=ROLES[role],
            rows=rows,
        )

    def _arrives(self, node: int, rows: Rows) -> Arrives:
        """Whether those outputs of a layer arrive at a node, so far as it is known."""
        found = self.reached.get(node, {})
        if rows is None or not found:
            return everywhere

        def arrives(i: int) -> bool:
            return i not in found or bool(found[i].rows[rows].any())

        return arrives

    def _attention_parts(self, nodes: Sequence[int], rows: Rows) -> list[str]:
        """What those outputs are in attentions: `"query"`, `"key"`, `"value"`, `"output"`."""
        return [
            part for part in (*PARTS, "output")
            if any(part == "output" or self._arrives(i, rows)(operand)
                   for i in nodes for operand in self.attention.get(i, {}).get(part, ()))
        ]  # fmt: skip

    def _stacked(self, p: Parameter, node: int, role: str, parts: Sequence[str]) -> int:
        """Equal parts of a fused kernel whose rows could not be followed."""
        if role != "attention_query_key_value" or node in self.graph.rows or p.kernel is None:
            return 1
        several = len([part for part in parts if part != "output"])
        return several if p.kernel.out % several == 0 else 1

    def _place(self, p: Parameter, nodes: Sequence[int], arrives: Arrives) -> str:
        """The role that its place among the layers gives it."""
        graph, node = self.graph, nodes[0]
        _, branch = self._branch_of(node)
        ends = self._reaches_end(node, arrives)
        if branch and self.feed_forward.holds(p, node, branch):
            if node in branch.last and ends:
                return "feed_forward_out"
            return "feed_forward_in" if node < max(branch.last, default=0) else "hidden"
        if node in self.projections:
            return "skip_projection"
        if branch and node in branch.last and ends:
            return "branch_last"
        made = graph.layer_bits | self._tables
        same = [i for i in nodes if graph.picks.get(i) == graph.picks.get(node)]
        if not any(graph.ancestors[i] & ~(1 << i) & made for i in same):
            return "first"
        if p.layout is not None and p.layout.groups > 1:
            return "grouped"
        followed = any(graph.ancestors[j] >> node & 1 for j in graph.layers if j > node)
        return "hidden" if followed else "output"

    @cached_property
    def _tables(self) -> int:
        """The nodes of look-ups, as bits."""
        return sum(1 << i for i, node in enumerate(self.graph.nodes) if node.kind == "look_up")

    def _branch_of(self, node: int) -> tuple[int | None, Branch | None]:
        """The shortest branch that holds the layer, and its number."""
        own = [(len(b.layers), n, b) for n, b in enumerate(self.branches) if node in b.layers]
        if not own:
            return None, None
        _, number, branch = min(own, key=lambda found: found[:2])
        return number, branch

    def _reaches_end(self, node: int, arrives: Arrives) -> bool:
        """Whether a layer's outputs reach the sum of a residual branch without another layer."""
        made = self.graph.ancestors
        return any(node in b.last and any(made[j] >> node & 1 and arrives(j)
                                          for j in self.graph.nodes[b.end].inputs)
                   for b in self.branches)  # fmt: skip

    def _is_settled(self, node: int) -> bool:
        """Whether a normalization stands between the last layer of a branch and its sum."""
        graph, ends = self.graph, {b.end for b in self.branches if node in b.last}
        front, seen = [node], {node}
        while front:
            for j in graph.consumers[front.pop()]:
                if j in ends or j in seen or graph.layer_bits >> j & 1:
                    continue
                if graph.nodes[j].kind == "norm" and any(graph.ancestors[e] >> j & 1 for e in ends):
                    return True
                seen.add(j)
                front.append(j)
        return False

    def _ends_by_scale(self, i: int) -> bool:
        """Whether the scale at node `i` is the last thing a residual branch is multiplied by."""
        graph, seen, front = self.graph, {i}, [i]
        ends = {b.end: b for b in self.branches}
        while front:
            for j in graph.consumers[front.pop()]:
                branch = ends.get(j)
                if branch is not None and graph.ancestors[i] >> branch.start & 1 and any(
                    graph.ancestors[i] >> n & 1 for n in branch.last
                ):  # fmt: skip
                    return True
                if j not in seen and graph.nodes[j].kind == "move":
                    seen.add(j)
                    front.append(j)
        return False

    def _bias(self, w: Weight, nodes: Sequence[int]) -> Weight:
        """A bias, or what it is where it shapes a time step or a gate."""
        for i in nodes:
            if self.graph.nodes[i].kind != "move":
                continue
            following = self.activations.following(i)
            shaped = shapes_a_product(self.graph, following)
            if shaped == "time_step":
                return dataclasses.replace(w, role=shaped, why=ROLES[shaped])
            if shaped == "gate":
                return dataclasses.replace(w, activation=following.function)
        return w


def _attention_role(parts: Sequence[str]) -> str | None:
    """The role of a layer that makes parts of an attention, or acts on its result."""
    operands = [part for part in parts if part != "output"]
    if len(operands) > 1:
        return "attention_query_key_value"
    return f"attention_{(operands or parts)[0]}" if parts else None


def _joined(pieces: Sequence[Weight]) -> Weight:
    """A fused kernel from the pieces that are used as kernels of their own."""
    roles = {w.role for w in pieces}
    if roles <= {f"attention_{part}" for part in PARTS} and len(roles) > 1:
        role = "attention_query_key_value"
    else:
        telling = next((name for name in ("recurrent", "modulation") if name in roles), None)
        role = telling or max(pieces, key=lambda w: len(w.rows)).role
    return dataclasses.replace(
        pieces[0], role=role, rows=None, pieces=tuple(pieces), parts=1, why=ROLES[role],
        activation=next((w.activation for w in pieces if w.activation != LINEAR), LINEAR),
        ends_branch=any(w.ends_branch for w in pieces),
    )  # fmt: skip
