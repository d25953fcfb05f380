"""Which values are signals: made from the inputs, or begun at a weight."""

import numpy as np

from ._graph import Node
from ._moves import varies
from ._recorded import Recorded, Uses

__all__ = ["Signals"]

ALONE = ("move", "map", "sum", "reduce", "other", "product")  # of weights they are made of weights
FAR = 24  # nodes around a term of a sum of scores, at most
STARTS = ("softmax", "attention", "norm", "recurrent")


class Signals:
    """The values of a recorded graph that are signals.

    Attributes:
        signal: For each node whether it is a signal.
        attends: Products of an attention, of signals and values of weights.
        positions: Those whose results are added to the scores or the values of the contents.
    """

    def __init__(self, recorded: Recorded, uses: Uses) -> None:
        self._recorded, self._uses = recorded, uses
        self._nodes, self._outputs = recorded.nodes, set(recorded.graph.outputs)
        self.attends: set[int] = set()
        self.signal = self._signals()
        self.positions = {i for i in self.attends if self._is_added(i)}

    def _signals(self) -> list[bool]:
        begun: set[int] = set()
        while True:
            signal = self._made_from_inputs(begun)
            more = self._beginnings(signal) - begun
            if not more:
                return signal
            begun |= more

    def _made_from_inputs(self, begun: set[int]) -> list[bool]:
        signal: list[bool] = []
        for i, node in enumerate(self._nodes):
            alone = node.kind in ("weight", "constant") or (
                node.kind in ALONE and not any(signal[j] for j in node.inputs)
            )
            signal.append(i in begun or not alone)
        return signal

    def _beginnings(self, signal: list[bool]) -> set[int]:
        """Values made of weights alone that are used as signals, and those on their way."""
        attends = self.attends = self._attending(signal)
        kernel = self._kernel_like(signal, attends)
        found: set[int] = set()
        for i, node in enumerate(self._nodes):
            if node.kind == "product" and not signal[i] and not kernel[i] and self._ends(i):
                found |= {i, *self._way(self._operand(node), signal)}
            elif i in attends:
                for j in node.inputs:
                    if not signal[j] and self._is_spread(i, j):
                        found |= self._way(j, signal)
            elif node.kind in STARTS and signal[i]:
                many = 3 if node.kind == "attention" else 1
                for j in node.inputs[:many]:
                    if not signal[j]:
                        found |= self._way(j, signal)
            elif i in self._outputs and not signal[i]:
                found |= self._way(i, signal)
        return found

    def _ends(self, i: int) -> bool:
        """Whether another value is made of this one."""
        return bool(self._recorded.consumers[i]) or i in self._outputs

    def _attending(self, signal: list[bool]) -> set[int]:
        """The products of a signal with weights that belong to an attention."""
        found = set()
        soft = [i for i, node in enumerate(self._nodes) if node.kind in ("softmax", "attention")
                or (node.kind == "map" and _is_quotient(self._nodes, i))]  # fmt: skip
        for i in soft:
            fused = self._nodes[i].kind == "attention"
            seen: set[int] = set()
            front = list(self._nodes[i].inputs[3 if fused else 0 :])
            while front:
                j = front.pop()
                if j in seen or len(seen) > 2 * FAR:
                    continue
                seen.add(j)
                if self._nodes[j].kind == "product":
                    found.add(j)
                elif self._nodes[j].kind in ("move", "map", "sum"):
                    front += self._nodes[j].inputs
            front, seen = [] if fused else [i], set()
            while front:
                j = front.pop()
                for c in self._recorded.consumers[j]:
                    if c in seen or len(seen) > 2 * FAR:
                        continue
                    seen.add(c)
                    if self._nodes[c].kind == "product":
                        found.add(c)
                    elif self._nodes[c].kind in ("move", "map") and not self._weighs(c, i):
                        front.append(c)
        return {i for i in found if signal[i]}

    def _is_added(self, i: int) -> bool:
        """Whether the product of a query, or of probabilities, with a weight, moved at most, is
        added to that with a key, or with values.
        """
        signals = [j for j in self._nodes[i].inputs if self.signal[j]]
        if len(signals) != 1:
            return False
        source = self._source(signals[0])
        made, front = {i}, [i]
        while front and len(made) < FAR:
            for c in self._recorded.consumers[front.pop()]:
                node = self._nodes[c]
                if node.kind == "attention":
                    return self._comes(node.inputs[0], source) and not made & {*node.inputs[:3]}
                if node.kind == "sum" and any(
                    self._is_mixed(j) and self._comes(j, source)
                    for j in node.inputs
                    if j not in made
                ):
                    return True
                if node.kind in ("move", "map", "sum") and c not in made:
                    made.add(c)
                    front.append(c)
        return False

    def _source(self, i: int) -> int:
        """The product, softmax or input that a value is made of, by moves, maps and biases."""
        while True:
            made = [j for j in self._nodes[i].inputs if self.signal[j]]
            if not made or self._nodes[i].kind not in ("move", "map", "sum"):
                return i
            i = made[0]

    def _comes(self, i: int, source: int) -> bool:
        return bool(self._recorded.graph.ancestors[i] >> source & 1)

    def _is_mixed(self, i: int) -> bool:
        """Whether a value is a product of two signals, moved and mapped at most."""
        while len(self._nodes[i].inputs) == 1 and self._nodes[i].kind in ("move", "map"):
            i = self._nodes[i].inputs[0]
        node = self._nodes[i]
        if node.kind == "sum":
            return any(map(self._is_mixed, node.inputs))
        return node.kind == "product" and all(self.signal[j] for j in node.inputs)

    def _weighs(self, c: int, soft: int) -> bool:
        """Whether a softmax's result multiplies outputs of layers, as a router's does."""
        ancestors = self._recorded.graph.ancestors
        return len(self._nodes[c].inputs) > 1 and any(
            not ancestors[j] >> soft & 1 and self._recorded.comes_of(j, ("product",))
            for j in self._nodes[c].inputs
            if j != soft
        )

    def _is_spread(self, i: int, j: int) -> bool:
        """Whether a product takes a weight repeated along an axis of the batch, as a signal."""
        product = self._nodes[i].product
        views = self._recorded.view(j)
        if product is None or views is None or len(views) != 1:
            return False
        side = self._nodes[i].inputs.index(j)
        (axes,) = views.values()
        changes = np.logical_or.reduce([varies(a) for a in axes])
        others, letters = product.operands[1 - side], product.operands[side]
        return any(
            c in others and c in product.result and not v
            for c, v in zip(letters, changes, strict=True)
        )

    def _kernel_like(self, signal: list[bool], attends: set[int]) -> list[bool]:
        """For each value made of weights alone: whether it multiplies a signal as a kernel."""
        found = [False] * len(self._nodes)
        for i in reversed(range(len(self._nodes))):
            if signal[i]:
                continue
            for c in self._recorded.consumers[i]:
                node = self._nodes[c]
                if node.kind == "product" and signal[c]:
                    if c in attends and self._recorded.comes_of(i, ("product",)):
                        continue
                    found[i] |= any(signal[j] for j in node.inputs if j != i)
                elif not signal[c]:
                    found[i] |= found[c]
        return found

    def _operand(self, node: Node) -> int:
        """Which operand of a product of weights alone is the signal: the first, by convention."""
        first, second = node.inputs
        return second if self._nodes[second].kind == "constant" else first

    def _way(self, i: int, signal: list[bool]) -> set[int]:
        """The value, and the values it is made of, back to the first weight."""
        found: set[int] = set()
        while not signal[i] and i not in found:
            found.add(i)
            node = self._nodes[i]
            if not node.inputs:
                if node.kind == "weight":
                    self._uses.note(node.parameters, kind="latent")
                break
            i = self._operand(node) if node.kind == "product" else node.inputs[0]
        return found


def _is_quotient(nodes: list[Node], i: int) -> bool:
    """Whether the node may be the last operation of a softmax that a model spells out."""
    inputs = nodes[i].inputs
    return len(inputs) == 2 and any(
        nodes[j].kind in ("reduce", "move") and inputs[0] in (*nodes[j].inputs, *(
            k for m in nodes[j].inputs for k in nodes[m].inputs)) for j in inputs[1:]
    )  # fmt: skip
