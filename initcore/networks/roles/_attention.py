"""Attention: the layers that make queries, keys and values, and the one on the result."""

import math
from typing import Any

import numpy as np

from ..graph import Graph, Node, moved, spread, varies

__all__ = ["attention_roles"]

PARTS = ("query", "key", "value")


def attention_roles(graph: Graph) -> dict[int, dict[str, list[int]]]:
    """For each layer of an attention, its parts: `"query"`, `"key"`, `"value"` or `"output"`.

    With each part come the nodes at which the attention takes it.
    """
    found: dict[int, dict[str, list[int]]] = {}
    for i, node in enumerate(graph.nodes):
        operands: tuple[int, ...] | None = None
        product = i
        if node.kind == "attention":
            operands = node.inputs[:3]
        elif node.kind == "softmax":
            operands, product = _spelled_out(graph, i)
        if not operands or len(operands) < 3:
            continue
        for part, operand in zip(PARTS, operands, strict=False):
            for layer in _layers_behind(graph, operand):
                found.setdefault(layer, {}).setdefault(part, []).append(operand)
        if node.kind == "softmax":
            _positions(graph, i, operands, found)
        for layer in _layers_ahead(graph, product):
            found.setdefault(layer, {}).setdefault("output", []).append(product)
    return found


def _spelled_out(graph: Graph, softmax: int) -> tuple[tuple[int, ...] | None, int]:
    """`(query, key, value)` and the product with the values, around a softmax."""
    scores = None
    seen, front = set(), list(graph.nodes[softmax].inputs)
    while front and scores is None:
        i = front.pop(0)
        node = graph.nodes[i]
        if i in seen or graph.layer_bits >> i & 1:
            continue
        seen.add(i)
        if node.kind == "mix" and len(node.inputs) == 2:
            scores = i
        else:
            front += node.inputs
    if scores is None:
        return None, softmax
    made, front = {softmax}, [softmax]
    while front:
        i = front.pop(0)
        for j in graph.consumers[i]:
            node = graph.nodes[j]
            if node.kind == "mix" and len(set(node.inputs)) == 2:
                (value,) = (k for k in node.inputs if k != i)
                return (*_query_and_key(graph, scores, softmax), value), j
            if node.kind in ("move", "map") and j not in made:
                made.add(j)
                front.append(j)
    return None, softmax


def _positions(
    graph: Graph, softmax: int, operands: tuple[int, ...], found: dict[int, dict[str, list[int]]]
) -> None:
    """Queries and keys of positions, whose scores are added to those of the contents."""
    seen, front = set(), list(graph.nodes[softmax].inputs)
    query, key = (set(_layers_behind(graph, operand)) for operand in operands[:2])
    while front:
        i = front.pop(0)
        node = graph.nodes[i]
        if i in seen or graph.layer_bits >> i & 1:
            continue
        seen.add(i)
        if node.kind != "mix" or len(node.inputs) != 2:
            front += node.inputs
            continue
        for own, other in (node.inputs, node.inputs[::-1]):
            layers = set(_layers_behind(graph, own))
            part = "key" if layers & query else "query" if layers & key else ""
            for layer in _layers_behind(graph, other) if part and not layers & query & key else ():
                if layer not in query | key:
                    found.setdefault(layer, {}).setdefault(part, []).append(other)


def _query_and_key(graph: Graph, scores: int, softmax: int) -> tuple[int, ...]:
    """The operands of the scores as query and key; the softmax runs over the keys."""
    node, axis = graph.nodes[scores], graph.nodes[softmax].axis
    numbers = _of_first(graph, scores)
    for i in _between(graph, scores, graph.nodes[softmax].inputs[0]):
        numbers = None if numbers is None or i is None else _moved(graph.nodes[i], numbers)
    if numbers is None or axis is None or numbers.shape != graph.nodes[softmax].shape:
        return node.inputs
    return node.inputs[::-1] if varies(numbers)[axis] else node.inputs


def _of_first(graph: Graph, product: int) -> Any:
    """For each element of a product, its index along the axes that only the first operand has."""
    node = graph.nodes[product]
    if node.product is None or node.shape is None:
        return None
    first, second = node.product.operands
    sizes = [n if c in first and c not in second else 1
             for c, n in zip(node.product.result, node.shape, strict=True)]  # fmt: skip
    return spread(np.arange(math.prod(sizes)).reshape(sizes), node.shape)


def _between(graph: Graph, start: int, end: int) -> list[int | None]:
    """The nodes from `start` to `end`, each made from the one before; `[None]` if the way forks."""
    found: list[int | None] = []
    while end != start:
        found.append(end)
        inputs = [j for j in graph.nodes[end].inputs if graph.ancestors[j] >> start & 1]
        if len(inputs) != 1:
            return [None]
        end = inputs[0]
    return found[::-1]


def _moved(node: Node, numbers: Any) -> Any:
    """The numbers of elements after a node; None if they cannot be followed."""
    if node.kind == "move" and len(node.inputs) == 1:
        return moved(node, [numbers])
    try:
        return None if node.shape is None else spread(numbers, node.shape)
    except ValueError:  # another shape
        return None


def _layers_behind(graph: Graph, value: int) -> list[int]:
    """The nearest layers that `value` is made from."""
    found, seen, front = [], set(), [value]
    while front:
        i = front.pop()
        if i in seen:
            continue
        seen.add(i)
        if graph.layer_bits >> i & 1:
            found.append(i)
        elif graph.nodes[i].kind not in ("attention", "softmax", "mix", "statistic"):
            front += graph.nodes[i].inputs
    return found


def _of_one(graph: Graph, i: int, value: int) -> bool:
    """Whether both terms of a sum come from one attention: values and positions."""
    node = graph.nodes[i]
    inputs = graph.nodes[value].inputs
    soft = [j for j in inputs if graph.nodes[j].kind in ("softmax", "map", "move")]
    return node.kind == "sum" and any(
        all(graph.ancestors[k] >> j & 1 for k in node.inputs) for j in soft
    )


def _layers_ahead(graph: Graph, value: int) -> list[int]:
    """The nearest layers that are made from `value`, not past a sum of two values."""
    found, seen, front = [], set(), [value]
    while front:
        i = front.pop()
        for j in graph.consumers[i]:
            if j in seen:
                continue
            seen.add(j)
            if graph.layer_bits >> j & 1:
                found.append(j)
            elif graph.nodes[j].kind in ("move", "norm", "map") or _of_one(graph, j, value):
                front.append(j)
    return found
