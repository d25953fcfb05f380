"""A network as its adapter recorded it: all values, and which of them each is made from.

Every adapter turns what its framework runs (operations of PyTorch, equations of JAX, operations of
Keras) into these few kinds of nodes, and decides nothing: a weight is a node like an input, and
what it is for is found from the graph alone, once for all frameworks (`resolve`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...spec import Kernel, Layout

__all__ = ["KINDS", "Graph", "Node", "Parameter", "Product"]

KINDS = {
    "input": "what the model is called with",
    "weight": "a weight as it is, or a value made of weights and constants alone",
    "constant": "a table or matrix that is neither, where a product or a look-up takes it",
    "product": "a contraction of two values, of which either may be a weight",
    "layer": "a product of the signal with a kernel",
    "mix": "a product of two values of the network",
    "look_up": "rows of an embedding",
    "recurrent": "a recurrence over a sequence, all its kernels at once",
    "norm": "a normalization",
    "statistic": "what a spelled-out normalization computes inside",
    "map": "an elementwise function of one or more values",
    "sum": "the sum or the difference of two values",
    "softmax": "a softmax",
    "attention": "softmax(query key) value in one operation; its inputs are query, key, value, "
    "and what is added to the scores, if anything is",
    "move": "what moves or averages elements: views, slices, joins, masks, dropout",
    "reduce": "a sum, mean, variance or maximum over axes",
    "other": "anything else",
}


PICKS = ("topk", "top_k", "sort", "argmax", "approx_top_k", "one_hot")


@dataclass(frozen=True)
class Product:
    """The axes of a contraction, one letter for each, as in einsum.

    Args:
        operands: The letters of the two operands; where one is a kernel, it is the second.
        result: The letters of the result.
        windows: Letters of the second operand that count the taps of a convolution.
        groups: Of a convolution.
        transposed: Whether its kernel is laid out as transposed convolutions keep it, groups along
            the inputs.
        stretched: Whether it is a transposed convolution whose kernel is laid out as any other.
    """

    operands: tuple[str, str]
    result: str
    windows: str = ""
    groups: int = 1
    transposed: bool = False
    stretched: bool = False


@dataclass(frozen=True)
class Node:
    """A value of the network.

    Args:
        kind: One of `KINDS`.
        inputs: Indices of the nodes it is made from, in the operation's order. Constants that the
            operation takes beside them belong to `function`.
        label: What the framework calls the operation, for reports.
        shape: Of the value, where it is known.
        parameters: Paths of the weights that take part; of a `"weight"` node, its own path.
        function: Of a `"map"` or a `"sum"`: the operation on float64 NumPy arrays, one for each
            input. Of a `"move"`: the movement of NumPy arrays of integers of the inputs' shapes to
            one of this node's shape, -1 where it fills in elements of no input. None where it is
            not known.
        product: Of a `"product"`: its axes.
        axis: Of a `"softmax"`: the axis it runs over, where it is known.
    """

    kind: str
    inputs: tuple[int, ...] = ()
    label: str = ""
    shape: tuple[int, ...] | None = None
    parameters: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None
    product: Product | None = None
    axis: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a node needs a kind among {', '.join(KINDS)}, got {self.kind!r}.")

    @property
    def picks_largest(self) -> bool:
        """Whether the operation picks the largest of its values, or marks the one picked."""
        return any(name in self.label.lower() for name in PICKS)


@dataclass(frozen=True)
class Parameter:
    """A weight of the model, in the framework's order of axes.

    Args:
        path: Its name, from which its key is derived unless there is a `key`.
        shape: Its sizes.
        kind: `"kernel"`, `"recurrent"` (a kernel of a recurrence), `"embedding"`, `"position"`
            (added to the signal as it is), `"latent"` (a signal of its own: queries, tokens),
            `"bias"`, `"scale"` and `"shift"` (of a normalization), `"multiplier"`, `"derived"`
            (used through a function of it), `"unused"` or `"other"`; empty where the graph tells.
        layout: Of a kernel.
        transposed, depthwise: What sort of convolution a kernel belongs to.
        parts: Kernels stacked along the outputs that are used as such (gates of a recurrence).
        frozen: Whether training leaves it as it is; a scheme does so too.
        aliases: Other paths of the same weight.
        note: Anything else worth reporting.
        key: The name its key is derived from, where the path depends on more than the model.
        told: What its module says of it, by the names of these attributes; it counts where the
            graph does not reach the weight, and for the kernels of recurrences.
        value: The number that every element is now; None if they differ or are not known.
        starts: Rows, along the first axis, that its module starts at numbers of their own, as
            `(first, stop, number)`: a padding row, the gate that forgets.
        forget: First and stop of the rows of a bias that shift an LSTM's forget gate.
        keep: Why its module's own start is kept (a time step of a state-space model); empty if not.
        complex_: Whether its elements are complex numbers.
    """

    path: str
    shape: tuple[int, ...]
    kind: str = ""
    layout: Layout | None = None
    transposed: bool = False
    depthwise: bool = False
    parts: int = 1
    frozen: bool = False
    aliases: tuple[str, ...] = ()
    note: str = ""
    key: str = ""
    told: Mapping[str, Any] = field(default_factory=dict, compare=False)
    value: float | None = None
    starts: tuple[tuple[int, int, float], ...] = ()
    forget: tuple[int, int] | None = None
    keep: str = ""
    complex_: bool = False

    @property
    def kernel(self) -> Kernel | None:
        """Canonical sizes and groups of a kernel."""
        return None if self.layout is None else self.layout.kernel(self.shape)


@dataclass(frozen=True)
class Graph:
    """Nodes in an order in which each comes after its inputs, and the parameters.

    `traced` is False if the order of the layers is all that is known. `outputs` are the nodes that
    the model returns, where they are known; `rows` has for a layer's node which row of its kernel
    makes each element (integers of the node's shape, -1 for none), `picks` which kernels of a stack
    it takes.

    Args:
        nodes: Values of the network.
        parameters: Weights of the model.
        traced: Whether more than the order of the layers is known.
        note: Why it is not traced, for reports.
        outputs: Nodes that the model returns.
        rows: By node, the rows of its kernel.
        picks: By node, the kernels of a stack.
    """

    nodes: Sequence[Node]
    parameters: Sequence[Parameter]
    traced: bool = True
    note: str = field(default="", compare=False)
    outputs: tuple[int, ...] = ()
    rows: Mapping[int, Any] = field(default_factory=dict, compare=False, repr=False)
    picks: Mapping[int, Any] = field(default_factory=dict, compare=False, repr=False)

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
    def softmaxes(self) -> list[int]:
        """Nodes of softmaxes."""
        return [i for i, node in enumerate(self.nodes) if node.kind == "softmax"]

    @cached_property
    def layer_bits(self) -> int:
        """The set of `layers` as bits."""
        return sum(1 << i for i in self.layers)
