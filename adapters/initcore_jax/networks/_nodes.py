"""One equation, one node: its kind, and how it uses the weights that take part."""

from typing import Any

import numpy as np

from initcore.networks import Node

from ._equations import ELEMENTWISE, MOVES, MOVING, ROOTS, apply, evaluator
from ._patterns import CENTERED, centered, normalized, soft_maximum
from ._uses import Uses
from ._values import Constant, Derived, Value, View, joined, moved

__all__ = ["Nodes"]


class Nodes(Uses):
    """Makes nodes of equations."""

    def note(self, eqn: Any, name: str, operands: list[Any]) -> list[Any]:
        """What the results of an equation are."""
        values = [o for o in operands if isinstance(o, Value)]
        weights = [o for o in operands if isinstance(o, (View, Derived))]
        # `table[tokens]` is a gather, `table[token]` of one token a slice. So is `w[i]` in a loop,
        # but there the index is made from the loop's counter and not from the model's inputs.
        looks_up = name in ("gather", "dynamic_slice") and isinstance(operands[0], View)
        if looks_up and (name == "gather" or any(self._is_given(v) for v in values)):
            return [self._look_up(eqn, name, operands)]
        if looks_up and values:
            self.picked.update(operands[0].paths)
            values = []
        if not values:
            return self._without_values(eqn, name, operands, weights)
        kind, inputs, used = self._kind(eqn, name, operands, values, weights)
        # Inside of a cell a map is no activation: the cell as a whole is the layer.
        function = None
        if kind == "map" and not self._in_cell(name, inputs):
            numbers = [o.number if isinstance(o, Constant) else None for o in operands]
            if all(isinstance(o, Value) or n is not None
                   for o, n in zip(operands, numbers, strict=True)):  # fmt: skip
                function = evaluator(eqn, numbers)
        # `x - mean(x)` is the first half of a normalization, found again by this label.
        label = CENTERED if kind == "move" and name == "sub" and len(values) > 1 else name
        return [
            self.put(Node(kind, inputs, label, tuple(v.aval.shape), used, function))
            for v in eqn.outvars
        ]

    def _is_given(self, v: Value) -> bool:
        """Whether the value is made from what the model is called with."""
        seen, front = set(), [v.node]
        while front:
            i = front.pop()
            if self.nodes[i].kind == "input":
                return True
            if i not in seen:
                seen.add(i)
                front += self.nodes[i].inputs
        return False

    def _look_up(self, eqn: Any, name: str, operands: list[Any]) -> Value:
        inputs = tuple(o.node for o in operands[1:] if isinstance(o, Value))
        for path in operands[0].paths:
            self.use(path, kind="embedding")
        shape = tuple(eqn.outvars[0].aval.shape)
        return self.put(Node("look_up", inputs, name, shape, operands[0].paths))

    def _without_values(
        self, eqn: Any, name: str, operands: list[Any], weights: list[Any]
    ) -> list[Any]:
        """Moves of a weight are the weight; other functions of weights are derived from them."""
        if not weights:
            return [_folded(eqn, name, operands)] * len(eqn.outvars)
        found: View | None = None
        first = weights[0]
        rest = [o for o in operands if o not in weights]
        if len(weights) == 1 and isinstance(first, View):
            if name in MOVES:
                sizes = eqn.invars[operands.index(first)].aval.shape
                found = moved(first, name, eqn.params, sizes, eqn.outvars[0].aval.shape)
            # A batch norm in evaluation mode multiplies its scale with 1 / sqrt(running variance).
            elif name in ("mul", "div") and any(isinstance(o, Constant) and o.root for o in rest):
                found = View(first.paths, first.axes, scales=True)
        # Queries, keys and values, joined so that one product makes all three.
        elif name == "concatenate" and not rest and all(isinstance(w, View) for w in weights):
            found = joined(weights)
        if found is not None:
            return [found] * len(eqn.outvars)
        paths = tuple(dict.fromkeys(p for w in weights for p in w.paths))
        for path in paths:
            self.use(path, kind="derived", note=f"used through {name}")
        return [Derived(paths, name)] * len(eqn.outvars)

    def _kind(
        self, eqn: Any, name: str, operands: list[Any], values: list[Value], weights: list[Any]
    ) -> tuple[str, tuple[int, ...], tuple[str, ...]]:
        """Kind and inputs of the node, and the weights that take part."""
        inputs = tuple(v.node for v in values)
        paths = tuple(dict.fromkeys(p for w in weights for p in w.paths))
        if name in ("dot_general", "conv_general_dilated"):
            if not weights:  # two values, or one with a constant matrix
                return ("mix" if len(inputs) > 1 else "move"), inputs, ()
            return self.product(eqn, name, operands), inputs, paths
        if weights:
            return self.joined(name, inputs, weights), inputs, paths
        if name in ("mul", "div", "sub") and len(inputs) == 2:
            found = self._pattern(name, *inputs)
            if found is not None:
                return found
        # By running statistics alone: a batch norm without a scale.
        root = any(isinstance(o, Constant) and o.root for o in operands)
        if root and name in ("mul", "div"):
            return "norm", inputs, ()
        if name in ("add", "sub", "add_any"):
            if len(inputs) == 2:
                return ("map" if self._in_cell(name, inputs) else "sum"), inputs, ()
            if any(isinstance(o, Constant) and o.number is None for o in operands):
                return "move", inputs, ()  # constants of many numbers, added like a bias
        if name == "select_n" and any(
            isinstance(o, Constant) and o.number is None for o in operands
        ):
            return "move", inputs, ()  # a mask, as of causal attention
        if name in ELEMENTWISE or name == "convert_element_type":
            return "map", inputs, ()
        return ("move" if name in MOVING else "other"), inputs, ()

    def _in_cell(self, name: str, inputs: tuple[int, ...]) -> bool:
        """Whether this is a sum inside of a recurrent cell, `f * c + i * g` or `h - n`.

        Such a sum ends no residual branch.
        """
        if not self.gates or len(inputs) != 2 or name not in ("add", "sub"):
            return False
        gated = any(self.nodes[i].label == "mul" and len(self.nodes[i].inputs) == 2 for i in inputs)
        return (gated or name == "sub") and any(self._made_by_cell(i) for i in inputs)

    def _made_by_cell(self, i: int) -> bool:
        """Whether the layers before a value are all of recurrent cells."""
        seen, front, kinds = set(), [i], set()
        while front:
            i = front.pop()
            if i in seen:
                continue
            seen.add(i)
            if self.nodes[i].kind in ("layer", "recurrent"):
                kinds.add(self.nodes[i].kind)
            else:
                front += self.nodes[i].inputs
        return kinds == {"recurrent"}

    def _pattern(
        self, name: str, a: int, b: int
    ) -> tuple[str, tuple[int, ...], tuple[str, ...]] | None:
        """The softmax or normalization that this equation completes: JAX spells both out."""
        nodes = self.nodes
        if name == "sub":
            return ("move", (a,), ()) if centered(nodes, a, b) else None
        argument = soft_maximum(nodes, a, b) if name == "div" else None
        if argument is not None:
            return "softmax", (argument,), ()
        # `x / std` has its operands in order, `x * rsqrt(var)` in any.
        for x, deviation in ((a, b), (b, a))[: 1 if name == "div" else 2]:
            among = normalized(nodes, x, deviation)
            if among is not None:
                paths = dict.fromkeys(p for i in sorted(among) for p in nodes[i].parameters)
                return "norm", (x,), tuple(paths)
        return None


def _folded(eqn: Any, name: str, operands: list[Any]) -> Constant:
    """An equation of constants alone, computed where they are numbers."""
    root = any(o.root for o in operands)
    # The root of an array is taken of running variances; nothing else in evaluation mode has one.
    if name in ROOTS and any(o.number is None for o in operands):
        return Constant(root=True)
    numbers = [o.number for o in operands]
    if not numbers or any(n is None for n in numbers):
        return Constant(root=root)
    if name in MOVES and len(numbers) == 1 and name != "convert_element_type":
        return Constant(numbers[0])
    if name in ELEMENTWISE or name == "convert_element_type":
        try:
            with np.errstate(all="ignore"):
                return Constant(np.asarray(apply(eqn, numbers)).reshape(()))
        except Exception:  # integers of a kind that float64 does not have
            return Constant()
    return Constant()
