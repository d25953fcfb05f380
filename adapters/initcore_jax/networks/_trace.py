"""The graph of a function, from its jaxpr: nothing is computed but shapes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from initcore.networks import Graph, Node, Parameter

from ._equations import body_of
from ._loops import Loops
from ._nodes import Nodes
from ._values import Constant, Value
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
        centred: Where a signal is centred by an array of state: its number, and the axes of the
            signal along which it differs.
    """

    def __init__(self, weights: Mapping[str, Any], gates: Mapping[str, int]) -> None:
        self._weights = dict(weights)
        self.told: dict[str, dict[str, Any]] = {
            path: {"kind": "recurrent", "parts": n} if len(weights[path].shape) > 1 else {
                "kind": "bias"} for path, n in gates.items()
        }  # fmt: skip
        self.made = Nodes({path: tuple(w.shape) for path, w in weights.items()})
        self.loops = Loops(self.made, self.inside, self.told)
        self.products: dict[Place, tuple[str, ...]] = {}
        self.layers: dict[Place, str] = {}
        self.biases: dict[str, str] = {}
        self.tables: list[Place] = []
        self.centred: dict[Place, tuple[int, tuple[int, ...]]] = {}
        self._ends: dict[int, Place] = {}
        self.stack: Place = ()

    def record(self, jaxpr: Any, consts: list[Any], given: list[Any]) -> Graph:
        """The graph of a jaxpr whose arguments are the weights, then inputs of the shapes `given`,
        or constants where None is given."""
        made = self.made
        weights = [made.weight(path) for path in made.shapes]
        inputs = [
            Constant(state=n, axes=tuple(range(len(v.aval.shape)))) if shape is None
            else made.put(Node("input", shape=tuple(shape)))
            for n, (shape, v) in enumerate(zip(given, jaxpr.invars[len(weights):], strict=True))
        ]  # fmt: skip
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
        if name == "sub" and isinstance(operands[1], Constant) and operands[1].state is not None:
            at = (*self.stack, id(eqn))
            self.centred[at] = (operands[1].state, operands[1].axes)
        if results and isinstance(results[0], Value):
            self._place(name, (*self.stack, id(eqn)), operands, results[0].node)
        return results

    def _place(self, name: str, place: Place, operands: list[Any], made: int) -> None:
        """Note where a layer's output is: after its product, or where its bias is added."""
        still = self.made.still
        views = [o for o in operands if isinstance(o, Value) and o.node in still]
        values = [o for o in operands if isinstance(o, Value) and o.node not in still]
        # A bias comes after the product, at times with a transpose in between. The layer's signal
        # is what comes out last, as in frameworks whose layers add their biases themselves.
        if name in ("dot_general", "conv_general_dilated") and len(views) == 1 and values:
            paths = tuple(dict.fromkeys(self.made.paths(views[0].node)))
            self.products[place] = paths
            self.layers[place], self._ends[made] = paths[0], place
        elif self.made.nodes[made].kind == "look_up":
            self.tables.append(place)
        elif len(values) == 1 and values[0].node in self._ends:
            adds = name in ("add", "add_any") and len(views) == 1
            if adds or (name == "transpose" and not views):
                path = self.layers.pop(self._ends.pop(values[0].node))
                self.layers[place] = path
                if adds:
                    self.biases[path] = self.made.paths(views[0].node)[0]
                else:
                    self._ends[made] = place

    def _graph(self, outputs: list[Any]) -> Graph:
        """What was recorded and reaches the outputs."""
        made = self.made
        roots = [o.node for o in outputs if isinstance(o, Value)]
        parameters = [
            Parameter(
                path, made.shapes[path], told=self.told.get(path, {}), value=_value(w),
                complex_=bool(jax.numpy.issubdtype(w.dtype, jax.numpy.complexfloating)),
                note=f"{made.shapes[path][0]} weights in one array, used one after the other"
                if path in made.stacked else "",
            )
            for path, w in self._weights.items()
        ]  # fmt: skip
        nodes, ends = reached(made.nodes, roots)
        return Graph(nodes, parameters, outputs=ends)


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


FEW = 2**16  # elements that are compared to find whether they are all the same number


def _value(w: Any) -> float | None:
    """The number that every element is; None where they differ or have no values."""
    if isinstance(w, (jax.ShapeDtypeStruct, jax.core.Tracer)) or not 0 < w.size <= FEW:
        return None
    if not jax.numpy.issubdtype(w.dtype, jax.numpy.floating):
        return None
    try:
        values = np.asarray(w, dtype=np.float64)
    except (TypeError, RuntimeError):  # complex, or deleted
        return None
    first = values.reshape(-1)[0]
    return float(first) if bool((values == first).all()) else None


def reached(nodes: list[Node], roots: list[int]) -> tuple[list[Node], tuple[int, ...]]:
    """The nodes that `roots` are made of, numbered anew, and the numbers of `roots`."""
    kept: set[int] = set()
    front = list(roots)
    while front:
        i = front.pop()
        if i not in kept:
            kept.add(i)
            front += nodes[i].inputs
    order = sorted(kept)
    number = {old: new for new, old in enumerate(order)}
    made = [
        dataclasses.replace(nodes[i], inputs=tuple(number[j] for j in nodes[i].inputs))
        for i in order
    ]
    return made, tuple(dict.fromkeys(number[i] for i in roots))
