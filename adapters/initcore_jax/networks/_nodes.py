"""One equation, one node: what it computes, and of what; what weights are for is the core's."""

import string
from typing import Any

import numpy as np

from initcore.networks import Node, Product

from ._equations import ELEMENTWISE, MOVES, MOVING, REDUCTIONS, ROOTS, apply, evaluator
from ._moving import movement
from ._values import Constant, Value

__all__ = ["Nodes"]

LINEAR = ("add", "sub", "add_any", "mul", "div", "neg")
PICKS = ("dynamic_slice", "gather")


class Nodes:
    """Makes nodes of equations.

    Args:
        shapes: Of all weights, by path.

    Attributes:
        nodes: Those so far.
        still: The nodes made of weights alone.
        picked: Paths of the weights of which a loop's counter picks a part.
        turn: How often the loop's body has been noted before.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.shapes = shapes
        self.nodes: list[Node] = []
        self.still: set[int] = set()
        self.picked: set[str] = set()
        self.stacked: set[str] = set()
        self.turn = 0
        self._rooted: dict[int, int] = {}  # a scale over a running deviation, and the scale

    def put(self, node: Node) -> Value:
        """Append a node."""
        self.nodes.append(node)
        at = len(self.nodes) - 1
        if node.kind in ("weight", "constant") or (
            node.kind in ("move", "map", "sum", "reduce", "other", "product")
            and bool(node.inputs) and self.still.issuperset(node.inputs)
        ):  # fmt: skip
            self.still.add(at)
        return Value(at)

    def weight(self, path: str) -> Value:
        return self.put(Node("weight", (), path, self.shapes[path], (path,)))

    def paths(self, i: int) -> list[str]:
        """The weights that a value is made of."""
        found: list[str] = []
        seen: set[int] = set()
        front = [i]
        while front:
            j = front.pop()
            if j not in seen:
                seen.add(j)
                found += self.nodes[j].parameters
                front += self.nodes[j].inputs
        return found

    def note(self, eqn: Any, name: str, operands: list[Any]) -> list[Any]:
        """What the results of an equation are."""
        values = [o for o in operands if isinstance(o, Value)]
        if not values:
            return [_folded(eqn, name, operands)] * len(eqn.outvars)
        shape = tuple(eqn.outvars[0].aval.shape)
        if name in ("dot_general", "conv_general_dilated"):
            return [self._product(eqn, name, operands, shape)]
        first = operands[0]
        if name in PICKS and isinstance(first, Value) and first.node in self.still:
            found = self._picked(eqn, name, operands, shape)
            if found is not None:
                return [found]
        normalized = self._by_running_statistics(name, operands, shape)
        if normalized is not None:
            return [normalized]
        return [self._plain(eqn, name, operands, n) for n in range(len(eqn.outvars))]

    def _plain(self, eqn: Any, name: str, operands: list[Any], n: int) -> Value:
        inputs = [o.node for o in operands if isinstance(o, Value)]
        numbers = [o.number if isinstance(o, Constant) else None for o in operands]
        unknown = [isinstance(o, Constant) and o.number is None for o in operands]
        shape, function = tuple(eqn.outvars[n].aval.shape), None
        kind = "other"
        if name in REDUCTIONS:
            kind = "reduce"
        elif name in ("add", "sub", "add_any") and len(inputs) == 2:
            kind, function = "sum", evaluator(eqn, numbers)
        elif name in ELEMENTWISE:
            kind = "map"
            if any(unknown):
                # By an array of constants it moves values; other such functions are not known.
                kind = "move" if name in (*LINEAR, "select_n") else "map"
                inputs = inputs[:1] if kind == "move" else inputs
            else:
                function = evaluator(eqn, numbers)
        elif name in MOVING:
            kind = "move"
            given = [None if isinstance(o, Value) else o.number if o.number is not None else 0
                     for o in operands]  # fmt: skip
            if name == "dynamic_slice" and any(unknown):
                given = [None] * len(given)
            function = movement(eqn, name, given, n)
            if function is None or name in PICKS:
                inputs = inputs[:1] if name not in ("dynamic_update_slice",) else inputs
        return self.put(Node(kind, tuple(inputs), name, shape, (), function))

    def _by_running_statistics(
        self, name: str, operands: list[Any], shape: tuple[int, ...]
    ) -> Value | None:
        """A batch normalization in evaluation mode: a product with one over a running deviation."""
        if name not in ("mul", "div") or len(operands) != 2:
            return None
        values = [o for o in operands if isinstance(o, Value)]
        root = any(isinstance(o, Constant) and o.root for o in operands)
        if root:
            (value,) = values
            if value.node in self.still:  # its scale
                made = self.put(Node("move", (value.node,), name, shape))
                self._rooted[made.node] = value.node
                return made
            return self.put(Node("norm", (value.node,), name, shape))
        for x, w in (values, values[::-1]) if len(values) == 2 else ():
            at = self._through(w.node)
            if at in self._rooted and x.node not in self.still:
                norm = self.put(Node("norm", (x.node,), name, shape))
                return self.put(Node("map", (norm.node, self._rooted[at]), name, shape, (), _times))
        return None

    def _through(self, i: int) -> int:
        while i not in self._rooted and self.nodes[i].kind == "move" and self.nodes[i].inputs:
            i = self.nodes[i].inputs[0]
        return i

    def _picked(
        self, eqn: Any, name: str, operands: list[Any], shape: tuple[int, ...]
    ) -> Value | None:
        """Rows of a table, or one kernel of a stack."""
        table, indices = operands[0].node, [o for o in operands[1:] if isinstance(o, Value)]
        whole = self.nodes[table].shape or ()
        given = any(self._is_given(v) for v in indices)
        if name == "gather" or given:
            if len(whole) > 2:
                return None
            inputs = (table, *(v.node for v in indices))
            return self.put(Node("look_up", inputs, name, shape))
        if not indices:
            return None
        # `w[i]` in a loop, where the index is made from the loop's counter.
        self.picked.update(self.paths(table))
        sizes = eqn.params["slice_sizes"]
        at = [self.turn if size == 1 < n else 0 for size, n in zip(sizes, whole, strict=True)]
        cuts = tuple(slice(min(i, n - size), min(i, n - size) + size)
                     for i, size, n in zip(at, sizes, whole, strict=True))  # fmt: skip
        return self.put(Node("move", (table,), name, shape, (), lambda a: a[cuts]))

    def _is_given(self, v: Value) -> bool:
        """Whether the value is made from what the model is called with."""
        seen, front = set(), [v.node]
        while front:
            i = front.pop()
            if self.nodes[i].kind == "input" and self.nodes[i].label != "carry":
                return True
            if i not in seen:
                seen.add(i)
                front += self.nodes[i].inputs
        return False

    def _product(self, eqn: Any, name: str, operands: list[Any], shape: tuple[int, ...]) -> Value:
        sides = []
        for o, v in zip(operands, eqn.invars, strict=True):
            if not isinstance(o, Value):
                o = self.put(Node("constant", (), "constant", tuple(v.aval.shape)))
            sides.append(o.node)
        params = eqn.params
        ranks = [len(v.aval.shape) for v in eqn.invars]
        axes = _contraction(params, *ranks) if name == "dot_general" else _convolution(params)
        return self.put(Node("product", tuple(sides), name, shape, product=axes))


def _contraction(params: Any, m: int, n: int) -> Product:
    """The letters of a `dot_general`."""
    (left_in, right_in), (left_many, right_many) = params["dimension_numbers"]
    letters = iter(string.ascii_letters)
    left, right = [""] * m, [""] * n
    for a, b in (*zip(left_many, right_many, strict=True), *zip(left_in, right_in, strict=True)):
        left[a] = right[b] = next(letters)
    left = [c or next(letters) for c in left]
    right = [c or next(letters) for c in right]
    free = [c for i, c in enumerate(left) if i not in (*left_in, *left_many)]
    free += [c for i, c in enumerate(right) if i not in (*right_in, *right_many)]
    result = "".join([*(left[a] for a in left_many), *free])
    return Product(("".join(left), "".join(right)), result)


def _convolution(params: Any) -> Product:
    """The letters of a convolution."""
    numbers = params["dimension_numbers"]
    left, right, out = ([""] * len(spec) for spec in (numbers.lhs_spec, numbers.rhs_spec,
                                                      numbers.out_spec))  # fmt: skip
    n = len(numbers.rhs_spec) - 2
    spaces = zip(
        (numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec), (left, right, out),
        ("ni" + "xyz"[:n], "oi" + "uvw"[:n], "no" + "XYZ"[:n]), strict=True,
    )  # fmt: skip
    for spec, letters, names in spaces:
        for axis, letter in zip(spec, names, strict=True):
            letters[axis] = letter
    groups = params["feature_group_count"] * params["batch_group_count"]
    product = Product(("".join(left), "".join(right)), "".join(out), "uvw"[:n], groups)
    dilated = any(d > 1 for d in params["lhs_dilation"])
    return product if not dilated else Product(product.operands, product.result, product.windows,
                                               groups, stretched=True)  # fmt: skip


def _times(a: Any, b: Any) -> Any:
    return a * b


def _state(eqn: Any, name: str, operands: list[Any]) -> tuple[int | None, tuple[int, ...]]:
    """The array of state that a result holds, with its axes there; none if it is more than that."""
    held = [o for o in operands if o.state is not None]
    if len(held) != 1 or name not in (*MOVES, "mul", "div"):
        return None, ()
    (one,), result = held, eqn.outvars[0].aval.shape
    if name == "broadcast_in_dim":
        return one.state, tuple(eqn.params["broadcast_dimensions"][a] for a in one.axes)
    if name == "transpose":
        return one.state, tuple(eqn.params["permutation"].index(a) for a in one.axes)
    given = eqn.invars[operands.index(one)].aval.shape
    if given == result:
        return one.state, one.axes
    kept = [a for a, n in enumerate(result) if n > 1]
    if name in ("reshape", "squeeze", "expand_dims") and [result[a] for a in kept] == [
        n for n in given if n > 1
    ]:
        return one.state, tuple(kept)
    return None, ()


def _folded(eqn: Any, name: str, operands: list[Any]) -> Constant:
    """An equation of constants alone, computed where they are numbers."""
    root = any(o.root for o in operands)
    # The root of an array is taken of running variances; nothing else in evaluation mode has one.
    if name in ROOTS and any(o.number is None for o in operands):
        return Constant(root=True)
    numbers = [o.number for o in operands]
    if not numbers or any(n is None for n in numbers):
        return Constant(None, root, *_state(eqn, name, operands))
    if name in MOVES and len(numbers) == 1 and name != "convert_element_type":
        return Constant(numbers[0])
    if name in ELEMENTWISE or name == "convert_element_type":
        try:
            with np.errstate(all="ignore"):
                return Constant(np.asarray(apply(eqn, numbers)).reshape(()))
        except Exception:  # integers of a kind that float64 does not have
            return Constant()
    return Constant()
