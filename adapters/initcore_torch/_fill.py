"""The three facts of PyTorch: how it draws, how it lays out kernels, how it likes to be called."""

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Generator, Tensor

from initcore import Rng, specs
from initcore._dtype import REAL, dtype_name
from initcore._kernel import Layout
from initcore._spec import Spec, Voice

__all__ = ["fill", "key_of", "layout_of"]


def layout_of(ndim: int, groups: int = 1, transposed: bool = False) -> Layout | None:
    """`(out, in / groups, *k)`; transposed convolutions keep `(in, out / groups, *k)`."""
    if ndim < 2:
        return None
    if transposed:
        return Layout((1,), (0,), groups=groups, groups_on_in=True)
    return Layout((0,), (1,), groups=groups)


def key_of(generator: Generator | None, seed: int | None, who: str) -> tuple[Any, Any]:
    """The key of `seed`, or of one 64-bit number that `generator` is asked for."""
    if seed is not None:
        if generator is not None:
            raise ValueError(f"{who} takes a seed or a generator, got both.")
        return Rng(seed).key
    device = "cpu" if generator is None else generator.device
    word = torch.empty((), dtype=torch.int64, device=device)
    word.random_(-(1 << 63), None, generator=generator)
    if torch.compiler.is_compiling():  # its value is not known yet
        return (word >> 32).to(torch.int32), (word << 32 >> 32).to(torch.int32)
    number = int(word)
    return (number >> 32) & 0xFFFFFFFF, number & 0xFFFFFFFF


def fill(
    name: str,
    tensor: Tensor,
    parameters: Mapping[str, Any],
    *,
    who: str | None = None,
    names: Mapping[str, str] | None = None,
    generator: Generator | None = None,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Fill `tensor` by the core's initializer `name`, everything checked before it is touched.

    Args:
        name: The core's name.
        tensor: Filled in place: any real floating dtype, device and strides.
        parameters: By the core's names; `names` has the caller's for error texts.
        who: The caller's name, if it is not the core's with `_`.
        generator, seed: Where randomness comes from; at most one of them.
        groups: Independent kernels, of a grouped convolution or of stacked projections.
        transposed: Whether the tensor is a transposed convolution's kernel.
    """
    spec = specs[name]
    who = who or f"{name}_"
    voice = Voice(lambda n: who if n == name else f"{n}_", "a tensor of shape", names or {})
    dtype = _check_tensor(tensor, who)
    shape = tuple(tensor.shape)
    given = dict(parameters)
    layout = _layout(spec, shape, groups, transposed, who)
    canonical = layout.kernel(shape) if layout else None
    if spec.grouped and canonical:
        given["groups"] = canonical.groups
    sizes, values = spec.check(canonical.shape if canonical else shape, given, voice=voice,
                               shown=shape)  # fmt: skip
    if tensor.device.type == "meta":
        return tensor
    if tensor.numel() == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return tensor
    key = key_of(generator, seed, who) if spec.random else (0, 0)
    rng = Rng.from_key(key, xp=torch, dtype=dtype, device=tensor.device)
    with _quietly(tensor):
        w = spec.function(rng, sizes, **values)
        if layout:
            w = layout.from_canonical(w, shape, xp=rng.xp)
        tensor.copy_(w)
    return tensor


def _layout(
    spec: Spec, shape: tuple[int, ...], groups: int, transposed: bool, who: str
) -> Layout | None:
    if groups == 1 and not transposed:
        return layout_of(len(shape))
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ValueError(f"{who} needs groups to be an integer >= 1, got {groups!r}.")
    layout = layout_of(len(shape), groups, transposed)
    if layout is None:
        raise ValueError(f"{who} needs 2 or more axes for groups, got a tensor of shape {shape}.")
    split = "inputs" if transposed else "outputs"
    if shape[0] % groups:
        raise ValueError(
            f"{who} needs groups that divide the {shape[0]} {split} of a tensor of shape {shape}, "
            f"got {groups}."
        )
    return layout


def _check_tensor(tensor: Tensor, who: str) -> str:
    """The dtype's name; a `TypeError` or `ValueError` unless the tensor can be filled."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{who} needs a torch.Tensor to fill, got {type(tensor).__name__}.")
    if torch.nn.parameter.is_lazy(tensor):
        raise TypeError(
            f"{who} needs a tensor with a shape, got an uninitialized parameter; "
            "run the lazy module once first."
        )
    dtype = dtype_name(tensor.dtype)
    if dtype not in REAL:
        raise TypeError(
            f"{who} needs a tensor of real floating dtype (float16, bfloat16, float32 or "
            f"float64), got {dtype}."
        )
    if tensor.layout != torch.strided:
        raise TypeError(f"{who} needs a dense (strided) tensor, got layout {tensor.layout}.")
    if hasattr(tensor, "to_local"):
        raise TypeError(
            f"{who} needs a tensor that is whole on its device, got a {type(tensor).__name__}; "
            "fill it before it is distributed."
        )
    overlapping = any(n > 1 and s == 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True))
    if overlapping:
        raise ValueError(
            f"{who} needs a tensor whose elements have memory of their own, got an expanded one of "
            f"shape {tuple(tensor.shape)}."
        )
    return dtype


@contextlib.contextmanager
def _quietly(tensor: Tensor) -> Iterator[None]:
    """No gradients, no autocast, no TF32 or bfloat16 inside float32 products."""
    mode = torch.inference_mode() if tensor.is_inference() else torch.no_grad()
    with mode, torch.autocast(tensor.device.type, enabled=False):
        if torch.compiler.is_compiling():
            yield
            return
        precision = torch.get_float32_matmul_precision()
        if precision == "highest":
            yield
            return
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(precision)
