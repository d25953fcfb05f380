"""What each weight of a network is for."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ._activation import LINEAR, following_activation
from ._attention import PARTS, attention_roles
from ._branches import Branch, branches
from ._graph import Graph, Parameter

__all__ = ["ROLES", "Network", "Weight", "describe_network"]

ROLES = {
    "first": "layer on the inputs",
    "hidden": "layer between others",
    "output": "layer nothing follows",
    "branch_last": "last layer of a residual branch",
    "skip_projection": "layer of a shortcut",
    "attention_query": "queries",
    "attention_key": "keys",
    "attention_value": "values",
    "attention_query_key_value": "several of queries, keys and values in one kernel",
    "attention_output": "takes an attention's result on",
    "feed_forward_in": "first of a transformer's two feed-forward layers, or its gate",
    "feed_forward_out": "last of a transformer's feed-forward layers",
    "recurrent": "kernel of a recurrence",
    "depthwise": "convolution of each channel alone",
    "grouped": "convolution of groups of channels",
    "transposed": "transposed convolution",
    "embedding": "look-up table",
    "tied": "look-up table that is the output layer too",
    "position": "added or joined to the signal as it is",
    "normalization": "scale or shift of a normalization",
    "bias": "added to a layer's output",
    "multiplier": "multiplies the signal",
    "other": "none of these",
}


@dataclass(frozen=True)
class Weight:
    """A parameter and what it is for.

    Attributes:
        parameter: Path, sizes, layout.
        role: One of `ROLES`.
        activation: The function that follows: a name or a callable.
        branch: Number of its residual branch among all, or None.
        position, length: Its place among that branch's layers, from 0, and their number.
        ends_branch: Whether its output is added to a shortcut without another layer in between.
        parts: Kernels stacked along the outputs, each to be drawn alone.
        order: Its place among all layers.
        by: How the role was found: `"graph"` or `"name"`.
        why: The reason, for reports.
    """

    parameter: Parameter
    role: str
    activation: Any = LINEAR
    branch: int | None = None
    position: int = 0
    length: int = 0
    ends_branch: bool = False
    parts: int = 1
    order: int = 0
    by: str = "graph"
    why: str = ""

    @property
    def path(self) -> str:
        return self.parameter.path

    @property
    def activation_name(self) -> str:
        """For reports."""
        if isinstance(self.activation, str):
            return self.activation
        return getattr(self.activation, "__name__", "a function")


@dataclass(frozen=True)
class Network:
    """All weights of a model with their roles, the residual branches and the graph."""

    graph: Graph
    weights: tuple[Weight, ...]
    branches: tuple[Branch, ...]

    @cached_property
    def kernels(self) -> tuple[Weight, ...]:
        """Weights that multiply a signal, embeddings not counted, in the order of the layers."""
        found = [w for w in self.weights if w.parameter.kind in ("kernel", "recurrent")]
        return tuple(sorted(found, key=lambda w: w.order))

    @property
    def is_chain(self) -> bool:
        """Whether the layers follow one another, without shortcuts, joins or normalizations."""
        graph = self.graph
        ahead = [graph.ancestors[i] & graph.layer_bits for i in graph.layers]
        in_line = all(bits.bit_count() == n + 1 for n, bits in enumerate(ahead))
        return in_line and not self.branches and not self.normalized

    @property
    def normalized(self) -> bool:
        """Whether anything is normalized."""
        return any(node.kind == "norm" for node in self.graph.nodes)


def describe_network(graph: Graph) -> Network:
    """Find what every parameter of `graph` is for."""
    found = branches(graph) if graph.traced else []
    uses = _Uses(graph, found)
    weights = tuple(uses.weight(p) for p in graph.parameters)
    return Network(graph, weights, tuple(found))


class _Uses:
    def __init__(self, graph: Graph, found: list[Branch]) -> None:
        self.graph, self.branches = graph, found
        self.attention = attention_roles(graph) if graph.traced else {}
        self.at: dict[str, list[int]] = {}
        for i, node in enumerate(graph.nodes):
            for path in node.parameters:
                self.at.setdefault(path, []).append(i)

    def weight(self, p: Parameter) -> Weight:
        simple = {
            "embedding": "embedding", "position": "position", "bias": "bias",
            "scale": "normalization", "shift": "normalization", "multiplier": "multiplier",
        }  # fmt: skip
        if p.kind in simple:
            kinds = {self.graph.nodes[i].kind for i in self.at.get(p.path, [])}
            role = "tied" if kinds >= {"look_up", "layer"} else simple[p.kind]
            return Weight(p, role, why=ROLES[role])
        if p.kind not in ("kernel", "recurrent"):
            return Weight(p, "other", why=p.note or ROLES["other"])
        order = self._order(p)
        if not self.graph.traced:
            for role in ("recurrent", "transposed", "depthwise"):  # which the module says
                if p.kind == role or getattr(p, role, False):
                    return Weight(p, role, parts=p.parts, order=order, why=ROLES[role])
            role, why = _by_name(p.path)
            return Weight(p, role, order=order, by="name", why=why)
        nodes = self.at.get(p.path, [])
        if not nodes:
            return Weight(p, "other", why="the forward pass does not reach it")
        # A weight used several times is what it is at its first use.
        node = nodes[0]
        role, parts = self._role(p, nodes)
        number, branch = self._branch_of(node)
        return Weight(
            p,
            role,
            activation=LINEAR if role == "recurrent" else following_activation(self.graph, node),
            branch=number,
            position=branch.layers.index(node) if branch else 0,
            length=len(branch.layers) if branch else 0,
            ends_branch=any(node in b.last for b in self.branches),
            parts=max(parts, p.parts),
            order=order,
            why=ROLES[role],
        )

    def _order(self, p: Parameter) -> int:
        nodes = self.at.get(p.path)
        return nodes[0] if nodes else len(self.graph.nodes)

    def _role(self, p: Parameter, nodes: list[int]) -> tuple[str, int]:
        node = nodes[0]
        if p.kind == "recurrent":
            return "recurrent", p.parts
        parts = [part for part in (*PARTS, "output")
                 if any(part in self.attention.get(i, ()) for i in nodes)]  # fmt: skip
        operands = [part for part in parts if part != "output"]
        if len(operands) > 1:
            return "attention_query_key_value", self._split(p, len(operands))
        if operands:
            return f"attention_{operands[0]}", 1
        if parts:
            return "attention_output", 1
        for name in ("transposed", "depthwise"):
            if getattr(p, name):
                return name, 1
        return self._place(p, node), 1

    def _place(self, p: Parameter, node: int) -> str:
        _, branch = self._branch_of(node)
        flat = p.kernel is not None and not p.kernel.spatial
        if branch and flat and self.attention and not set(branch.layers) & set(self.attention):
            if node in branch.last:
                return "feed_forward_out"
            return "feed_forward_in" if branch.last and node < branch.last[0] else "hidden"
        if any(node in b.projection for b in self.branches):
            return "skip_projection"
        if branch and node in branch.last:
            return "branch_last"
        if not self.graph.ancestors[node] & ~(1 << node) & (self.graph.layer_bits | self._tables):
            return "first"
        if p.layout is not None and p.layout.groups > 1:
            return "grouped"
        return "hidden" if self._is_followed(node) else "output"

    @property
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

    @staticmethod
    def _split(p: Parameter, parts: int) -> int:
        kernel = p.kernel
        return parts if kernel is not None and kernel.out % parts == 0 else 1


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


def _by_name(path: str) -> tuple[str, str]:
    """The role a name suggests, where nothing could be traced."""
    for role, pattern in NAMES:
        if re.search(pattern, path, re.IGNORECASE):
            return role, f"by its name alone: {ROLES[role]}"
    return "hidden", "by its name alone: it suggests nothing"
