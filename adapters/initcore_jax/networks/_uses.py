"""What each weight is used for: kernels with their layouts, biases, scales, tables."""

from collections.abc import Mapping
from typing import Any

from initcore.networks import GraphBuilder, Node
from initcore.spec import Layout

from ._equations import ELEMENTWISE
from ._patterns import feeding_layer
from ._values import Derived, Value, View, is_flat, layout_of

__all__ = ["Uses"]

BESIDE = {"mul": "multiply", "div": "multiply", "add": "add", "sub": "add", "concatenate": "join"}


class Uses(GraphBuilder):
    """The nodes noted so far, and the use of each weight.

    Args:
        shapes: Of all weights, by path.
        gates: For the kernels of recurrent cells, by path, how many gates they hold.

    Attributes:
        picked: Paths of the weights of which a loop's counter picks a part.
        stacked: Paths of the weights of which a loop takes one kernel after another.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], gates: Mapping[str, int]) -> None:
        super().__init__(shapes)
        self.gates = gates
        self.picked: set[str] = set()
        self.stacked: set[str] = set()

    def put(self, node: Node) -> Value:
        """Append a node."""
        return Value(self.add(node))

    def product(self, eqn: Any, name: str, operands: list[Any]) -> str:
        """A layer, and the layout of its kernel."""
        side = 0 if isinstance(operands[0], (View, Derived)) else 1
        weight = operands[side]
        if not isinstance(weight, View):
            return "layer"
        for path in weight.paths:
            shape = self.shapes[path]
            if name == "dot_general":
                summed, batch = eqn.params["dimension_numbers"]
                facts: dict[str, Any] = {"layout": layout_of(weight, shape, summed[side],
                                                             batch[side])}  # fmt: skip
            else:
                facts = _convolution(eqn.params, weight, shape)
            if facts["layout"] is None:
                self.use(path, kind="other", note="an axis of it is summed over in part")
            elif path in self.gates:
                self.use(path, kind="recurrent", parts=self.gates[path], **facts)
            else:
                self.use(path, kind="kernel", **facts)
        return "recurrent" if any(p in self.gates for p in weight.paths) else "layer"

    def joined(self, name: str, inputs: tuple[int, ...], weights: list[Any]) -> str:
        """A weight that is added to the signal, multiplies it or stands beside it."""
        normal = self.after_norm(inputs)
        scales = False
        for w in weights:
            scales |= isinstance(w, View) and w.scales and name == "mul"
            for path in w.paths if isinstance(w, View) else ():
                how, shape = BESIDE.get(name, ""), self.shapes[path]
                flat = is_flat(shape) or (how == "add" and self._is_bias(shape, inputs))
                normalized = normal or (w.scales and how == "multiply")
                self.use_beside(path, how, name, flat=flat, normalized=normalized, shifts=True)
        if scales:
            return "norm"
        return "map" if name in ELEMENTWISE - {"mul", "div", "add", "sub"} else "move"

    def _is_bias(self, shape: tuple[int, ...], inputs: tuple[int, ...]) -> bool:
        """Whether it has the outputs of the layer before, of several axes, as its own axes."""
        for layer in (feeding_layer(self.nodes, i) for i in inputs):
            for path in layer.parameters if layer else ():
                layout: Layout | None = self.uses.get(path, {}).get("layout")
                sizes = layout and tuple(self.shapes[path][a] for a in layout.batch + layout.out)
                if sizes == tuple(shape):
                    return True
        return False


def _convolution(params: Any, weight: View, shape: tuple[int, ...]) -> dict[str, Any]:
    out, into = params["dimension_numbers"].rhs_spec[:2]
    groups = params["feature_group_count"] * params["batch_group_count"]
    outs, ins = weight.axes[out], weight.axes[into]
    if len(outs) != 1 or len(ins) != 1 or outs == ins:
        return {"layout": None}
    (o,), (i,) = outs, ins
    return {
        "layout": Layout((o,), (i,), groups=groups),
        "transposed": any(d > 1 for d in params["lhs_dilation"]),
        "depthwise": groups > 1 and shape[i] == 1,
    }
