"""Products of a signal with weights: layers, and low-rank updates of their kernels."""

import dataclasses
from typing import Any

from ._graph import Node
from ._moves import varies
from ._recorded import Recorded, Uses
from ._signals import Signals
from ._views import View, axis_indices, extent, kernel_facts, moved, picked, rows_of

__all__ = ["Products"]


class Products:
    """The products of a recorded graph as layers.

    Attributes:
        rows: For a layer's node, which row of its kernel makes each element.
        picks: For a layer's node, which kernels of a stack it takes.
    """

    def __init__(self, recorded: Recorded, signals: Signals, uses: Uses) -> None:
        self._recorded, self._signals, self._uses = recorded, signals, uses
        self._nodes = recorded.nodes
        self.rows: dict[int, Any] = {}
        self.picks: dict[int, Any] = {}
        self._used: dict[str, set[Any]] = {}
        self._facts: dict[Any, dict[str, Any] | None] = {}

    def resolved(self, i: int, new: Node, weights: list[int]) -> Node:
        """A product as a layer, a move by a constant matrix, or a mix of signals.

        Args:
            i: Its index.
            new: The node, of the signals among its inputs alone.
            weights: Its other inputs.
        """
        if not weights:
            return dataclasses.replace(new, kind="mix")
        (w,) = weights[:1]
        if not new.parameters:  # by a constant matrix
            return dataclasses.replace(new, kind="move", function=None)
        product, side = new.product, self._nodes[i].inputs.index(w)
        if product is not None and side == 0:  # the signal first
            a, b = product.operands
            product = dataclasses.replace(product, operands=(b, a))
        new = dataclasses.replace(new, product=product)
        if i in self._signals.positions:
            self._uses.note(new.parameters, kind="position")
            return dataclasses.replace(new, kind="move", function=None)
        views = self._recorded.view(w)
        if views is None or product is None:
            self.picks[i] = ()
            for path in new.parameters:
                note = f"used through {self._recorded.computed_by(w)}"
                self._uses.note([path], kind="derived", note=note)
            return dataclasses.replace(new, kind="layer")
        recurrent = False
        self.picks[i] = tuple(picked(axes) for axes in views.values())
        for path, axes in views.items():
            p = self._recorded.known[path]
            at = (w, path, product)
            if at not in self._facts:
                self._facts[at] = kernel_facts(p.shape, axes, product)
            facts = self._facts[at] and dict(self._facts[at] or {})
            if facts is None:
                note = "an axis of it is summed over in part"
                kind = "position" if i in self._signals.attends else "other"
                self._uses.note([path], kind=kind, note=note)
                continue
            if p.told.get("kind") == "recurrent":
                facts |= {"kind": "recurrent", "parts": p.told.get("parts", 1)}
                recurrent = True
            self._uses.note([path], **facts)
            if len(views) == 1 and new.shape is not None and facts["layout"] is not None:
                block = tuple(extent(axes[k]) for k in facts["layout"].out)
                used = self._used.setdefault(path, set())
                first = block not in used  # of these outputs; others may have other products
                used.add(block)
                rows = first and rows_of(axes, product, facts["layout"], p.shape, new.shape)
                if rows is not False and rows is not None:
                    self.rows[i] = rows
        more = [path for path in new.parameters if path not in views]
        if more:
            outs = self._outer(w, views)
            for path in more:
                self._uses.note([path], kind="adapter_out" if path in outs else "adapter_in")
        return dataclasses.replace(new, kind="recurrent" if recurrent else "layer",
                                   parameters=tuple(views) + tuple(
                                       p for p in new.parameters if p not in views))  # fmt: skip

    def _outer(self, w: int, views: View) -> set[str]:
        """The weights of a low-rank update, added to a kernel, that hold its outputs."""
        base = next((self._uses[path] for path in views if self._uses[path].get("layout")), None)
        if base is None:
            return set()
        (outs, *_) = base["layout"].out or (0,)
        found: set[str] = set()
        seen: set[int] = set()
        front = [w]
        while front:
            i = front.pop()
            if i in seen:
                continue
            seen.add(i)
            node = self._nodes[i]
            if node.kind == "product" and node.product is not None:
                axes: list[Any] = axis_indices(node.shape or ())
                at, before = i, -1
                while at != before and at != w:  # to where it is added to the kernel
                    before = at
                    after = self._recorded.consumers[at]
                    at = next((c for c in after if not self._signals.signal[c]), at)
                    if self._nodes[at].kind == "sum":
                        break
                    if self._nodes[at].kind == "move":
                        axes = [moved(self._nodes[at], [a]) for a in axes]
                if any(a is None for a in axes):
                    return set()
                carries = next(k for k, a in enumerate(axes) if varies(a)[outs])
                letter = node.product.result[carries]
                for j, letters in zip(node.inputs, node.product.operands, strict=True):
                    if letter in letters:
                        found.update(self._recorded.paths(j))
            else:
                front += node.inputs
        return found
