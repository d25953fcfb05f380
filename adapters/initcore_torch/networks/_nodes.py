"""What each operation of PyTorch becomes in the graph of a network."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from initcore.networks import Node, Product

from ._evaluate import (
    Evaluate,
    add,
    cut,
    is_elementwise,
    leaky,
    logistic,
    multiply,
    number,
    on_indices,
    on_numbers,
    reshape,
)
from ._operations import LINEAR, RANDOM, Operation, argument, product_of

__all__ = ["STEADY", "Nodes"]

STEADY = (int, float, bool, str, list, tuple, type(None))


class Nodes:
    """The nodes of a graph, and the tensors that they stand for.

    A tensor is known by its `id`; all of them are kept until the end, so that no `id` returns.

    Args:
        weights: The model's weights by path, as the pass meets them.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self.nodes: list[Node] = []
        self.node_of: dict[int, int] = {}
        self.kept: list[Any] = [*weights.values()]
        self.still: set[int] = set()  # weights and views of them
        self._paths = {id(t): path for path, t in weights.items()}
        self._views: dict[Any, int] = {}

    def put(self, t: Tensor, node: Node) -> int:
        """Add a node that the tensor stands for, and return its number."""
        self.nodes.append(node)
        index = self.node_of[id(t)] = len(self.nodes) - 1
        self.kept.append(t)
        return index

    def index(self, t: Any) -> int | None:
        """The node of a tensor; a weight's is made when it is first met."""
        if not isinstance(t, Tensor):
            return None
        if id(t) not in self.node_of and id(t) in self._paths:
            path = self._paths[id(t)]
            self.still.add(self.put(t, Node("weight", (), path, tuple(t.shape), (path,))))
        return self.node_of.get(id(t))

    def _constant(self, t: Tensor) -> int:
        return self.put(t, Node("constant", (), "constant", tuple(t.shape)))

    def add(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, made: list[Tensor],
        given: list[Tensor], known: list[tuple[Tensor, int]],
    ) -> None:  # fmt: skip
        """Add the nodes of an operation on tensors `given`, of which `known` have nodes."""
        name, kind = operation.name, operation.kind
        if name in RANDOM:  # noise is a signal as an input is
            self.put(made[0], Node("input", (), operation.label, tuple(made[0].shape)))
            return
        values = [t for t, _ in {id(t): (t, i) for t, i in known}.values()]
        inputs = tuple(self.node_of[id(t)] for t in values)
        product = product_of(name, args, kwargs)
        if product is not None:
            self._product(function, *product, made[0])
        elif kind == "constant":
            return
        elif name in ("glu", "glu_jvp"):
            self._gated(args, kwargs, made[0], inputs[0])
        elif name == "rrelu_with_noise":
            low, high = (argument(function, end, args, kwargs) for end in ("lower", "upper"))
            on_average = partial(leaky, slope=(low + high) / 2)
            shape = tuple(made[0].shape)
            self.put(made[0], Node("map", inputs[:1], "rrelu", shape, (), on_average))
        elif kind == "look_up":
            self._look_up(args, made[0], operation.label)
        elif kind == "norm":
            self._norm(function, name, args, kwargs, made[0])
        elif name == "index" and self._is_table(args):
            self._look_up_by_index(args, made[0], inputs)
        elif name == "_trilinear":
            self._bilinear(args, made[0])
        else:
            self._others(function, operation, args, kwargs, made, values, inputs, given)
        if operation.writes and args:
            self._written(made)

    def _others(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, made: list[Tensor],
        values: list[Tensor], inputs: tuple[int, ...], given: list[Tensor],
    ) -> None:  # fmt: skip
        name, kind, label = operation.name, operation.kind, operation.label
        if kind == "other" and len(values) == 1 and values[0].shape == made[0].shape:
            constants = [t for t in given if id(t) not in self.node_of]
            if is_elementwise(function, name, args, kwargs, values, constants):
                kind = "map"
        constants = [t for t in given if id(t) not in self.node_of]
        parameters: tuple[str, ...] = ()
        axis = None
        if kind == "other" and name == "_prelu_kernel":
            kind = "map"
        if kind == "sum" and len(inputs) != 2:
            kind = "map"
        if kind == "map" and name in LINEAR and any(number(t) is None for t in constants):
            kind = "move"
            values, inputs = values[:1], inputs[:1]
        elif kind == "map" and name == "where" and constants:
            kind = "move"
        if kind == "attention":
            order = [a for a in (*args, kwargs.get("attn_mask"))
                     if isinstance(a, Tensor) and id(a) in self.node_of]  # fmt: skip
            inputs = tuple(self.node_of[id(a)] for a in order)
        elif kind == "softmax":
            axis = int(argument(function, "dim", args, kwargs))
        elif kind == "recurrent":
            weights = [i for i in inputs if self.nodes[i].kind == "weight"]
            parameters = tuple(p for i in weights for p in self.nodes[i].parameters)
            inputs = tuple(i for i in inputs if i not in weights)
        alone = all(type(a) in STEADY for a in args[1:]) and not kwargs
        still = kind == "move" and alone and bool(inputs) and self.still.issuperset(inputs)
        for n, t in enumerate(made):
            shape = tuple(t.shape)
            if still:  # a view of a weight, taken once for all steps of a loop
                key = (inputs, label, n, shape, repr([a for a in args[1:] if type(a) in STEADY]))
                if key in self._views:
                    self.node_of[id(t)] = self._views[key]
                    self.kept.append(t)
                    continue
                self._views[key] = len(self.nodes)
                self.still.add(len(self.nodes))
            apply: Evaluate | None = None
            if kind in ("map", "sum"):
                apply = on_numbers(function, name, args, kwargs, values, constants)
            elif kind == "move":
                apply = on_indices(function, name, args, kwargs, values, n, shape)
            self.put(t, Node(kind, inputs, label, shape, parameters, apply, None, axis))

    def _product(
        self, function: Any, a: Tensor, b: Tensor, bias: Any, product: Product, made: Tensor
    ) -> None:
        inputs = tuple(i if (i := self.index(t)) is not None else self._constant(t) for t in (a, b))
        node = Node("product", inputs, str(function), tuple(made.shape), product=product)
        index = self.put(made, node)
        added = self.index(bias)
        if added is not None:
            if product.windows:  # the channels' axis is not the last one
                sizes = (-1, *[1] * len(product.windows))
                shape = (bias.shape[0], *sizes[1:])
                self.nodes.append(Node("move", (added,), "view", shape, (), partial(
                    reshape, shape=shape)))  # fmt: skip
                added = len(self.nodes) - 1
            self.put(made, Node("sum", (index, added), "bias", tuple(made.shape), (), add))

    def _gated(self, args: Any, kwargs: Any, made: Tensor, x: int) -> None:
        """A gated linear unit: one half, times the logistic function of the other."""
        axis = int(args[1] if len(args) > 1 else kwargs.get("dim", -1))
        shape = tuple(made.shape)
        half = shape[axis]
        for part in (0, 1):
            half_of = partial(cut, axis=axis, start=part * half, stop=(part + 1) * half)
            self.nodes.append(Node("move", (x,), "glu", shape, (), half_of))
        n = len(self.nodes)
        self.nodes.append(Node("map", (n - 1,), "sigmoid", shape, (), logistic))
        self.put(made, Node("map", (n - 2, n), "mul", shape, (), multiply))

    def _look_up(self, args: Any, made: Tensor, label: str) -> None:
        table, indices = args[0], args[1]
        at = self.index(table)
        inputs = [self._constant(table) if at is None else at]
        more = self.index(indices)
        inputs += [] if more is None else [more]
        self.put(made, Node("look_up", tuple(inputs), label, tuple(made.shape)))

    def _is_table(self, args: Any) -> bool:
        i = self.index(args[0])
        return i is not None and self.nodes[i].kind == "weight" and args[0].ndim <= 2

    def _look_up_by_index(self, args: Any, made: Tensor, inputs: tuple[int, ...]) -> None:
        self.put(made, Node("look_up", inputs, "index", tuple(made.shape)))

    def _norm(self, function: Any, name: str, args: Any, kwargs: Any, made: Tensor) -> None:
        """A normalization, then its scale and its shift as the elementwise maps that they are."""
        x = self.index(args[0])
        shape = tuple(made.shape)
        index = self.put(made, Node("norm", () if x is None else (x,), str(function), shape))
        on_channels = "batch" in name or "group" in name or "instance" in name
        for what, label, apply in (("weight", "mul", multiply), ("bias", "add", add)):
            w = self.index(argument(function, what, args, kwargs))
            if w is None:
                continue
            if on_channels and len(shape) > 2:
                wide = (shape[1], *[1] * (len(shape) - 2))
                self.nodes.append(Node("move", (w,), "view", wide, (), partial(
                    reshape, shape=wide)))  # fmt: skip
                w = len(self.nodes) - 1
            kind = "map" if label == "mul" else "sum"
            index = self.put(made, Node(kind, (index, w), label, shape, (), apply))

    def _bilinear(self, args: Any, made: Tensor) -> None:
        """`x1 W x2` of `nn.Bilinear`: the products of all pairs of inputs, times a kernel."""
        signals = [self.index(args[0]), self.index(args[2])]
        w = self.index(args[1])
        if w is None or None in signals:
            return
        rows, kernel = made.shape[0], self.nodes[w].shape or ()
        outer = (rows, *kernel[-2:])
        self.nodes.append(Node("mix", (signals[0], signals[1]), "outer", outer))  # type: ignore[arg-type]
        view = tuple(kernel[-3:])
        self.nodes.append(Node("move", (w,), "view", view, (), partial(reshape, shape=view)))
        n = len(self.nodes)
        self.put(made, Node("product", (n - 2, n - 1), "bilinear", (rows, kernel[-3]),
                             product=Product(("nij", "oij"), "no")))  # fmt: skip

    def _written(self, made: list[Tensor]) -> None:
        """What an operation wrote into, which other views of the same memory see too."""
        t = made[0]
        base = getattr(t, "_base", None)
        if base is None or id(t) not in self.node_of:
            return
        new = self.node_of[id(t)]
        before = self.node_of.get(id(base))
        whole = base.shape == t.shape
        inputs = (new,) if before is None or whole else (before, new)
        self.put(base, Node("move", inputs, "in place", tuple(base.shape)))
