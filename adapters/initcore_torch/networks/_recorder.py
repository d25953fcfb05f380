"""Records what a model computes as nodes of a graph."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode

from initcore.networks import Graph, Node, Parameter, Product, Repeats

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
from ._nested import tensors
from ._operations import (
    LINEAR,
    RANDOM,
    Operation,
    argument,
    operation_of,
    product_of,
)

__all__ = ["Recorder", "TooManyError"]

STEADY = (int, float, bool, str, list, tuple, type(None))


class TooManyError(Exception):
    """A pass has made more elements than it may."""


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation, with weights as values like all others.

    A tensor is known by its `id`; all of them are kept until the end, so that no `id` returns.

    Args:
        weights: The model's weights by path, as the pass meets them.
        most: Elements that the pass may make, all together; by default any number.
    """

    def __init__(self, weights: Mapping[str, Tensor], most: int | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._room = most
        self.nodes: list[Node] = []
        self._paths = {id(t): path for path, t in weights.items()}
        self._kept: list[Any] = [*weights.values()]
        self._node_of: dict[int, int] = {}
        self._still: set[int] = set()  # weights and views of them
        self._views: dict[Any, int] = {}
        self._repeats = Repeats()
        self._made: list[tuple[int | None, ...]] = []  # the nodes of each operation's results
        self._origin: dict[int, int] = {}  # the number of the operation that made a tensor

    def inputs(self, given: Sequence[Tensor]) -> None:
        for t in given:
            self._put(t, Node("input", shape=tuple(t.shape)))

    def outputs(self, made: Any) -> tuple[int, ...]:
        """The nodes of what the model returned."""
        found = [self._node_of[id(t)] for t in _returned(made) if id(t) in self._node_of]
        return tuple(dict.fromkeys(found))

    def graph(self, parameters: Sequence[Parameter], made: Any) -> Graph:
        """What was recorded, with the model's `parameters` and what it returned."""
        return Graph(self.nodes, parameters, outputs=self.outputs(made))

    def _put(self, t: Tensor, node: Node) -> int:
        self.nodes.append(node)
        index = self._node_of[id(t)] = len(self.nodes) - 1
        self._kept.append(t)
        return index

    def _index(self, t: Any) -> int | None:
        """The node of a tensor; a weight's is made when it is first met."""
        if not isinstance(t, Tensor):
            return None
        if id(t) not in self._node_of and id(t) in self._paths:
            path = self._paths[id(t)]
            self._still.add(self._put(t, Node("weight", (), path, tuple(t.shape), (path,))))
        return self._node_of.get(id(t))

    def _constant(self, t: Tensor) -> int:
        return self._put(t, Node("constant", (), "constant", tuple(t.shape)))

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        operation = operation_of(function)
        if operation.name == "_grouped_mm" and any(isinstance(a, FakeTensor) for a in args):
            result = _grouped(*args[:2])
        else:
            result = function(*args, **kwargs)
        if operation.known:
            self._note(function, operation, args, kwargs, result)
        return result

    def _note(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, result: Any
    ) -> None:
        made, given = tensors(result), tensors(args)
        if kwargs:
            given += tensors(kwargs)
        self._kept += [*made, *given]
        if self._room is not None:
            self._room -= sum(t.numel() for t in made)
            if self._room < 0:
                raise TooManyError
        nodes = [(t, i) for t in given if (i := self._index(t)) is not None]
        if not made or (
            not nodes and operation.name not in RANDOM
        ):  # fresh numbers, whatever it is like
            return
        at = len(self._repeats)
        again = self._again(function, operation, args, kwargs, made, given)
        if again is None:
            self._added(function, operation, args, kwargs, made, given, nodes)
            noted = tuple(self._node_of.get(id(t)) for t in made)
        else:
            noted = self._made[again]
            self._node_of.update((id(t), i) for t, i in zip(made, noted, strict=True)
                                 if i is not None)  # fmt: skip
        if len(self._repeats) == at:  # a view of weights, the same in every round of a loop
            return
        self._made.append(noted)
        base = getattr(made[0], "_base", None) if operation.writes else None
        self._origin.update((id(t), at) for t in (*made, base) if t is not None)

    def _again(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, made: list[Tensor],
        given: list[Tensor],
    ) -> int | None:  # fmt: skip
        """The number of an operation a round of a loop before, if this one is the same again."""
        origins: list[Any] = []
        weighted = False
        for t in given:
            i = self._node_of.get(id(t))
            still = i is not None and i in self._still
            weighted |= still
            origins.append(("weight", i) if still else self._origin.get(id(t), i))
        if weighted and all(isinstance(o, tuple) for o in origins):
            return None
        how: Any = (
            [a for a in args if type(a) in STEADY] if weighted or operation.kind != "move" else 0
        )
        if weighted:  # an index that picks from weights
            origins += [
                ("constant", id(t)) for t, o in zip(given, origins, strict=True) if o is None
            ]
        what = (function, tuple(t.shape for t in made), repr(how), repr(kwargs) if kwargs else "")
        return self._repeats.note(what, tuple(origins), weighted)

    def _added(
        self, function: Any, operation: Operation, args: Any, kwargs: Any, made: list[Tensor],
        given: list[Tensor], nodes: list[tuple[Tensor, int]],
    ) -> None:  # fmt: skip
        name, kind = operation.name, operation.kind
        if name in RANDOM:  # noise is a signal as an input is
            self._put(made[0], Node("input", (), operation.label, tuple(made[0].shape)))
            return
        values = [t for t, _ in {id(t): (t, i) for t, i in nodes}.values()]
        inputs = tuple(self._node_of[id(t)] for t in values)
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
            self._put(made[0], Node("map", inputs[:1], "rrelu", shape, (), on_average))
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
            constants = [t for t in given if id(t) not in self._node_of]
            if is_elementwise(function, name, args, kwargs, values, constants):
                kind = "map"
        constants = [t for t in given if id(t) not in self._node_of]
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
                     if isinstance(a, Tensor) and id(a) in self._node_of]  # fmt: skip
            inputs = tuple(self._node_of[id(a)] for a in order)
        elif kind == "softmax":
            axis = int(argument(function, "dim", args, kwargs))
        elif kind == "recurrent":
            weights = [i for i in inputs if self.nodes[i].kind == "weight"]
            parameters = tuple(p for i in weights for p in self.nodes[i].parameters)
            inputs = tuple(i for i in inputs if i not in weights)
        alone = all(type(a) in STEADY for a in args[1:]) and not kwargs
        still = kind == "move" and alone and bool(inputs) and self._still.issuperset(inputs)
        for n, t in enumerate(made):
            shape = tuple(t.shape)
            if still:  # a view of a weight, taken once for all steps of a loop
                key = (inputs, label, n, shape, repr([a for a in args[1:] if type(a) in STEADY]))
                if key in self._views:
                    self._node_of[id(t)] = self._views[key]
                    self._kept.append(t)
                    continue
                self._views[key] = len(self.nodes)
                self._still.add(len(self.nodes))
            apply: Evaluate | None = None
            if kind in ("map", "sum"):
                apply = on_numbers(function, name, args, kwargs, values, constants)
            elif kind == "move":
                apply = on_indices(function, name, args, kwargs, values, n, shape)
            self._put(t, Node(kind, inputs, label, shape, parameters, apply, None, axis))

    def _product(
        self, function: Any, a: Tensor, b: Tensor, bias: Any, product: Product, made: Tensor
    ) -> None:
        inputs = tuple(
            i if (i := self._index(t)) is not None else self._constant(t) for t in (a, b)
        )
        node = Node("product", inputs, str(function), tuple(made.shape), product=product)
        index = self._put(made, node)
        added = self._index(bias)
        if added is not None:
            if product.windows:  # the channels' axis is not the last one
                sizes = (-1, *[1] * len(product.windows))
                shape = (bias.shape[0], *sizes[1:])
                self.nodes.append(Node("move", (added,), "view", shape, (), partial(
                    reshape, shape=shape)))  # fmt: skip
                added = len(self.nodes) - 1
            self._put(made, Node("sum", (index, added), "bias", tuple(made.shape), (), add))

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
        self._put(made, Node("map", (n - 2, n), "mul", shape, (), multiply))

    def _look_up(self, args: Any, made: Tensor, label: str) -> None:
        table, indices = args[0], args[1]
        at = self._index(table)
        inputs = [self._constant(table) if at is None else at]
        more = self._index(indices)
        inputs += [] if more is None else [more]
        self._put(made, Node("look_up", tuple(inputs), label, tuple(made.shape)))

    def _is_table(self, args: Any) -> bool:
        i = self._index(args[0])
        return i is not None and self.nodes[i].kind == "weight" and args[0].ndim <= 2

    def _look_up_by_index(self, args: Any, made: Tensor, inputs: tuple[int, ...]) -> None:
        self._put(made, Node("look_up", inputs, "index", tuple(made.shape)))

    def _norm(self, function: Any, name: str, args: Any, kwargs: Any, made: Tensor) -> None:
        """A normalization, then its scale and its shift as the elementwise maps that they are."""
        x = self._index(args[0])
        shape = tuple(made.shape)
        index = self._put(made, Node("norm", () if x is None else (x,), str(function), shape))
        on_channels = "batch" in name or "group" in name or "instance" in name
        for what, label, apply in (("weight", "mul", multiply), ("bias", "add", add)):
            w = self._index(argument(function, what, args, kwargs))
            if w is None:
                continue
            if on_channels and len(shape) > 2:
                wide = (shape[1], *[1] * (len(shape) - 2))
                self.nodes.append(Node("move", (w,), "view", wide, (), partial(
                    reshape, shape=wide)))  # fmt: skip
                w = len(self.nodes) - 1
            kind = "map" if label == "mul" else "sum"
            index = self._put(made, Node(kind, (index, w), label, shape, (), apply))

    def _bilinear(self, args: Any, made: Tensor) -> None:
        """`x1 W x2` of `nn.Bilinear`: the products of all pairs of inputs, times a kernel."""
        signals = [self._index(args[0]), self._index(args[2])]
        w = self._index(args[1])
        if w is None or None in signals:
            return
        rows, kernel = made.shape[0], self.nodes[w].shape or ()
        outer = (rows, *kernel[-2:])
        self.nodes.append(Node("mix", (signals[0], signals[1]), "outer", outer))  # type: ignore[arg-type]
        view = tuple(kernel[-3:])
        self.nodes.append(Node("move", (w,), "view", view, (), partial(reshape, shape=view)))
        n = len(self.nodes)
        self._put(made, Node("product", (n - 2, n - 1), "bilinear", (rows, kernel[-3]),
                             product=Product(("nij", "oij"), "no")))  # fmt: skip

    def _written(self, made: list[Tensor]) -> None:
        """What an operation wrote into, which other views of the same memory see too."""
        t = made[0]
        base = getattr(t, "_base", None)
        if base is None or id(t) not in self._node_of:
            return
        new = self._node_of[id(t)]
        before = self._node_of.get(id(base))
        whole = base.shape == t.shape
        inputs = (new,) if before is None or whole else (before, new)
        self._put(base, Node("move", inputs, "in place", tuple(base.shape)))


def _returned(made: Any) -> list[Tensor]:
    """The tensors that a model returns, those in caches and other objects left out."""
    if isinstance(made, Tensor):
        return [made]
    if isinstance(made, Mapping):
        made = [v for k, v in made.items() if k not in ("past_key_values", "cache_params")]
    if isinstance(made, (list, tuple)):
        return [t for v in made for t in _returned(v)]
    return []


def _grouped(a: Tensor, b: Tensor) -> Tensor:
    """The shape of a grouped product, whose own rules for shapes ask for bfloat16."""
    if a.ndim == 2 and b.ndim == 3:
        return a.new_empty(a.shape[0], b.shape[-1])
    if a.ndim == 3:
        return a.new_empty(a.shape[0], a.shape[1], b.shape[-1])
    return a.new_empty(a.shape[0], b.shape[-1])
