"""ATen operations, sorted into the kinds of nodes that the core knows."""

import functools
import math
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from initcore.networks import Product

__all__ = [
    "COPIES",
    "LINEAR",
    "RANDOM",
    "RESHAPES",
    "Operation",
    "argument",
    "effort",
    "operation_of",
    "product_of",
]

# By their ATen names without overloads and trailing underscores: operands' letters and the bias.
PRODUCTS: dict[str, tuple[int, int, int | None]] = {
    "mm": (0, 1, None), "addmm": (1, 2, 0), "bmm": (0, 1, None), "baddbmm": (1, 2, 0),
    "mv": (0, 1, None), "addmv": (1, 2, 0), "dot": (0, 1, None), "vdot": (0, 1, None),
    "linear": (0, 1, 2), "matmul": (0, 1, None), "_grouped_mm": (0, 1, None),
    "_addmm_activation": (1, 2, 0),
}  # fmt: skip
CONVOLUTIONS = ("convolution", "mkldnn_convolution", "_convolution", "conv1d", "conv2d", "conv3d",
                "_slow_conv2d_forward", "cudnn_convolution")  # fmt: skip
LOOK_UPS = ("embedding", "_embedding_bag", "embedding_bag")
NORMS = ("native_batch_norm", "native_layer_norm", "native_group_norm", "_fused_rms_norm",
         "cudnn_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
         "_batch_norm_with_update", "rms_norm", "instance_norm", "layer_norm", "group_norm",
         "batch_norm", "_batch_norm_no_update", "renorm")  # fmt: skip
RECURRENCES = ("mkldnn_rnn_layer", "lstm", "gru", "rnn_tanh", "rnn_relu", "_thnn_fused_lstm_cell",
               "_thnn_fused_gru_cell", "_cudnn_rnn", "quantized_lstm")  # fmt: skip
REDUCTIONS = (
    "mean",
    "sum",
    "amax",
    "amin",
    "max",
    "min",
    "var",
    "std",
    "var_mean",
    "std_mean",
    "prod",
    "linalg_vector_norm",
    "norm",
    "logsumexp",
    "nansum",
    "median",
    "aminmax",
)
SOFTMAXES = ("_softmax", "softmax", "_safe_softmax", "_log_softmax")
ATTENTIONS = "_scaled_dot_product"
SUMS = ("add", "sub", "rsub")
RESHAPES = ("view", "reshape", "_unsafe_view", "_reshape_alias", "flatten", "unflatten")
# The value itself, in another place or of another type.
COPIES = ("clone", "contiguous", "_to_copy", "to", "detach", "alias", "lift_fresh", "lift",
          "native_dropout", "dropout", "_conj", "resolve_conj", "wait_tensor")  # fmt: skip
MOVES = ("cat", "stack", "avg_pool1d", "avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d",
         "_adaptive_avg_pool3d", "adaptive_avg_pool1d", "max_pool2d_with_indices",
         "max_pool3d_with_indices", "max_pool1d", "constant_pad_nd", "upsample_nearest1d",
         "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
         "_upsample_bilinear2d_aa", "upsample_bicubic2d", "upsample_trilinear3d", "index_select",
         "index", "gather", "pixel_shuffle", "pixel_unshuffle", "flip", "repeat", "roll",
         "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d",
         "im2col", "col2im", "select_scatter", "slice_scatter", "copy", "repeat_interleave",
         "index_put", "scatter", "scatter_add", "index_add", "scatter_reduce", "cumsum",
         "masked_fill", "tril", "triu", "_adaptive_max_pool2d", "adaptive_max_pool2d",
         "_fft_r2c", "_fft_c2r", "_fft_c2c", "unbind", "split", "split_with_sizes",
         "unsafe_split", "unsafe_split_with_sizes", "unsafe_chunk",
         "chunk", "narrow", "grid_sampler_2d",
         "channel_shuffle", "masked_select", "new_zeros", "zeros_like")  # fmt: skip
MADE = ("new_zeros", "zeros_like", "ones_like", "full_like", "new_ones", "new_full", "empty_like",
        "new_empty", "new_empty_strided", "rand_like", "randn_like", "bernoulli", "randint_like",
        "normal", "uniform", "zero", "fill")  # fmt: skip
RANDOM = ("rand", "randn", "rand_like", "randn_like", "normal", "uniform", "randint")
PRODUCTS_AN_ELEMENT = 16  # multiplications in the time in which an element is written
LINEAR = ("mul", "div", "add", "sub", "rsub", "neg")  # by a constant they move values


@dataclass(frozen=True)
class Operation:
    """What is known of an ATen operation, whatever it is called with.

    Attributes:
        name: `aten.add_.Tensor` -> `add`.
        kind: Of its node, products apart.
        label: For reports.
        writes: Whether it writes into its first argument.
        written: Of the arguments that it writes into, number and name.
        known: Whether it is one that models compute with.
    """

    name: str
    kind: str
    label: str
    writes: bool
    written: tuple[tuple[int, str], ...]
    known: bool


@functools.cache
def operation_of(function: Any) -> Operation:
    """What is known of an operation."""
    name = name_of(function)
    schema = getattr(function, "_schema", None)
    writes = schema is not None and name != schema.name.partition("::")[2]
    written = () if schema is None else tuple(
        (i, a.name) for i, a in enumerate(schema.arguments)
        if a.alias_info is not None and a.alias_info.is_write
    )  # fmt: skip
    known = function.namespace in ("aten", "_c10d_functional")
    return Operation(name, kind_of(function, name), name, writes, written, known)


def name_of(function: Any) -> str:
    """`aten.add_.Tensor` -> `add`."""
    name = getattr(function, "_schema", None)
    text = str(function) if name is None else name.name.partition("::")[2]
    return text.rstrip("_") if not text.startswith("__") else text


def argument(function: Any, name: str, args: Sequence[Any], kwargs: Any) -> Any:
    """What an operation is called with by the name of its schema."""
    if name in kwargs:
        return kwargs[name]
    for i, a in enumerate(function._schema.arguments):
        if a.name == name:
            return args[i] if i < len(args) else a.default_value
    return None


def kind_of(function: Any, name: str) -> str:
    """The kind of node of an operation, products apart."""
    if name in MADE:
        return "constant"
    if name in LOOK_UPS:
        return "look_up"
    if name in RECURRENCES:
        return "recurrent"
    if name in SOFTMAXES:
        return "softmax"
    if name.startswith(ATTENTIONS):
        return "attention"
    if name in NORMS:
        return "norm"
    if name in SUMS:
        return "sum"
    if name in REDUCTIONS and not (name in ("max", "min") and "other" in str(function._schema)):
        return "reduce"
    if name in COPIES or name in MOVES or name in RESHAPES:
        return "move"
    if torch.Tag.pointwise in getattr(function, "tags", ()):
        return "map"
    return "move" if getattr(function, "is_view", False) else "other"


def product_of(name: str, args: Sequence[Any], kwargs: Any) -> tuple[Any, Any, Any, Product] | None:
    """The two operands of a contraction, its bias and its axes; None of other operations."""
    if name in CONVOLUTIONS:
        return _convolution(args)
    if name not in PRODUCTS:
        return None
    first, second, at = PRODUCTS[name]
    bias = None
    if at is not None:
        bias = args[at] if at < len(args) else kwargs.get("bias")
    a, b = args[first], args[second]
    return a, b, bias, _letters(name, a.ndim, b.ndim)


def effort(name: str, args: Sequence[Any], made: Sequence[Tensor]) -> int:
    """About what an operation takes, in elements that are written: products count, too."""
    written = sum(t.numel() for t in made)
    at = (0, 1) if name in CONVOLUTIONS else PRODUCTS.get(name, (0, 0))[:2]
    if at == (0, 0) or not made:
        return written
    a, b = (args[i].numel() for i in at)
    # (m, k) times (k, n): the square root of mk kn mn is mkn.
    return written + math.isqrt(a * b * made[0].numel()) // PRODUCTS_AN_ELEMENT


def _letters(name: str, m: int, n: int) -> Product:
    if name == "linear":
        rows = string.ascii_uppercase[: m - 1]
        return Product((f"{rows}i", "oi"[2 - n :]), f"{rows}{'o' if n == 2 else ''}")
    if name == "_grouped_mm":
        return Product(("ti" if m == 2 else "nti", "nio" if n == 3 else "io"),
                       "to" if m == 2 and n == 3 else "nto")  # fmt: skip
    batch = string.ascii_uppercase[: max(m, n) - 2]
    left = batch[len(batch) - (m - 2) :] + "ti" if m > 1 else "i"
    right = batch[len(batch) - (n - 2) :] + "io" if n > 1 else "i"
    return Product((left, right), batch + ("t" if m > 1 else "") + ("o" if n > 1 else ""))


def _convolution(args: Sequence[Any]) -> tuple[Any, Any, Any, Product]:
    x, w = args[0], args[1]
    bias = args[2] if len(args) > 2 else None
    transposed = bool(args[6]) if len(args) > 8 else False
    groups = int(args[8] if len(args) > 8 else args[-1] if isinstance(args[-1], int) else 1)
    n = w.ndim - 2
    windows = "uvw"[:n]
    before, after = "xyz"[:n], "XYZ"[:n]
    batch = "n" if x.ndim == n + 2 else ""
    kernel = ("io" if transposed else "oi") + windows
    product = Product((f"{batch}i{before}", kernel), f"{batch}o{after}", windows, groups,
                      transposed)  # fmt: skip
    return x, w, bias, product
