"""A graph under construction, as an adapter records a model operation by operation."""

from collections.abc import Iterable, Mapping
from typing import Any

from ._graph import Node, Parameter

__all__ = ["GraphBuilder"]


class GraphBuilder:
    """The nodes so far, and what each weight is used for.

    Args:
        shapes: Of the weights, by path.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self.nodes: list[Node] = []
        self.uses: dict[str, dict[str, Any]] = {}

    def add(self, node: Node) -> int:
        """Append a node, and return its index."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def use(self, path: str, **facts: Any) -> None:
        """Note what a weight is for, by the names of `Parameter`'s attributes.

        An embedding stays one if it is the output layer too; a kernel of anything else wins.
        """
        known = self.uses.setdefault(path, {})
        kind = known.get("kind")
        if kind == "embedding" or (
            kind in ("kernel", "recurrent") and facts["kind"] != "embedding"
        ):
            return
        known.update(facts)

    def use_beside(
        self, path: str, how: str, name: str, *, flat: bool, normalized: bool, shifts: bool = False
    ) -> None:
        """Note a weight that meets the signal element by element.

        Args:
            path: Of the weight.
            how: `"multiply"`, `"add"`, `"join"`, or anything else.
            name: The framework's name of the operation.
            flat: Whether at most one axis of the weight is longer than 1.
            normalized: Whether the signal comes out of a normalization.
            shifts: Whether a flat weight that is added to it then belongs to the normalization.
        """
        if how == "multiply":
            self.use(path, kind="scale" if normalized else "multiplier")
        elif how == "add":
            bias = "shift" if normalized and shifts else "bias"
            self.use(path, kind=bias if flat else "position")
        elif how == "join":
            self.use(path, kind="position")
        else:
            self.use(path, kind="other", note=f"used by {name}")

    def after_norm(self, nodes: Iterable[int], steps: int = 4) -> bool:
        """Whether values come out of a normalization, within a few moves and maps."""
        front = list(nodes)
        for _ in range(steps):
            found = [self.nodes[i] for i in front]
            if any(node.kind == "norm" or node.label == "rsqrt" for node in found):
                return True
            front = [j for node in found if node.kind in ("map", "move") for j in node.inputs]
        return False

    def parameters(self, more: Mapping[str, Mapping[str, Any]]) -> list[Parameter]:
        """All weights with their uses, and with `more` facts by path."""
        unused = {"kind": "unused", "note": "the forward pass does not reach it"}
        return [
            Parameter(path, shape, **{**self.uses.get(path, unused), **more.get(path, {})})
            for path, shape in self.shapes.items()
        ]
