"""Which elementwise function follows a layer, from the values themselves.

Frameworks spell one activation in many ways (GPT-2's GELU is eight operations), so all maps that
depend on one value alone are composed and the composition is compared with the functions known by
name; one that is like none of them is used as it is.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..activations import activation_of, names
from ._graph import Graph

__all__ = ["LINEAR", "following_activation"]

LINEAR = "identity"
PASSES = ("move", "norm", "sum")
PROBES = np.concatenate([np.linspace(-6.0, 6.0, 97), [-30.0, -12.5, 12.5, 30.0]])
CLOSE = 2e-6  # constants of a float32 program, rounded


def following_activation(graph: Graph, layer: int) -> Any:
    """A name or a callable: the first function, not a linear one, that acts on the layer's output.

    Normalizations and moves in between are passed; a second layer, a sum of two values or a product
    with another value ends the search, and the answer is `"identity"`.
    """
    seen, front = {layer}, [layer]
    while front:
        i = front.pop(0)
        found = _region(graph, i)
        if found is not None:
            return found
        for j in graph.consumers[i]:
            node = graph.nodes[j]
            passes = node.kind in ("move", "norm") or _is_scaling(graph, j)
            if passes and j not in seen:
                seen.add(j)
                front.append(j)
    return LINEAR


def _is_scaling(graph: Graph, i: int) -> bool:
    node = graph.nodes[i]
    if node.kind != "map" or len(set(node.inputs)) != 1 or node.function is None:
        return False
    return _is_affine(_values(lambda x: _call(node, dict.fromkeys(node.inputs, x))))


def _region(graph: Graph, start: int) -> Any:
    """The activation made of the maps that depend on node `start` alone, if it is not affine."""
    inside, exits = {start}, []
    last = start
    # Maps of one value lie close behind it; others in between only end the search early.
    for j in range(start + 1, len(graph.nodes)):
        node = graph.nodes[j]
        if j - last > 64:
            break
        maps = node.kind == "map" and node.function is not None
        if (maps or node.kind == "sum") and node.inputs and inside.issuperset(node.inputs):
            inside.add(j)
            last = j
    for j in sorted(inside - {start}):
        outside = [c for c in graph.consumers[j] if c not in inside]
        if outside or not graph.consumers[j]:
            exits.append(j)
    for j in exits:
        function = _composed(graph, start, j)
        values = _values(function)
        if values is not None and not _is_affine(values):
            return _named(values) or function
    return None


def _composed(graph: Graph, start: int, end: int) -> Callable[[Any], Any]:
    wanted = [i for i in range(start + 1, end + 1) if graph.ancestors[end] >> i & 1]
    steps = [(i, graph.nodes[i]) for i in wanted if graph.ancestors[i] >> start & 1]

    def activation(x: Any) -> Any:
        values = {start: np.asarray(x, dtype=np.float64)}
        for i, node in steps:
            values[i] = _call(node, values)
        return values[end]

    return activation


def _call(node: Any, values: dict[int, Any]) -> Any:
    given = [values[i] for i in node.inputs]
    return given[0] + given[1] if node.kind == "sum" else node.function(*given)


def _values(function: Callable[[Any], Any]) -> Any:
    """The function at the probes, None where it cannot be evaluated so."""
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(function(PROBES))
            if values.dtype == np.bool_:  # a predicate that selects, no activation
                return None
            values = values.astype(np.float64)
    except Exception:  # a framework's operation on an array it was not made for
        return None
    fits = values.shape == PROBES.shape and np.isfinite(values[:97]).all()
    return values if fits else None


def _is_affine(values: Any) -> bool:
    if values is None:
        return False
    line = values[48] + (values[96] - values[0]) / 12.0 * PROBES
    return bool(np.abs(values[:97] - line[:97]).max() <= CLOSE * np.abs(values[:97]).max())


def _named(values: Any) -> str | None:
    for name in names():
        with np.errstate(all="ignore"):
            known = activation_of(name).value(PROBES)
        finite = np.isfinite(values) & np.isfinite(known)  # the far probes tell relu6 from relu
        finite[:97] = True
        if np.allclose(values[finite], known[finite], rtol=CLOSE, atol=CLOSE):
            return activation_of(name).name
    return None
