"""A network as its adapter traced it: which values are made from which, and which weights by.

Every adapter turns what its framework records (operations of PyTorch, equations of JAX, layers of
Keras) into these few kinds of nodes; what a weight is for is found from them alone, once for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..spec import Kernel, Layout

__all__ = ["KINDS", "Graph", "Node", "Parameter"]

KINDS = {
    "input": "what the model is called with",
    "layer": "a product with a kernel",
    "look_up": "rows of an embedding",
    "recurrent": "a recurrence over a sequence, all its kernels at once",
    "norm": "a normalization",
    "map": "an elementwise function of one or more values",
    "sum": "the sum of two values",
    "mix": "a product of two values over a common axis",
    "softmax": "a softmax",
    "attention": "softmax(query key) value in one operation; its inputs are query, key, value",
    "move": "what moves or averages elements: views, slices, pooling, joins, biases, dropout",
    "other": "anything else",
}


@dataclass(frozen=True)
class Node:
    """A value of the network.

    Args:
        kind: One of `KINDS`.
        inputs: Indices of the nodes it is made from; constants and weights are not among them.
        label: What the framework calls the operation, for reports.
        shape: Of the value, where it is known.
        parameters: Paths of the weights that take part.
        function: Of a `"map"`: from float64 NumPy arrays, one for each input, to one.
    """

    kind: str
    inputs: tuple[int, ...] = ()
    label: str = ""
    shape: tuple[int, ...] | None = None
    parameters: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a node needs a kind among {', '.join(KINDS)}, got {self.kind!r}.")


@dataclass(frozen=True)
class Parameter:
    """A weight of the model, in the framework's order of axes.

    Args:
        path: Its name, from which its key is derived unless there is a `key`.
        shape: Its sizes.
        kind: `"kernel"`, `"recurrent"` (a kernel of a recurrence), `"embedding"`, `"position"`
            (added or joined to the signal as it is), `"bias"`, `"scale"` and `"shift"` (of a
            normalization), `"multiplier"`, `"derived"` (used through a function of it), `"unused"`
            or `"other"`.
        layout: Of a kernel.
        transposed, depthwise: What sort of convolution a kernel belongs to.
        parts: Kernels stacked along the outputs that are used as such (gates of a recurrence).
        frozen: Whether training leaves it as it is; a scheme does so too.
        aliases: Other paths of the same weight.
        note: Anything else worth reporting.
        key: The name its key is derived from, where the path depends on more than the model.
    """

    path: str
    shape: tuple[int, ...]
    kind: str
    layout: Layout | None = None
    transposed: bool = False
    depthwise: bool = False
    parts: int = 1
    frozen: bool = False
    aliases: tuple[str, ...] = ()
    note: str = ""
    key: str = ""

    @property
    def kernel(self) -> Kernel | None:
        """Canonical sizes and groups of a kernel."""
        return None if self.layout is None else self.layout.kernel(self.shape)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its inputs, and the parameters.

    `traced` is False if the order of the layers is all that is known.
    """

    nodes: Sequence[Node]
    parameters: Sequence[Parameter]
    traced: bool = True
    note: str = field(default="", compare=False)

    @cached_property
    def consumers(self) -> list[list[int]]:
        """For each node the nodes made from it."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            for j in dict.fromkeys(node.inputs):
                found[j].append(i)
        return found

    @cached_property
    def ancestors(self) -> list[int]:
        """For each node the set of nodes it is made from, itself included, as bits."""
        found: list[int] = []
        for i, node in enumerate(self.nodes):
            bits = 1 << i
            for j in node.inputs:
                bits |= found[j]
            found.append(bits)
        return found

    @cached_property
    def by_path(self) -> dict[str, Parameter]:
        """The parameters by path."""
        return {p.path: p for p in self.parameters}

    def kernels_of(self, i: int) -> list[Parameter]:
        """The kernels and tables used at node `i`."""
        known = (self.by_path[p] for p in self.nodes[i].parameters)
        return [p for p in known if p.kind in ("kernel", "recurrent", "embedding", "derived")]

    @cached_property
    def layers(self) -> list[int]:
        """Nodes with a kernel."""
        return [i for i, node in enumerate(self.nodes) if node.kind in ("layer", "recurrent")]

    @cached_property
    def layer_bits(self) -> int:
        """The set of `layers` as bits."""
        return sum(1 << i for i in self.layers)
