"""Resolves a recorded graph: which values are signals, and how each weight acts on them.

A recorder decides nothing: weights are nodes like all others. Here every value is found to be
either a signal or made of weights alone, and every meeting of the two becomes one of few things: a
layer, a bias, a scale, a slope, a table, a signal of its own.
"""

import dataclasses
from collections.abc import Mapping

from ._beside import Beside
from ._graph import Graph, Node, Parameter
from ._normalizations import normalizations
from ._products import Products
from ._recorded import Recorded, Uses
from ._signals import Signals

__all__ = ["resolve", "uses_of"]


def resolve(graph: Graph) -> Graph:
    """The graph with the kind of every weight, and with signals only as nodes.

    A graph without nodes of weights is returned as it is: its recorder knew their kinds.
    """
    if not graph.traced or all(node.kind != "weight" for node in graph.nodes):
        return _told(graph)
    return _Resolution(graph).graph()


def _told(graph: Graph) -> Graph:
    """The parameters of a graph without nodes, as their modules describe them."""
    if all(p.kind for p in graph.parameters):
        return graph
    told = [p if p.kind else dataclasses.replace(p, **{"kind": "other", **p.told})
            for p in graph.parameters]  # fmt: skip
    return dataclasses.replace(graph, parameters=told)


class _Resolution:
    """One graph under resolution."""

    def __init__(self, graph: Graph) -> None:
        self._recorded, self._uses = Recorded(graph), Uses()
        self._nodes = self._recorded.nodes
        signals = Signals(self._recorded, self._uses)
        self._signal = signals.signal
        self._products = Products(self._recorded, signals, self._uses)

    def graph(self) -> Graph:
        """The resolved graph; nodes keep their indices."""
        recorded = self._recorded.graph
        nodes = [
            self._resolved(i) if signal else Node("weight", (), node.label, node.shape)
            for i, (node, signal) in enumerate(zip(self._nodes, self._signal, strict=True))
        ]
        norms = normalizations(nodes, recorded.outputs)
        nodes = [norms.get(i, node) for i, node in enumerate(nodes)]
        Beside(self._recorded, self._signal, self._uses).resolve(nodes)
        parameters = [self._parameter(p) for p in recorded.parameters]
        return dataclasses.replace(
            recorded,
            nodes=nodes,
            parameters=parameters,
            rows=self._products.rows,
            picks=self._products.picks,
        )

    def _resolved(self, i: int) -> Node:
        node = self._nodes[i]
        signals = tuple(j for j in node.inputs if self._signal[j])
        weights = [j for j in node.inputs if not self._signal[j]]
        paths = tuple(dict.fromkeys(p for j in weights for p in self._recorded.paths(j)))
        if node.kind in ("weight", "input"):
            return dataclasses.replace(node, kind="input", parameters=node.parameters)
        new = node
        if len(signals) < len(node.inputs) or paths:
            new = dataclasses.replace(node, inputs=signals, parameters=(*paths, *node.parameters))
        if node.kind == "product":
            return self._products.resolved(i, new, weights)
        if node.kind == "look_up" and not self._signal[node.inputs[0]]:
            self._look_up(i, node)
        elif node.kind == "recurrent":
            for path in new.parameters:
                told = self._recorded.known[path].told
                self._uses.note([path], **{"kind": "recurrent", **told})
        elif node.kind == "norm":
            for j, kind in zip(node.inputs[1:], ("scale", "shift"), strict=False):
                if not self._signal[j]:
                    self._uses.note(self._recorded.paths(j), kind=kind)
        elif node.kind == "attention":
            self._uses.note(paths, kind="position")
        elif node.kind == "move" and weights and signals:
            self._joined(i, weights)
        elif node.kind == "other" and paths:
            self._uses.note(paths, kind="other", note=f"used by {node.label}")
        return new

    def _look_up(self, i: int, node: Node) -> None:
        """A look-up in a table: an embedding, or biases that a router picks from."""
        picked = any(self._recorded.comes_of(j, ("product",)) for j in node.inputs[1:])
        added = picked and any(self._nodes[c].kind == "sum" for c in self._recorded.after_moves(i))
        self._uses.note(self._recorded.paths(node.inputs[0]), kind="bias" if added else "embedding")

    def _joined(self, at: int, weights: list[int]) -> None:
        """Weights that join the signal: learned tokens, and what is added to them.

        One that joins the scores of an attention or of a router is a bias of theirs.
        """
        kind, front = "bias" if self._is_scored(at) else "latent", list(weights)
        while front:
            i = front.pop()
            node = self._nodes[i]
            if node.kind == "move":
                front += node.inputs
            elif node.inputs:
                if node.kind in ("sum", "map"):
                    for j in node.inputs[1:]:
                        self._uses.note(self._recorded.paths(j), kind="position")
                front.append(node.inputs[0])
            else:
                self._uses.note(node.parameters, kind=kind)

    def _is_scored(self, i: int) -> bool:
        """Whether a softmax takes a value, at most shifted and moved."""
        seen, front = set(), [i]
        while front:
            for c in self._recorded.consumers[front.pop()]:
                if self._nodes[c].kind == "softmax":
                    return True
                if self._nodes[c].kind in ("move", "sum") and c not in seen:
                    seen.add(c)
                    front.append(c)
        return False

    def _parameter(self, p: Parameter) -> Parameter:
        found = self._uses.get(p.path)
        if found is None:
            if p.kind:
                return p
            told = {"kind": "unused", **p.told}
            note = "the forward pass does not reach it"
            if told["kind"] != "unused":
                note = f"{note}; by its module alone"
            return dataclasses.replace(p, **{**told, "note": told.get("note") or note})
        more = dict(found)
        starts = more.pop("starts", ())
        if starts and p.shape:
            more["starts"] = ((0, p.shape[0], starts[0][2]),)
        return dataclasses.replace(p, **more)


def uses_of(graph: Graph) -> Mapping[str, list[int]]:
    """The nodes at which each weight takes part."""
    found: dict[str, list[int]] = {}
    for i, node in enumerate(graph.nodes):
        for path in node.parameters:
            found.setdefault(path, []).append(i)
    return found
