"""How a product sees a weight: which of its axes are batch, in and out.

Views of a weight (transposes, slices, joins) are followed by moving index arrays, one for each axis
of the weight, along with it. An array that varies along one axis of a large weight has strides of 0
along the others, so that this costs nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...spec import Layout
from ._graph import Node, Product
from ._moves import collapsed, spread, varies

__all__ = [
    "LIMIT",
    "View",
    "axis_indices",
    "extent",
    "kernel_facts",
    "moved",
    "picked",
    "rows_of",
]

LIMIT = 2**23  # elements of an index array that is really there, at most
View = Mapping[str, Sequence[Any]]
"""By path, for each axis of the weight its indices in an array of the view's shape; -1 for none."""


def axis_indices(shape: Sequence[int]) -> list[Any]:
    """For each axis of an array its own indices, broadcast to `shape`."""
    found = []
    for k, n in enumerate(shape):
        index = np.arange(n, dtype=np.int32).reshape(
            [-1 if j == k else 1 for j in range(len(shape))]
        )
        found.append(spread(index, shape))
    return found


def moved(node: Node, inputs: Sequence[Any]) -> Any:
    """Index arrays moved as a `"move"` moves its values; None where that is not known."""
    shape = node.shape
    if node.function is not None:
        try:
            made = np.asarray(node.function(*inputs))
        except Exception:  # an operation that takes no integers, say
            return None
        return made if shape is None or made.shape == tuple(shape) else None
    if len(inputs) != 1 or shape is None:
        return None
    (a,) = inputs
    if a.shape == tuple(shape):
        return a
    # What averages or resizes leaves an axis alone that keeps its place and length.
    small = collapsed(a)
    if len(a.shape) == len(shape) and all(
        m == 1 or m == n for m, n in zip(small.shape, shape, strict=True)
    ):
        return spread(small, shape)
    return None


def kernel_facts(
    shape: Sequence[int], axes: Sequence[Any], product: Product
) -> dict[str, Any] | None:
    """Layout and sort of the weight of `shape` that is the second operand of a product.

    Args:
        shape: Of the weight.
        axes: Indices along each of its axes, of the operand's shape.
        product: Its axes.

    Returns:
        Attributes of a `Parameter`; None where one of its axes is summed over in part.
    """
    other, kernel = product.operands
    axes = _own_block(axes)
    roles: dict[str, list[int]] = {"batch": [], "out": [], "in": [], "window": []}
    groups, size = product.groups, dict(zip(kernel, axes[0].shape, strict=True)) if axes else {}
    split = ""
    for k, index in enumerate(axes):
        letters = [c for c, v in zip(kernel, varies(index), strict=True) if v]
        found = {_role(c, other, product) for c in letters}
        if not found:
            found = {"out"} if shape[k] == 1 else {"batch"}
            if shape[k] == 1:  # an axis of length 1 keeps its letter's role
                at = [c for c, n in size.items() if n == 1]
                if len(at) > 1 and len(kernel) == len(shape) and kernel[k] in at:
                    at = [kernel[k]]
                found = {_role(at[0], other, product)} if len(at) == 1 else found
        if found == {"batch", "out"} and groups == 1:
            counts = [size[c] for c in letters if _role(c, other, product) == "batch"]
            split, groups, found = "out", int(np.prod(counts)), {"out"}
        if len(found) > 1:
            return None
        roles[found.pop()].append(k)
    if split and roles["batch"]:
        return None
    if product.transposed:
        layout = Layout((*roles["out"],), (*roles["in"],), (*roles["batch"],), groups, True)
    else:
        layout = Layout((*roles["out"],), (*roles["in"],), (*roles["batch"],), groups)
    try:
        kernels = layout.kernel(shape)
    except ValueError:
        return None
    depthwise = bool(roles["window"]) and kernels.groups > 1 and kernels.in_ == 1
    return {
        "kind": "kernel", "layout": layout, "transposed": product.transposed or product.stretched,
        "depthwise": depthwise and not product.transposed,
    }  # fmt: skip


def _own_block(axes: Sequence[Any]) -> Sequence[Any]:
    """The indices within the block of a view that shows the weight itself."""
    if not axes or all(collapsed(a).min(initial=0) >= 0 for a in axes):
        return axes
    own = np.logical_and.reduce([a >= 0 for a in axes])
    cuts = []
    for j in range(own.ndim):
        at = np.flatnonzero(own.any(axis=tuple(k for k in range(own.ndim) if k != j)))
        cuts.append(slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0))
    return [a[tuple(cuts)] for a in axes]


def _role(letter: str, other: str, product: Product) -> str:
    if letter in product.windows:
        return "window"
    if letter in other:
        return "batch" if letter in product.result else "in"
    return "out" if letter in product.result else "batch"  # which of several kernels


def picked(axes: Sequence[Any]) -> tuple[int, ...]:
    """Where a view of a weight begins along each of its axes; kernels of a stack differ."""
    return tuple(int(a[(0,) * a.ndim]) if a.size else 0 for a in axes)


def extent(index: Any) -> tuple[int, int]:
    """The least and the largest of indices along one axis."""
    small = collapsed(index)
    return (int(small.min()), int(small.max())) if small.size else (0, 0)


def rows_of(
    axes: Sequence[Any], product: Product, layout: Layout, shape: Sequence[int],
    made: Sequence[int],
) -> Any:  # fmt: skip
    """Which output of a kernel, counted from 0, makes each element of the product; -1 for none.

    Args:
        axes, product: As in `kernel_facts`.
        layout, shape: Of the weight.
        made: The product's shape.
    """
    kernel = product.operands[1]
    index: Any = None
    for k in layout.out:
        part = axes[k]
        index = part if index is None else np.where(part < 0, -1, index * shape[k] + part)
    if index is None:
        return None
    keep = [j for j, c in enumerate(kernel) if c in product.result]
    small = collapsed(index)
    small = small[tuple(slice(None) if j in keep else 0 for j in range(len(kernel)))]
    letters = [kernel[j] for j in keep]
    order = sorted(range(len(letters)), key=lambda j: product.result.index(letters[j]))
    small = small.transpose(order)
    sizes = dict(zip([letters[j] for j in order], small.shape, strict=True))
    wide = small.reshape([sizes.get(c, 1) for c in product.result])
    if any(n not in (1, m) for n, m in zip(wide.shape, made, strict=True)):
        return None  # a grouped transposed convolution, say
    return spread(wide, made)
