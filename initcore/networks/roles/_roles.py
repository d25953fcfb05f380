"""The role of each weight of a network."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..graph import Graph, Node, Parameter
from ._activation import LINEAR
from ._branches import Branch

__all__ = ["ROLES", "Network", "Weight"]

ROLES = {
    "first": "layer on the inputs",
    "hidden": "layer between others",
    "output": "layer that no other layer follows",
    "branch_last": "last layer of a residual branch",
    "skip_projection": "layer of a shortcut",
    "attention_query": "queries",
    "attention_key": "keys",
    "attention_value": "values",
    "attention_query_key_value": "queries, keys and values, or two of them, in one kernel",
    "attention_output": "last layer of an attention, on its result",
    "feed_forward_in": "first of a transformer's two feed-forward layers, or its gate",
    "feed_forward_out": "last of a transformer's feed-forward layers",
    "recurrent": "kernel of a recurrence",
    "gate": "layer whose output multiplies a signal, through a bounded function",
    "router": "layer that chooses among experts",
    "modulation": "layer that computes the scale or shift of a normalization",
    "time_step": "layer that computes the time step of a state-space model",
    "adapter_in": "first of a low-rank update beside a kernel",
    "adapter_out": "last of a low-rank update beside a kernel",
    "depthwise": "convolution of each channel separately",
    "grouped": "convolution of groups of channels",
    "transposed": "transposed convolution",
    "embedding": "look-up table",
    "tied": "look-up table that is also the output layer",
    "position": "table of positions, added to the signal",
    "latent": "learned start of a signal: queries, tokens, constants",
    "normalization": "scale or shift of a normalization",
    "bias": "added to a layer's output",
    "multiplier": "factor on the signal",
    "other": "none of these",
}


@dataclass(frozen=True)
class Weight:
    """A parameter and its role.

    Attributes:
        parameter: Path, sizes, layout.
        role: One of `ROLES`.
        activation: The function that follows: a name or a callable.
        branch: The number of its residual branch, or None.
        position, length: Its index among that branch's layers, and their number.
        ends_branch: Whether its output is added to a shortcut without another layer in between.
        settled: Whether a normalization follows before its branch is added, so that its own scale
            has no effect.
        parts: The number of kernels stacked along the outputs, each drawn separately.
        order: Its index among all layers.
        by: How the role was found: `"graph"` or `"name"`.
        why: The reason, for reports.
        rows: For a piece of a fused kernel, the indices of its outputs; otherwise None.
        pieces: For a fused kernel, the groups of rows with different uses, each as a `Weight`.
    """

    parameter: Parameter
    role: str
    activation: Any = LINEAR
    branch: int | None = None
    position: int = 0
    length: int = 0
    ends_branch: bool = False
    settled: bool = False
    parts: int = 1
    order: int = 0
    by: str = "graph"
    why: str = ""
    rows: Any = field(default=None, compare=False)
    pieces: tuple["Weight", ...] = ()

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
    """All weights of a model with their roles, the residual branches and the graph.

    `input_scale` is the root mean square of the inputs.

    Attributes:
        graph: Operations of the model.
        weights: Weights with their roles, in the model's order.
        branches: Residual branches.
        input_scale: Root mean square of the inputs.
    """

    graph: Graph
    weights: tuple[Weight, ...]
    branches: tuple[Branch, ...]
    input_scale: float = 1.0

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

    @cached_property
    def stem_scale(self) -> float:
        """Root mean square of the signal that the first residual branch is added to, about."""
        if not self.branches:
            return 1.0
        graph, i, scale = self.graph, self.branches[0].start, 1.0
        while True:
            node = graph.nodes[i]
            if node.kind == "look_up" and node.shape:
                return scale / math.sqrt(max(node.shape[-1], 1))  # rows of length 1
            if node.kind not in ("move", "sum", "map") or not node.inputs:
                return scale  # a layer's output, or what is normalized
            if node.kind == "map" and len(node.inputs) == 1 and node.function is not None:
                scale *= abs(_factor(node))
            i = node.inputs[0]

    @property
    def normalized(self) -> bool:
        """Whether anything is normalized."""
        return any(node.kind == "norm" for node in self.graph.nodes)


def _factor(node: Node) -> float:
    """What a map multiplies its value by, if it does no more; 1 of other ones."""
    try:
        one, two = (float(node.function(np.array(x))) for x in (1.0, 2.0))  # type: ignore[misc]
    except Exception:
        return 1.0
    return one if one and abs(two - 2 * one) <= 1e-6 * abs(one) else 1.0
