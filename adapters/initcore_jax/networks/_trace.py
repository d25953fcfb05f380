"""The graph of a function, from its jaxpr: nothing is computed but shapes."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from initcore.networks import Graph, Node

from ._equations import body_of
from ._loops import Loops
from ._nodes import Nodes
from ._values import Constant, Value, View
from ._walk import Place

__all__ = ["Recorder"]


class Recorder:
    """Walks a jaxpr, calls of others included, and notes its equations as nodes.

    Attributes:
        made: The nodes, and how each weight is used.
        products: For every product with a weight, by the equations it is called through, the
            paths of the weight.
        layers: Places of the outputs of layers, biases added, with the paths of their kernels.
        biases: Paths of the biases, by those of the kernels.
        tables: Places of the outputs of embeddings.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], gates: Mapping[str, int]) -> None:
        self.made = Nodes(shapes, gates)
        self.loops = Loops(self.made, self.inside)
        self.products: dict[Place, tuple[str, ...]] = {}
        self.layers: dict[Place, str] = {}
        self.biases: dict[str, str] = {}
        self.tables: list[Place] = []
        self._ends: dict[int, Place] = {}
        self.stack: Place = ()

    def record(self, jaxpr: Any, consts: list[Any], given: list[Any]) -> Graph:
        """The graph of a jaxpr whose arguments are the weights, then inputs of the shapes `given`,
        or constants where None is given."""
        made = self.made
        weights = [
            View((path,), tuple(frozenset((i,)) for i in range(len(shape))))
            for path, shape in made.shapes.items()
        ]
        inputs = [Constant() if shape is None else made.put(Node("input", shape=tuple(shape)))
                  for shape in given]  # fmt: skip
        return self._graph(self.run(jaxpr, consts, [*weights, *inputs]))

    def run(self, jaxpr: Any, consts: list[Any], given: list[Any]) -> list[Any]:
        """What the outputs of `jaxpr` are, from what its arguments are."""
        known = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
        known.update(zip(jaxpr.invars, given, strict=True))
        for eqn in jaxpr.eqns:
            operands = [_read(known, v) for v in eqn.invars]
            results = self._equation(eqn, operands)
            known.update(zip(eqn.outvars, results, strict=True))
        return [_read(known, v) for v in jaxpr.outvars]

    def inside(self, eqn: Any, jaxpr: Any, consts: list[Any], given: list[Any]) -> list[Any]:
        """The same for a jaxpr that `eqn` calls."""
        outer, self.stack = self.stack, (*self.stack, id(eqn))
        try:
            return self.run(jaxpr, consts, given)
        finally:
            self.stack = outer

    def _equation(self, eqn: Any, operands: list[Any]) -> list[Any]:
        name = eqn.primitive.name
        body = body_of(eqn)
        if body is not None:
            return self.inside(eqn, *body, operands)
        if name in ("scan", "while"):
            return self.loops.loop(eqn, operands)
        if name == "cond":
            return self.loops.branches(eqn, operands)
        results = self.made.note(eqn, name, operands)
        if results and isinstance(results[0], Value):
            self._place(name, (*self.stack, id(eqn)), operands, results[0].node)
        return results

    def _place(self, name: str, place: Place, operands: list[Any], made: int) -> None:
        """Note where a layer's output is: after its product, or where its bias is added."""
        views = [o for o in operands if isinstance(o, View)]
        values = [o for o in operands if isinstance(o, Value)]
        # A bias comes after the product, at times with a transpose in between. The layer's signal
        # is what comes out last, as in frameworks whose layers add their biases themselves.
        if name in ("dot_general", "conv_general_dilated") and len(views) == 1 and values:
            self.products[place] = views[0].paths
            self.layers[place], self._ends[made] = views[0].paths[0], place
        elif self.made.nodes[made].kind == "look_up":
            self.tables.append(place)
        elif len(values) == 1 and values[0].node in self._ends:
            adds = name in ("add", "add_any") and len(views) == 1
            if adds or (name == "transpose" and not views):
                path = self.layers.pop(self._ends.pop(values[0].node))
                self.layers[place] = path
                if adds:
                    self.biases[path] = views[0].paths[0]
                else:
                    self._ends[made] = place

    def _graph(self, outputs: list[Any]) -> Graph:
        """What was recorded and reaches the outputs."""
        made = self.made
        roots = [o.node for o in outputs if isinstance(o, Value)]
        notes = {
            path: {"note": f"{made.shapes[path][0]} weights in one array, used one after the other"}
            for path in made.stacked
        }
        return Graph(reached(made.nodes, roots), made.parameters(notes))


def _read(known: Mapping[Any, Any], v: Any) -> Any:
    return constant(v.val) if hasattr(v, "val") else known[v]


def constant(value: Any) -> Constant:
    """A constant, with its number where it has one."""
    if isinstance(value, jax.core.Tracer) or getattr(value, "shape", ()) not in ((), (1,)):
        return Constant()
    try:
        return Constant(np.asarray(value).reshape(()))
    except TypeError:  # a key
        return Constant()


def reached(nodes: list[Node], roots: list[int]) -> list[Node]:
    """The nodes that `roots` are made of, numbered anew."""
    kept: set[int] = set()
    front = list(roots)
    while front:
        i = front.pop()
        if i not in kept:
            kept.add(i)
            front += nodes[i].inputs
    order = sorted(kept)
    number = {old: new for new, old in enumerate(order)}
    return [
        Node(n.kind, tuple(number[j] for j in n.inputs), n.label, n.shape, n.parameters, n.function)
        for n in (nodes[i] for i in order)
    ]
