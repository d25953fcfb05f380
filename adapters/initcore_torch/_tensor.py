"""Which tensors can be filled."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from initcore.arguments import for_array, for_model
from initcore.arrays import COMPLEX, REAL, dtype_name, register_dtypes

__all__ = [
    "check_module",
    "check_places",
    "check_tensor",
    "has_values",
    "in_place",
    "is_plain",
    "memory_of",
    "shape_of",
    "unexpanded",
]

register_dtypes({getattr(torch, name): name for name in (*REAL, *COMPLEX)})


def check_module(who: str, model: Any) -> None:
    """A `TypeError` unless it is a model."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(
            f"{who} needs a torch.nn.Module, got {type(model).__name__}"
            + for_model(model, "initcore_torch")
        )


def shape_of(tensor: Any, who: str) -> tuple[int, ...]:
    """The tensor's shape; a `TypeError` unless it is a tensor and has a shape."""
    if not isinstance(tensor, Tensor):
        raise TypeError(
            f"{who} needs a torch.Tensor to fill, got {type(tensor).__name__}"
            + for_array(tensor, who, "initcore_torch")
        )
    if not torch.compiler.is_compiling() and torch.nn.parameter.is_lazy(tensor):
        raise TypeError(
            f"{who} needs a tensor with a shape, got an uninitialized parameter; "
            "run the lazy module once first."
        )
    if tensor.is_nested:
        raise TypeError(f"{who} needs a tensor with a shape, got a nested one.")
    return tuple(tensor.shape)


def in_place(tensor: Tensor) -> Any:
    """A context in which it can be written to without gradients knowing."""
    if not torch.compiler.is_compiling() and tensor.is_inference():
        return torch.inference_mode()
    return torch.no_grad()


def is_plain(tensor: Any) -> bool:
    """Whether it is a tensor of its own memory, eager, and no wrapper."""
    if torch.compiler.is_compiling() or type(tensor) not in (Tensor, torch.nn.Parameter):
        return False
    # Inside of torch.func's transforms what is drawn is wrapped, and has no memory to write to.
    return torch._C._functorch.peek_interpreter_stack() is None and not (
        tensor.is_neg() or tensor.is_conj()
    )


def memory_of(tensor: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    """The tensor's memory as an array of `shape`, where it is contiguous and no wrapper's."""
    if not is_plain(tensor) or not tensor.is_contiguous():
        return None
    memory = tensor.detach()
    return memory if memory.shape == shape else memory.view(shape)


def unexpanded(tensor: Tensor) -> Tensor:
    """The tensor with each element once: an expanded one repeats them."""
    if torch.compiler.is_compiling() or tensor.layout != torch.strided or tensor.is_nested:
        return tensor
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if stride == 0 and size > 1:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor


def has_values(tensor: Tensor) -> bool:
    """Whether there is memory to fill: meta and fake tensors only have a shape."""
    if tensor.device.type == "meta" or tensor.numel() == 0:
        return False
    if torch.compiler.is_compiling() or type(tensor) in (Tensor, torch.nn.Parameter):
        return True
    from torch._subclasses.fake_tensor import FakeTensor

    return not isinstance(tensor, FakeTensor)


def check_tensor(
    tensor: Tensor, who: str, *, complex_: bool = False
) -> tuple[tuple[int, ...], str]:
    """Shape and dtype's name; a `TypeError` or `ValueError` unless the core can fill it.

    Args:
        complex_: Whether it may be of a complex dtype.
    """
    shape = shape_of(tensor, who)
    dtype = dtype_name(tensor.dtype)
    if dtype not in REAL and not (complex_ and dtype in COMPLEX):
        more = ", or complex64 or complex128" if complex_ else ""
        raise TypeError(
            f"{who} needs a tensor of real floating dtype (float16, bfloat16, float32 or "
            f"float64{more}), got {dtype}."
        )
    if tensor.layout != torch.strided:
        raise TypeError(f"{who} needs a dense (strided) tensor, got layout {tensor.layout}.")
    check_places(tensor, who)
    return shape, dtype


def check_places(tensor: Tensor, who: str) -> None:
    """A `ValueError` if two elements share memory."""
    if _overlaps(tensor):
        raise ValueError(
            f"{who} needs a tensor whose elements have memory of their own, got one of shape "
            f"{tuple(tensor.shape)} and strides {tensor.stride()}; expanded tensors share it."
        )


def _overlaps(tensor: Tensor) -> bool:
    """Whether two elements share memory."""
    if tensor.is_contiguous():
        return False
    axes = sorted((s, n) for n, s in zip(tensor.shape, tensor.stride(), strict=True) if n > 1)
    if tensor.numel() == 0 or not axes:
        return False
    reach = 0  # of the axes with shorter strides
    for stride, n in axes:
        if stride <= reach:
            break
        reach += stride * (n - 1)
    else:
        return False
    # More elements than positions: some share one.
    if axes[0][0] == 0 or tensor.numel() > 1 + sum(s * (n - 1) for s, n in axes):
        return True
    # Strides interleave in some as_strided views: only the positions themselves can tell.
    positions = sum(
        stride * np.arange(n).reshape(-1, *[1] * at) for at, (stride, n) in enumerate(axes)
    )
    return bool(np.unique(positions).size < tensor.numel())
