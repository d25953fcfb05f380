"""The finder: what each weight of a resolved graph is for."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..activations import activation_of
from ._activation import LINEAR, Activations, Following, is_product
from ._attention import PARTS, attention_roles
from ._branches import Branch, branches
from ._graph import Graph, Node, Parameter
from ._reach import Reach, batch_axes, partition, reach
from ._resolve import resolve, uses_of
from ._roles import ROLES, Network, Weight

__all__ = ["describe_network"]

SIMPLE = {
    "embedding": "embedding", "position": "position", "latent": "latent", "bias": "bias",
    "scale": "normalization", "shift": "normalization", "multiplier": "multiplier",
    "adapter_in": "adapter_in", "adapter_out": "adapter_out",
}  # fmt: skip
DESCRIBED = "described"  # an attribute of graphs, beside those of `functools.cached_property`
PICKS = ("topk", "top_k", "sort", "argmax", "approx_top_k", "one_hot")


def describe_network(graph: Graph) -> Network:
    """Find what every parameter of a graph, as its adapter recorded it, is for.

    The graph keeps the answer, which plans and diagnostics ask for in turn.
    """
    kept = vars(graph)
    if DESCRIBED not in kept:
        kept[DESCRIBED] = _described(graph)
    found: Network = kept[DESCRIBED]
    return found


def _described(graph: Graph) -> Network:
    graph = resolve(graph)
    if not graph.traced:
        return Network(graph, tuple(map(_untraced, graph.parameters)), ())
    finder = _Finder(graph)
    weights = finder.weights()
    return Network(finder.graph, weights, tuple(finder.branches))


class _Finder:
    def __init__(self, graph: Graph) -> None:
        self.at = uses_of(graph)
        self.reached: dict[int, Mapping[int, Reach]] = {}
        self.graph = graph = self._with_batches(graph)
        self.updates = _low_rank_updates(graph)
        self.branches = [b for b in branches(graph) if not self._is_update(b)]
        self.attention = attention_roles(graph)
        self.activations = Activations(graph, [b.end for b in self.branches])
        self.ends = {node for b in self.branches for node in b.last}
        self.projections = {node for b in self.branches for node in b.projection}

    def _is_update(self, branch: Branch) -> bool:
        """Whether a branch is a low-rank update beside a kernel."""
        nodes = self.graph.nodes
        return all(p in self.updates for i in branch.layers for p in nodes[i].parameters)

    def _with_batches(self, graph: Graph) -> Graph:
        """The graph with the axes that count kernels of a later layer as batch axes here."""
        found = []
        for p in graph.parameters:
            nodes = self.at.get(p.path, ())
            if p.layout is not None and nodes and nodes[0] in graph.rows:
                node = nodes[0]
                self.reached[node] = reach(graph, node)
                sizes = tuple(p.shape[a] for a in p.layout.out)
                several = batch_axes(graph, node, sizes, self.reached[node])
                if several and len(several) < len(sizes):
                    out = tuple(a for k, a in enumerate(p.layout.out) if k not in several)
                    batch = tuple(a for k, a in enumerate(p.layout.out) if k in several)
                    layout = dataclasses.replace(p.layout, out=out, batch=p.layout.batch + batch)
                    p = dataclasses.replace(p, layout=layout)
                    keep = np.unravel_index(np.maximum(graph.rows[node], 0), sizes)
                    inner = [k for k in range(len(sizes)) if k not in several]
                    rows = np.ravel_multi_index([keep[k] for k in inner], [sizes[k] for k in inner])
                    graph = dataclasses.replace(graph, rows={**graph.rows, node: rows})
                    self.reached[node] = reach(graph, node)
            found.append(p)
        return dataclasses.replace(graph, parameters=found)

    def weights(self) -> tuple[Weight, ...]:
        found = {p.path: self.weight(p) for p in self.graph.parameters}
        self._from_siblings(found)
        for path, w in found.items():
            if w.role == "bias":
                found[path] = self._bias(w)
            elif w.role == "normalization" and w.parameter.kind == "scale":
                ends = any(map(self._ends_by_scale, self.at.get(path, ())[:1]))
                found[path] = dataclasses.replace(w, ends_branch=ends)
        return tuple(found.values())

    def _from_siblings(self, found: dict[str, Weight]) -> None:
        """What the pass does not reach is what its like is that it reaches: one expert of many."""
        likes: dict[tuple[str, Sequence[int]], Weight] = {}
        for path, w in found.items():
            if path in self.at:
                likes.setdefault((_pattern(path), w.parameter.shape), w)
        for path, w in found.items():
            like = likes.get((_pattern(path), w.parameter.shape))
            if path in self.at or like is None:
                continue
            note = f"the forward pass does not reach it; as {like.path}"
            p, q = w.parameter, like.parameter
            p = dataclasses.replace(
                p, kind=q.kind, layout=q.layout, transposed=q.transposed, depthwise=q.depthwise,
                parts=q.parts, note=note,
            )  # fmt: skip
            pieces = tuple(dataclasses.replace(piece, parameter=p) for piece in like.pieces)
            found[path] = dataclasses.replace(like, parameter=p, pieces=pieces)

    def weight(self, p: Parameter) -> Weight:
        if p.kind in SIMPLE:
            kinds = {self.graph.nodes[i].kind for i in self.at.get(p.path, [])}
            role = "tied" if kinds >= {"look_up", "layer"} else SIMPLE[p.kind]
            return Weight(p, role, why=ROLES[role])
        nodes = self.at.get(p.path, [])
        if p.kind in ("kernel", "recurrent") and not nodes:
            return _untraced(p)
        if p.kind not in ("kernel", "recurrent"):
            return Weight(p, "other", why=p.note or ROLES["other"])
        # A weight used several times is what it is at its first use.
        node = nodes[0]
        if p.kind == "recurrent":
            whole = self._piece(p, nodes, node, None)
            return dataclasses.replace(whole, role="recurrent", activation=LINEAR, parts=p.parts,
                                       ends_branch=False, why=ROLES["recurrent"])  # fmt: skip
        found = self.reached.get(node, {})
        grouped = p.depthwise or (p.layout is not None and p.layout.groups > 1)
        parts = [] if grouped or not found else partition(self.graph, node, found)
        if len(parts) < 2:
            return self._piece(p, nodes, node, None)
        pieces = [self._piece(p, nodes, node, rows) for rows in parts]
        roles = {w.role for w in pieces}
        if roles <= {f"attention_{part}" for part in PARTS} and len(roles) > 1:
            role = "attention_query_key_value"
        elif "recurrent" in roles:
            role = "recurrent"
        elif "modulation" in roles:
            role = "modulation"
        else:
            role = max(pieces, key=lambda w: len(w.rows)).role
        first = pieces[0]
        bends = next((w.activation for w in pieces if w.activation != LINEAR), LINEAR)
        return dataclasses.replace(
            first, role=role, activation=bends, rows=None, pieces=tuple(pieces), parts=1,
            ends_branch=any(w.ends_branch for w in pieces), why=ROLES[role],
        )  # fmt: skip

    def _piece(self, p: Parameter, nodes: Sequence[int], node: int, rows: Any) -> Weight:
        """The weight, or those of its outputs that `rows` names."""
        found = self.reached.get(node, {})

        def arrives(i: int) -> bool:
            r = found.get(i)
            return r is None or bool(r.rows[rows].any())

        following = self.activations.following(node, bool if rows is None else arrives)
        role = self._role(p, nodes, node, rows, following)
        number, branch = self._branch_of(node)
        return Weight(
            p,
            role,
            activation=following.function,
            branch=number,
            position=branch.layers.index(node) if branch else 0,
            length=len(branch.layers) if branch else 0,
            ends_branch=node in self.ends and (rows is None or self._reaches_end(node, arrives)),
            settled=self._is_settled(node),
            parts=max(p.parts, self._stacked(p, node, role, nodes)),
            order=node,
            why=ROLES[role],
            rows=rows,
        )

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

    def _stacked(self, p: Parameter, node: int, role: str, nodes: Sequence[int]) -> int:
        """Equal parts of a fused kernel whose rows could not be followed."""
        if role != "attention_query_key_value" or node in self.graph.rows:
            return 1
        operands = [part for part in self._attention_parts(nodes, None) if part != "output"]
        kernel = p.kernel
        return len(operands) if kernel is not None and kernel.out % len(operands) == 0 else 1

    def _reaches_end(self, node: int, arrives: Any) -> bool:
        return any(node in b.last and any(arrives(j) for j in self.graph.nodes[b.end].inputs)
                   for b in self.branches)  # fmt: skip

    def _role(
        self, p: Parameter, nodes: Sequence[int], node: int, rows: Any, following: Following
    ) -> str:
        parts = self._attention_parts(nodes, rows)
        operands = [part for part in parts if part != "output"]
        if p.path in self.updates:
            return self.updates[p.path]
        if len(operands) > 1:
            return "attention_query_key_value"
        if operands:
            return f"attention_{operands[0]}"
        if parts:
            return "attention_output"
        for name in ("transposed", "depthwise"):
            if getattr(p, name):
                return name
        if self._recurs(nodes):
            return "recurrent"
        special = self._special(node, rows, following)
        return special or self._place(p, node)

    def _attention_parts(self, nodes: Sequence[int], rows: Any) -> list[str]:
        found = []
        for part in (*PARTS, "output"):
            for i in nodes:
                for operand in self.attention.get(i, {}).get(part, ()):
                    r = self.reached.get(i, {}).get(operand)
                    if part == "output" or rows is None or r is None or r.rows[rows].any():
                        found.append(part)
        return list(dict.fromkeys(found))

    def _place(self, p: Parameter, node: int) -> str:
        _, branch = self._branch_of(node)
        if branch and self._feeds_forward(p, node, branch):
            if node in branch.last:
                return "feed_forward_out"
            return "feed_forward_in" if node < max(branch.last, default=0) else "hidden"
        if node in self.projections:
            return "skip_projection"
        if branch and node in branch.last:
            return "branch_last"
        if not self.graph.ancestors[node] & ~(1 << node) & (self.graph.layer_bits | self._tables):
            return "first"
        if p.layout is not None and p.layout.groups > 1:
            return "grouped"
        return "hidden" if self._is_followed(node) else "output"

    def _feeds_forward(self, p: Parameter, node: int, branch: Branch) -> bool:
        """Whether a layer of a transformer's branch is none of its attention."""
        ancestors = self.graph.ancestors
        if not self.attention or p.kernel is None or len(p.kernel.spatial) > 1:
            return False
        if len(branch.layers) < 2:
            return False
        for layer in branch.layers:
            related = ancestors[max(layer, node)] >> min(layer, node) & 1
            if related and (layer in self.attention or layer in self._convolved):
                return False
        return True

    @cached_property
    def _convolved(self) -> set[int]:
        """The nodes of depthwise convolutions."""
        return {i for p in self.graph.parameters if p.depthwise for i in self.at.get(p.path, ())}

    def _special(self, node: int, rows: Any, following: Following) -> str | None:
        """A role that the values after a layer tell: they gate, choose, modulate, or keep time."""
        found = self.reached.get(node, {})

        def goes(i: int) -> bool:
            r = found.get(i)
            return rows is None or r is None or bool(r.rows[rows].any())

        if self._is_router(node, goes):
            return "router"
        if following.node is not None and self._multiplies(following.node):
            if following.function == "softplus":
                return "time_step"
            if _is_bounded(following.function):
                return "gate"
        if following.function == LINEAR and self._modulates(node, goes):
            return "modulation"
        return None

    def _ahead(self, node: int, goes: Any, kinds: Sequence[str], steps: int = 24) -> list[int]:
        """The nodes that a value comes to through nodes of some kinds, those that end the way."""
        graph, seen, ends, front = self.graph, {node}, [], [node]
        while front and len(seen) < steps * 4:
            i = front.pop(0)
            for j in graph.consumers[i]:
                if j in seen or not goes(j):
                    continue
                seen.add(j)
                single = len(set(graph.nodes[j].inputs)) == 1
                passed = single or graph.nodes[j].kind == "move"
                if graph.nodes[j].kind in kinds and passed and not _is_pick(graph.nodes[j]):
                    front.append(j)
                else:
                    ends.append(j)
        return ends

    def _is_router(self, node: int, goes: Any) -> bool:
        """Whether its outputs, the largest of them or their softmax, multiply those of experts."""
        graph = self.graph
        kinds = ("move", "map", "norm", "softmax", "sum")
        seen = self._ahead(node, goes, kinds)
        if any(self._is_followed_from(j) for j in seen if _is_pick(graph.nodes[j])):
            return True
        return any(self._weighs_experts(node, j) for j in seen)

    def _weighs_experts(self, node: int, product: int) -> bool:
        """Whether a product is one of a softmax, over experts, of a layer's output and theirs."""
        graph, found = self.graph, self.graph.nodes[product]
        if len(set(found.inputs)) != 2 or not (found.kind == "mix" or is_product(found)):
            return False
        for i in graph.softmaxes:
            shape, axis = graph.nodes[i].shape, graph.nodes[i].axis
            others = [k for k in found.inputs if not graph.ancestors[k] >> i & 1]
            if not graph.ancestors[i] >> node & 1 or shape is None or axis is None:
                continue
            if len(others) == 1 and self._kernels_behind(others[0]) == shape[axis] > 1:
                return True
        return False

    def _kernels_behind(self, i: int) -> int:
        """How many kernels of a stack make a value, or layers that are joined in it."""
        graph = self.graph
        while graph.nodes[i].kind in ("move", "map") and len(graph.nodes[i].inputs) == 1:
            i = graph.nodes[i].inputs[0]
        if graph.nodes[i].kind == "move":
            behind = [_layer_behind(graph, k) for k in graph.nodes[i].inputs]
            return 0 if None in behind else len(behind)
        batches = [math.prod(p.shape[a] for a in p.layout.batch)
                   for p in graph.kernels_of(i) if p.layout is not None]  # fmt: skip
        return max(batches, default=0)

    def _is_followed_from(self, i: int) -> bool:
        return any(self.graph.ancestors[j] >> i & 1 for j in range(i + 1, len(self.graph.nodes))
                   if self.graph.nodes[j].kind in ("map", "layer", "mix", "other"))  # fmt: skip

    def _multiplies(self, i: int) -> bool:
        """Whether a value, through moves and affine maps, multiplies another one."""
        for j in self._ahead(i, lambda _: True, ("move", "map")):
            node = self.graph.nodes[j]
            if node.kind == "map" and len(set(node.inputs)) == 2 and is_product(node):
                return True
        return False

    def _modulates(self, node: int, goes: Any) -> bool:
        """Whether a layer's output multiplies or shifts what comes out of a normalization."""
        graph = self.graph
        for j in self._ahead(node, goes, ("move", "map")):
            ahead = graph.nodes[j]
            if ahead.kind == "map" and len(set(ahead.inputs)) == 2 and is_product(ahead):
                for k in ahead.inputs:
                    if not graph.ancestors[k] >> node & 1 and self._is_normal(k):
                        return True
        return False

    def _is_normal(self, i: int, steps: int = 6) -> bool:
        for _ in range(steps):
            node = self.graph.nodes[i]
            if node.kind == "norm":
                return True
            if node.kind != "move" or len(node.inputs) != 1:
                return False
            i = node.inputs[0]
        return False

    def _recurs(self, nodes: Sequence[int]) -> bool:
        """Whether a later use takes what an earlier one made, and something new beside it."""
        if len(nodes) < 2:
            return False
        graph = self.graph
        first = nodes[0]
        later = next((n for n in nodes[1:] if graph.ancestors[n] >> first & 1), None)
        if later is None:  # a kernel on every step's input, beside one on the state
            return self._beside_state(nodes)
        return self._new_beside(later, first)

    def _new_beside(self, later: int, first: int) -> bool:
        """Whether the use `later` is summed or joined with something not made by use `first`."""
        graph = self.graph
        joins = [j for j in self._ahead(later, lambda _: True, ("move",)) if
                 graph.nodes[j].kind == "sum"]  # fmt: skip
        back, seen = list(graph.nodes[later].inputs), set[int]()
        while back:
            i = back.pop()
            if i in seen:
                continue
            seen.add(i)
            if graph.nodes[i].kind == "move":
                if len(graph.nodes[i].inputs) > 1:
                    joins.append(i)
                else:
                    back += graph.nodes[i].inputs
        for j in joins:
            made = [graph.ancestors[k] >> first & 1 for k in graph.nodes[j].inputs]
            if any(made) and not all(made):
                return True
        return False

    def _beside_state(self, nodes: Sequence[int]) -> bool:
        """Whether its output is summed with that of a kernel which recurs."""
        graph = self.graph
        for j in self._ahead(nodes[-1], lambda _: True, ("move",)):
            if graph.nodes[j].kind != "sum":
                continue
            for k in graph.nodes[j].inputs:
                layer = _layer_behind(graph, k)
                if layer is None or layer == nodes[-1]:
                    continue
                for path in graph.nodes[layer].parameters:
                    uses = self.at[path]
                    if len(uses) > 1 and graph.ancestors[uses[-1]] >> uses[0] & 1:
                        return True
        return False

    @cached_property
    def _tables(self) -> int:
        return sum(1 << i for i, node in enumerate(self.graph.nodes) if node.kind == "look_up")

    def _is_followed(self, node: int) -> bool:
        return any(self.graph.ancestors[j] >> node & 1 for j in self.graph.layers if j > node)

    def _branch_of(self, node: int) -> tuple[int | None, Branch | None]:
        """The shortest branch that holds the layer."""
        own = [(len(b.layers), n, b) for n, b in enumerate(self.branches) if node in b.layers]
        if not own:
            return None, None
        _, number, branch = min(own, key=lambda found: found[:2])
        return number, branch

    def _bias(self, w: Weight) -> Weight:
        """A bias, or what it is where it shapes a time step or a gate."""
        for i in self.at.get(w.path, ())[:1]:
            if self.graph.nodes[i].kind != "move":
                continue
            following = self.activations.following(i)
            if following.node is not None and self._multiplies(following.node):
                if following.function == "softplus":
                    return dataclasses.replace(w, role="time_step", why=ROLES["time_step"])
                if _is_bounded(following.function):
                    return dataclasses.replace(w, activation=following.function)
        return w


def _is_pick(node: Node) -> bool:
    """Whether a node picks the largest of its values."""
    return any(name in node.label.lower() for name in PICKS)


def _pattern(path: str) -> str:
    """The path with every number in it left open."""
    return re.sub(r"\d+", "*", path)


def _layer_behind(graph: Graph, i: int, steps: int = 6) -> int | None:
    """The layer whose output, but for moves, a value is."""
    for _ in range(steps):
        node = graph.nodes[i]
        if node.kind in ("layer", "recurrent"):
            return i
        if node.kind != "move" or len(node.inputs) != 1:
            return None
        i = node.inputs[0]
    return None


def _low_rank_updates(graph: Graph) -> dict[str, str]:
    """The weights of low-rank updates that run beside a kernel, with their roles."""
    found: dict[str, str] = {}
    for node in graph.nodes:
        if node.kind != "sum":
            continue
        layers = [_layer_behind(graph, _scaled(graph, j)) for j in node.inputs]
        for base, last in (layers, layers[::-1]) if None not in layers and len(layers) == 2 else ():
            assert base is not None
            assert last is not None
            first = _layer_behind(graph, graph.nodes[last].inputs[0]) if graph.nodes[
                last].inputs else None  # fmt: skip
            if first is None or first == base or last == base:
                continue
            rank = (graph.nodes[first].shape or (0,))[-1]
            width = (graph.nodes[last].shape or (0,))[-1]
            same = _origin(graph, first) == _origin(graph, base)
            if same and 0 < rank < width:
                found.update(dict.fromkeys(graph.nodes[first].parameters, "adapter_in"))
                found.update(dict.fromkeys(graph.nodes[last].parameters, "adapter_out"))
    return found


def _scaled(graph: Graph, i: int) -> int:
    while graph.nodes[i].kind in ("move", "map") and len(graph.nodes[i].inputs) == 1:
        i = graph.nodes[i].inputs[0]
    return i


def _origin(graph: Graph, layer: int) -> int:
    """What a layer acts on, but for moves."""
    if not graph.nodes[layer].inputs:
        return -1
    i = graph.nodes[layer].inputs[0]
    while graph.nodes[i].kind == "move" and len(graph.nodes[i].inputs) == 1:
        i = graph.nodes[i].inputs[0]
    return i


def _is_bounded(function: Any) -> bool:
    try:
        with np.errstate(all="ignore"):
            value = activation_of(function).value if isinstance(function, str) else function
            ends = np.asarray(value(np.array([-1e3, -30.0, 30.0, 1e3])))
    except Exception:
        return False
    return bool(np.isfinite(ends).all() and np.abs(ends).max() < 10.0)


NAMES = (
    ("attention_query_key_value", r"qkv|query_key_value|c_attn|in_proj"),
    ("attention_query", r"(^|[._/])(q|wq|query|q_proj|query_proj|to_q)([._/]|$)"),
    ("attention_key", r"(^|[._/])(k|wk|key|k_proj|key_proj|to_k)([._/]|$)"),
    ("attention_value", r"(^|[._/])(v|wv|value|v_proj|value_proj|to_v)([._/]|$)"),
    ("attention_output", r"att(n|ention).*(out|proj|dense)|o_proj|(^|[._/])wo([._/]|$)"),
    ("skip_projection", r"downsample|shortcut|skip"),
    ("feed_forward_out", r"fc2|down_proj|mlp.*c_proj|lin2|linear2|(^|[._/])w2([._/]|$)"),
    ("feed_forward_in", r"fc1|up_proj|gate_proj|c_fc|lin1|linear1|(^|[._/])w[13]([._/]|$)"),
    ("output", r"head|classifier|logits|predictions|(^|[._/])fc([._/]|$)"),
)  # fmt: skip


def _untraced(p: Parameter) -> Weight:
    """A weight as its module and its name describe it, where the graph does not reach it."""
    if p.kind in SIMPLE:
        return Weight(p, SIMPLE[p.kind], why=p.note or ROLES[SIMPLE[p.kind]])
    if p.kind not in ("kernel", "recurrent"):
        return Weight(p, "other", why=p.note or ROLES["other"])
    for role in ("recurrent", "transposed", "depthwise"):  # which the module says
        if p.kind == role or getattr(p, role, False):
            return Weight(p, role, parts=p.parts, why=ROLES[role])
    role, why = _by_name(p.path)
    return Weight(p, role, by="name", why=why)


def _by_name(path: str) -> tuple[str, str]:
    """The role a name suggests, where nothing could be traced."""
    for role, pattern in NAMES:
        if re.search(pattern, path, re.IGNORECASE):
            return role, f"by its name alone: {ROLES[role]}"
    return "hidden", "by its name alone: it suggests nothing"
