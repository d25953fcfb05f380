"""Weights that act on a signal element by element: biases, scales, positions, slopes."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from ._elementwise import PROBES, is_affine
from ._graph import Node
from ._recorded import Recorded, Uses

__all__ = ["Beside"]


class Beside:
    """The maps of signals and weights in a recorded graph."""

    def __init__(self, recorded: Recorded, signal: list[bool], uses: Uses) -> None:
        self._recorded, self._signal, self._uses = recorded, signal, uses

    def resolve(self, nodes: list[Node]) -> None:
        """Note what the weights are for, and make maps of signals alone of their nodes."""
        for i, node in enumerate(nodes):
            if node.kind not in ("map", "sum", "statistic") or not self._signal[i]:
                continue
            recorded = self._recorded.nodes[i]
            weights = [
                j for j in recorded.inputs if not self._signal[j] and self._recorded.paths(j)
            ]
            if recorded.kind not in ("map", "sum") or not weights:
                continue
            how = _how(recorded, [self._signal[j] for j in recorded.inputs])
            for w in weights:
                paths = self._recorded.paths(w)
                if how == "add" and self._is_bent(w):
                    self._uses.note(paths, kind="multiplier")  # in the logarithm, say
                elif how == "add":
                    sizes = [n for p in paths[:1] for n in self._recorded.known[p].shape if n > 1]
                    self._added(nodes, i, w, paths, len(sizes) <= 1)
                elif how == "multiply":
                    normalized = node.kind == "statistic" or self._takes(nodes, i, "scale")
                    start = self._start(w) if normalized else None
                    more = {} if start is None else {"starts": ((0, -1, start),)}
                    self._uses.note(paths, kind="scale" if normalized else "multiplier", **more)
                else:
                    self._uses.note(paths, kind="multiplier" if len(weights) else "other")
            if node.kind == "statistic":
                continue
            if how in ("add", "multiply"):
                nodes[i] = dataclasses.replace(node, kind="move", function=None)
            elif node.function is not None:
                nodes[i] = dataclasses.replace(node, function=self._closed(recorded))

    def _added(self, nodes: list[Node], i: int, w: int, paths: tuple[str, ...], flat: bool) -> None:
        layer = _feeding(nodes, nodes[i].inputs)
        bias = flat or (layer is not None and self._has_outputs(nodes[layer], w))
        if all(self._recorded.known[p].told.get("kind") == "embedding" for p in paths):
            bias = False  # rows of a table, each for a sort of values
        shift = bias and layer is None and self._takes(nodes, i, "shift")
        self._uses.note(paths, kind=("shift" if shift else "bias") if bias else "position")

    def _takes(self, nodes: list[Node], i: int, kind: str) -> bool:
        """Whether a weight at node `i` is the scale or the shift of a normalization before it.

        A normalization has one of each; further weights belong to what follows.
        """
        way = _way_to_norm(nodes, nodes[i].inputs)
        before = {path for j in way for path in nodes[j].parameters}
        return bool(way) and not any(self._uses.get(p, {}).get("kind") == kind for p in before)

    def _is_bent(self, w: int) -> bool:
        """Whether a value of one weight is a function of it that is no line."""
        values = self._recorded.of_one(w, PROBES)
        return values is not None and values.shape == PROBES.shape and not is_affine(values)

    def _has_outputs(self, layer: Node, w: int) -> bool:
        """Whether a weight of several axes has the outputs of the layer before as its own."""
        shapes = [self._recorded.known[p].shape for p in self._recorded.paths(w)[:1]]
        own = tuple(n for s in shapes for n in s if n > 1)
        for path in layer.parameters:
            layout = self._uses.get(path, {}).get("layout")
            shape = self._recorded.known[path].shape
            if layout and layout.out:
                sizes = tuple(shape[a] for a in sorted(layout.batch + layout.out))
                if own == tuple(n for n in sizes if n > 1):
                    return True
        return False

    def _start(self, w: int) -> float | None:
        """Where a scale has to start for its factor to be 1, if that is not at 1."""
        value = self._recorded.of_one(w, [0.0, 1.0])
        return 0.0 if value is not None and abs(value[0] - 1.0) < 1e-6 else None

    def _closed(self, node: Node) -> Any:
        """A map as a function of its signals alone, its weights at their present values."""
        given: list[Any] = []
        for j in node.inputs:
            if self._signal[j]:
                given.append(None)
                continue
            paths = self._recorded.paths(j)
            value = self._recorded.known[paths[0]].value if len(paths) == 1 else None
            value = None if value is None else self._recorded.of_one(j, [value])
            if value is None:
                return None
            given.append(float(value[0]))
        function = node.function

        def closed(*arrays: Any) -> Any:
            rest = iter(arrays)
            filled = [next(rest) if g is None else np.float64(g) for g in given]
            return function(*filled) if function else None

        return closed


def _how(node: Node, signal: list[bool]) -> str:
    """How weights act on the signal in a map: `"add"`, `"multiply"` or neither."""
    if node.kind == "sum":
        return "add"
    if node.function is None or len(signal) != 2:
        return ""
    x, w = np.array([-3.1, -0.4, 2.1]), np.array([1.9, 0.6, 1.1])

    def at(a: Any, b: Any) -> Any:
        return np.asarray(node.function(*((a, b) if signal[0] else (b, a))))  # type: ignore[misc]

    try:
        with np.errstate(all="ignore"):
            if all(np.allclose(at(c * x, w), c * at(x, w), rtol=1e-5) for c in (3.0, -1.0)):
                return "multiply"
            if np.allclose(at(x + 2.0, w) - at(x, w), 2.0, rtol=1e-5):
                return "add"
    except Exception:
        return ""
    return ""


def _way_to_norm(nodes: list[Node], front: Iterable[int], steps: int = 4) -> list[int]:
    """The nodes from values back to a normalization within a few moves; empty if there is none."""
    front, way = list(front), []
    for _ in range(steps):
        way += front
        if any(nodes[i].kind == "norm" for i in front):
            return way
        front = [j for i in front if nodes[i].kind in ("map", "move") for j in nodes[i].inputs]
    return []


def _feeding(nodes: list[Node], front: Iterable[int], steps: int = 6) -> int | None:
    """The layer whose output, moved at most, these values are."""
    front = list(front)
    for _ in range(steps):
        for i in front:
            if nodes[i].kind in ("layer", "recurrent"):
                return i
        front = [j for i in front if nodes[i].kind == "move" for j in nodes[i].inputs]
    return None
