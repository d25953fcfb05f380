"""How the kernels of PyTorch's products are laid out."""

from typing import Any

from torch import Tensor

from initcore.spec import Layout

__all__ = ["convolution", "dense", "plain"]


def dense(name: str, kernel: Tensor, base: Tensor) -> Layout:
    """The layout of a matrix from how it is viewed in the product: `x @ kernel`."""
    if base.ndim != 2 or name == "linear":
        return plain(base)
    straight = kernel.stride()[-2:] == base.stride() and name not in ("mv", "addmv")
    return Layout((1,), (0,)) if straight else Layout((0,), (1,))


def plain(base: Tensor) -> Layout:
    """The layout of a kernel whose outputs come first."""
    return Layout((0,), tuple(range(1, base.ndim))) if base.ndim > 1 else Layout((), (0,))


def convolution(base: Tensor, transposed: bool, groups: int) -> dict[str, Any]:
    """What a recorded convolution says of its kernel."""
    channels = base.shape[0] if transposed else base.shape[1] * groups
    layout = (
        Layout((1,), (0,), groups=groups, groups_on_in=True)
        if transposed
        else Layout((0,), (1,), groups=groups)
    )
    return {
        "kind": "kernel", "layout": layout, "transposed": transposed,
        "depthwise": groups > 1 and groups == channels,
    }  # fmt: skip
