"""ATen operations, sorted into the kinds of nodes that the core knows."""

from typing import Any

import torch

__all__ = ["CONVOLUTIONS", "LOOK_UPS", "kind_of", "name_of", "product_operands"]

# By their ATen names without overloads and trailing underscores.
PRODUCTS = {"mm": (0, 1), "addmm": (1, 2), "bmm": (0, 1), "baddbmm": (1, 2), "linear": (0, 1),
            "mv": (1, 0), "addmv": (2, 1), "dot": (0, 1), "matmul": (0, 1),
            "_grouped_mm": (0, 1)}  # fmt: skip
CONVOLUTIONS = ("convolution", "mkldnn_convolution", "_convolution", "conv1d", "conv2d", "conv3d")
LOOK_UPS = ("embedding", "_embedding_bag", "embedding_bag")
NORMS = ("native_batch_norm", "native_layer_norm", "native_group_norm", "_fused_rms_norm",
         "cudnn_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
         "_batch_norm_with_update", "rms_norm", "instance_norm", "layer_norm",
         "group_norm", "batch_norm", "linalg_vector_norm", "rsqrt", "var_mean", "var")  # fmt: skip
RECURRENCES = ("mkldnn_rnn_layer", "lstm", "gru", "rnn_tanh", "rnn_relu", "_thnn_fused_lstm_cell",
               "_thnn_fused_gru_cell", "_cudnn_rnn", "quantized_lstm")  # fmt: skip
ATTENTIONS = "_scaled_dot_product"
SUMS = ("add", "sub")
JOINS = ("cat", "stack", "mean", "sum", "avg_pool1d", "avg_pool2d", "avg_pool3d", "_to_copy",
         "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d", "native_dropout",
         "dropout", "clone", "contiguous", "_reshape_alias", "_unsafe_view", "roll", "copy",
         "max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool1d", "constant_pad_nd",
         "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d", "index_select",
         "index", "gather", "lift_fresh", "alias", "detach", "pixel_shuffle", "flip", "repeat",
         "reflection_pad1d", "reflection_pad2d", "im2col", "select_scatter", "slice_scatter",
         "index_put", "scatter", "cumsum", "masked_fill", "where", "tril", "triu",
         "_adaptive_max_pool2d", "adaptive_max_pool2d", "amax", "max", "to", "reshape",
         "unbind", "split", "split_with_sizes", "chunk", "narrow")  # fmt: skip
SELECTIVE = ("where", "masked_fill")  # elementwise, but for theory they move values


def name_of(function: Any) -> str:
    """`aten.add_.Tensor` -> `add`."""
    name = getattr(function, "_schema", None)
    text = str(function) if name is None else name.name.partition("::")[2]
    return text.rstrip("_") if not text.startswith("__") else text


def is_elementwise(function: Any) -> bool:
    """Whether ATen says that the operation acts on each element by itself."""
    return torch.Tag.pointwise in getattr(function, "tags", ())


def kind_of(function: Any, name: str, values: list[Any]) -> str:
    """The kind of node of an operation on `values`, those of its arguments that are no weights."""
    if name in PRODUCTS or name in CONVOLUTIONS:
        return "mix" if len(values) > 1 else "layer"
    if name in LOOK_UPS:
        return "look_up"
    if name in RECURRENCES:
        return "recurrent"
    if name in ("_softmax", "softmax", "_safe_softmax"):
        return "softmax"
    if name.startswith(ATTENTIONS):
        return "attention"
    if name in NORMS:
        return "norm"
    if name in SUMS and len(values) > 1:
        return "sum"
    if name not in SELECTIVE and is_elementwise(function):
        return "map"
    if name in JOINS or getattr(function, "is_view", False):
        return "move"
    return "other"


def product_operands(name: str, args: tuple[Any, ...]) -> tuple[Any, Any, Any] | None:
    """`(signal, kernel, bias)` of a product, or None if it is no product of matrices."""
    if name not in PRODUCTS:
        return None
    first, second = PRODUCTS[name]
    bias = args[0] if name in ("addmm", "baddbmm", "addmv") else None
    if name == "linear" and len(args) > 2:
        bias = args[2]
    return args[first], args[second], bias
