"""Axes of a kernel that count the kernels of a later layer: it is a stack of kernels, too."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ..graph import Graph, Parameter, collapsed, varies
from ._reach import Reach, reach

__all__ = ["with_batches"]


def with_batches(
    graph: Graph, uses: Mapping[str, Sequence[int]]
) -> tuple[Graph, dict[int, Mapping[int, Reach]]]:
    """The graph with such axes as batch axes, and by layer where its outputs arrive.

    Args:
        graph: The resolved graph.
        uses: The nodes of every weight, by path.
    """
    found: list[Parameter] = []
    rows, reached = dict(graph.rows), {}
    for p in graph.parameters:
        nodes = uses.get(p.path, ())
        if p.layout is not None and nodes and nodes[0] in rows:
            node, sizes = nodes[0], tuple(p.shape[a] for a in p.layout.out)
            reached[node] = reach(graph, node)
            several = _batch_axes(graph, node, sizes, reached[node])
            if several and len(several) < len(sizes):
                inner = [k for k in range(len(sizes)) if k not in several]
                layout = dataclasses.replace(
                    p.layout,
                    out=tuple(p.layout.out[k] for k in inner),
                    batch=p.layout.batch + tuple(p.layout.out[k] for k in sorted(several)),
                )
                p = dataclasses.replace(p, layout=layout)
                index = np.unravel_index(np.maximum(rows[node], 0), sizes)
                rows[node] = np.ravel_multi_index([index[k] for k in inner],
                                                  [sizes[k] for k in inner])  # fmt: skip
                graph = dataclasses.replace(graph, rows=rows)
                reached[node] = reach(graph, node)
        for node in nodes:
            if node in rows and node not in reached:
                reached[node] = reach(graph, node)
        found.append(p)
    return dataclasses.replace(graph, parameters=found), reached


def _batch_axes(
    graph: Graph, layer: int, sizes: tuple[int, ...], found: Mapping[int, Reach]
) -> set[int]:
    """Which of the axes that make up a kernel's outputs count kernels of a later layer.

    Args:
        graph, layer, found: As `reach` has them.
        sizes: Of those axes, in order.
    """
    several: set[int] = set()
    if len(sizes) < 2:
        return several
    for i, node in enumerate(graph.nodes):
        if i not in found or node.kind != "layer" or node.product is None or i == layer:
            continue
        value = next((j for j in node.inputs if j in found), None)
        numbers = None if value is None else found[value].numbers
        if numbers is None:
            continue
        side, kernel = node.product.operands
        batch = set(side) & set(kernel) & set(node.product.result)
        if len(side) != numbers.ndim:
            continue
        small = collapsed(numbers)
        for k, index in enumerate(np.unravel_index(np.maximum(small, 0), sizes)):
            along = {c for c, v in zip(side, varies(index), strict=True) if v}
            if along and along <= batch:
                several.add(k)
    return several
