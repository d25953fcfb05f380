"""Operations of `keras.ops`, sorted by class name into the kinds of nodes that the core knows."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from initcore.spec import Layout

__all__ = ["PRODUCTS", "SAME", "evaluator", "kind_of", "product_layout"]

PRODUCTS = ("Matmul", "Dot", "Einsum", "Tensordot", "Inner", "Vdot", "Conv", "DepthwiseConv",
            "SeparableConv", "ConvTranspose")  # fmt: skip
LOOK_UPS = ("Take",)
NORMS = ("BatchNorm", "LayerNorm", "RMSNorm", "Normalize", "Norm", "Moments", "Var", "Std", "Rsqrt")
SOFTMAXES = ("Softmax", "LogSoftmax", "Sparsemax")
ATTENTIONS = ("DotProductAttention",)
SUMS = ("Add", "Subtract")
SAME = ("Cast", "ConvertToTensor", "Copy", "Identity", "StopGradient")  # the value itself
MOVES = ("AdaptiveAveragePool", "AdaptiveMaxPool", "Amax", "Amin", "Append", "ArgMax", "Average",
         "AveragePool", "BroadcastTo", "Concatenate", "Cumsum", "DepthToSpace",
         "Diagonal", "Dropout", "ExpandDims", "Flip", "Fold", "GetItem", "Max",
         "MaxPool", "Mean", "Median", "Min", "Moveaxis", "Pad", "Ravel", "Repeat", "Reshape",
         "Resize", "Roll", "Rot90", "Scatter", "ScatterUpdate", "SearchSorted", "Slice",
         "SliceUpdate", "SpaceToDepth", "Split", "Squeeze", "Stack", "Sum",
         "Swapaxes", "TakeAlongAxis", "Tile", "TopK", "Transpose", "Tril", "Triu", "Unfold",
         "UnravelIndex", "Unstack", "Vstack", "Hstack", "Where")  # fmt: skip
# Of one or several values, element by element.
MAPS = ("Abs", "Absolute", "Add", "Arccos", "Arccosh", "Arcsin", "Arcsinh", "Arctan", "Arctan2",
        "Arctanh", "Cbrt", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Divide", "ELU", "Elu", "Equal",
        "Erf", "Erfc", "Erfinv", "Exp", "Exp2", "Expm1", "Floor", "Gelu", "Greater", "GreaterEqual",
        "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "Heaviside", "LeakyReLU", "LeakyRelu",
        "Less", "LessEqual", "Log", "Log10", "Log1p", "Log2", "LogSigmoid", "Logaddexp",
        "LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum", "Mish", "Multiply",
        "NanToNum", "Negative", "NotEqual", "Power", "ReLU", "Reciprocal", "Relu", "Relu6", "Round",
        "Selu", "Sigmoid", "Sign", "Silu", "Sin", "Sinc", "Sinh", "SoftShrink", "Softplus",
        "Softsign", "SparsePlus", "SparseSigmoid", "Sqrt", "Square", "Squareplus", "Subtract",
        "Tan", "Tanh", "TanhShrink", "Threshold", "TrueDivide")  # fmt: skip
KINDS = {
    **dict.fromkeys(MAPS, "map"),
    **dict.fromkeys(MOVES, "move"),
    **dict.fromkeys(PRODUCTS, "layer"),
    **dict.fromkeys(LOOK_UPS, "look_up"),
    **dict.fromkeys(NORMS, "norm"),
    **dict.fromkeys(SOFTMAXES, "softmax"),
    **dict.fromkeys(ATTENTIONS, "attention"),
}


def kind_of(name: str, values: int, constants: Sequence[Any]) -> str:
    """The kind of node of an operation on `values` values of the network and on constants."""
    kind = KINDS.get(name, "other")
    if kind == "layer":
        return "mix" if values > 1 else "move"  # by a constant matrix
    if kind == "look_up":
        return "move"
    if name in SUMS and values > 1:
        return "sum"
    if kind == "map" and any(np.size(c) > 1 for c in constants if hasattr(c, "shape")):
        return "move"  # by constants, as a mask
    return kind


def evaluator(op: Any, args: Sequence[Any], kwargs: Any, values: Sequence[Any]) -> Any:
    """The operation on NumPy arrays in place of `values`."""
    ids = [id(v) for v in values]

    def evaluate(*arrays: Any) -> Any:
        slots = dict(zip(ids, map(keras.ops.convert_to_tensor, arrays), strict=True))

        def fill(x: Any) -> Any:
            return slots.get(id(x), x)

        filled = keras.tree.map_structure(fill, (list(args), dict(kwargs)))
        return np.asarray(keras.ops.convert_to_numpy(op.call(*filled[0], **filled[1])))

    return evaluate


def product_layout(
    op: Any, name: str, position: int, kernel: Sequence[int], inputs: Sequence[int]
) -> dict[str, Any] | None:
    """What sort of kernel a weight of shape `kernel` is that stands at `position` in a product."""
    ndim = len(kernel)
    if name in ("Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose"):
        last = getattr(op, "data_format", None) != "channels_first"
        channels = inputs[-1 if last else 1]
        if name == "ConvTranspose":
            return {"layout": Layout((-2,), (-1,)), "transposed": True}
        if name == "DepthwiseConv" or (name == "SeparableConv" and position == 1):
            return {"layout": Layout((-1,), (), batch=(-2,)), "depthwise": True}
        groups = 1 if name == "SeparableConv" else channels // kernel[-2]
        layout = Layout((-1,), (-2,), groups=groups)
        return {"layout": layout, "depthwise": groups > 1 and groups == channels}
    if name == "Einsum":
        return _einsum(op.subscripts, position)
    if ndim != 2:
        return None
    return {"layout": Layout((1,), (0,)) if position else Layout((0,), (1,))}


def _einsum(equation: str, position: int) -> dict[str, Any] | None:
    """Axes shared with the other operand alone are inputs, with the result alone outputs."""
    given, _, result = equation.replace(" ", "").replace("...", "").partition("->")
    operands = given.split(",")
    if len(operands) != 2 or not result:
        return None
    own, other = operands[position], operands[1 - position]
    axes = range(len(own))
    return {
        "layout": Layout(
            tuple(a for a in axes if own[a] in result and own[a] not in other),
            tuple(a for a in axes if own[a] not in result),
            batch=tuple(a for a in axes if own[a] in result and own[a] in other),
        )
    }
