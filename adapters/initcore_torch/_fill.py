"""How PyTorch's tensors are filled: everything is checked, then drawn, then written in place."""

import contextlib
import functools
from collections.abc import Mapping
from typing import Any, Unpack

import torch
from torch import Generator, Tensor

from initcore import Part, Rng, specs
from initcore.random import DeviceDraw, register_device_draw
from initcore.spec import Layout, Spec, Wording, check_part, made_part

from ._device import draw_on_device
from ._distributed import (
    check_distributed,
    check_same_key,
    is_distributed,
    local_rectangle,
    write_part,
)
from ._key import check_source, key_of
from ._keywords import Axes
from ._layout import checked_layout
from ._precision import full_precision, is_reduced
from ._tensor import check_tensor, has_values, in_place, is_plain, memory_of

__all__ = ["canonical", "fill", "write"]

register_device_draw(DeviceDraw(draw_on_device))


def fill(
    name: str,
    tensor: Tensor,
    parameters: Mapping[str, Any],
    *,
    who: str | None = None,
    names: Mapping[str, str] | None = None,
    generator: Generator | None = None,
    seed: int | None = None,
    part: Part | None = None,
    **axes: Unpack[Axes],
) -> Tensor:
    """Fill `tensor` by the core's initializer `name`, and return it.

    Args:
        name: The core's name.
        tensor: Any floating dtype that the initializer makes, any device and strides.
        parameters: By the core's names; `names` has the caller's for error texts.
        who: The caller's name, if it is not the core's with `_`.
        generator, seed: Where randomness comes from; at most one of them.
        part: Which part of a kernel the tensor is.
        axes: How a layer reads the tensor's axes.

    Raises:
        TypeError: The tensor, or an argument, is of the wrong kind.
        ValueError: The shape, or an argument, is outside the domain.
    """
    spec, who = specs[name], who or f"{name}_"
    shape, dtype = check_tensor(tensor, who, complex_=spec.complex_)
    if part is not None:
        check_part(who, part, shape)
        if is_distributed(tensor):
            raise ValueError(f"{who} needs part=None for a DTensor, which knows its own part.")
    whole = shape if part is None else part.shape
    layout, sizes, values = _planned(who, spec, whole, parameters, names, axes)
    check_source(generator, seed, who)
    if spec.random and is_distributed(tensor):
        check_distributed(who, seed is not None or generator is not None)
    if not has_values(tensor):
        return tensor
    key = key_of(generator, seed, who) if spec.random else (0, 0)
    if spec.random and seed is None and is_distributed(tensor):
        check_same_key(who, tensor, key)
    rng = Rng.from_key(key, xp=torch, dtype=dtype, device=tensor.device)
    if part is not None:
        apart: Any = _write_part
        if torch.compiler.is_compiling():
            apart = torch.compiler.disable(_write_part)  # type: ignore[no-untyped-call]
        apart(spec, rng, sizes, values, tensor, layout, part)
    elif not torch.compiler.is_compiling():
        write(spec, rng, sizes, values, tensor, layout)
    elif is_reduced():
        torch.compiler.disable(write)(  # type: ignore[no-untyped-call]
            spec, rng, sizes, values, tensor, layout
        )
    else:
        _write_traced(spec, rng, sizes, values, tensor, layout)
    return tensor


# What `canonical` found for arguments that it was given before: a model has few shapes.
_plans: dict[Any, tuple[Spec, tuple[Layout | None, tuple[int, ...], dict[str, Any]]]] = {}
MOST_PLANS = 4096
PLAIN = frozenset((float, int, str, bool))  # they stay as they are, which tensors may not


def _planned(
    who: str, spec: Spec, shape: tuple[int, ...], parameters: Any, names: Any, axes: Any
) -> tuple[Layout | None, tuple[int, ...], dict[str, Any]]:
    if torch.compiler.is_compiling():
        return canonical(who, spec, shape, parameters, names, **axes)
    values = (*parameters.values(), *axes.values())
    types = tuple(map(type, values))  # True is 1, and 1 is 1.0
    if not PLAIN.issuperset(types):
        return canonical(who, spec, shape, parameters, names, **axes)
    key = (who, spec.name, shape, tuple(parameters), tuple(axes), values, types)
    filed, plan = _plans.get(key, (None, None))
    if plan is None or filed is not spec:
        plan = canonical(who, spec, shape, parameters, names, **axes)
        if len(_plans) >= MOST_PLANS:
            _plans.clear()
        _plans[key] = spec, plan
    return plan


def canonical(
    who: str,
    spec: Spec,
    shape: tuple[int, ...],
    parameters: Mapping[str, Any],
    names: Mapping[str, str] | None = None,
    **axes: Unpack[Axes],
) -> tuple[Layout | None, tuple[int, ...], dict[str, Any]]:
    """The layout of a tensor of `shape`, its canonical shape and all parameters, checked."""
    layout = checked_layout(who, shape, **axes)
    sizes, given = shape, dict(parameters)
    if layout:
        kernel = layout.kernel(shape)
        sizes = kernel.shape
        if spec.grouped:
            given["groups"] = kernel.groups
    wording = Wording(
        lambda n: who if n == spec.name else f"{n}_", "a tensor of shape", names or {}
    )
    return layout, *spec.check(sizes, given, wording=wording, shown=shape)


def write(
    spec: Spec, rng: Rng, sizes: tuple[int, ...], values: Any, tensor: Tensor, layout: Layout | None
) -> None:
    """Draw checked values of canonical `sizes` and write them to `tensor`, in full precision."""
    if spec.exact_across_namespaces:  # without matrix products
        _write_traced(spec, rng, sizes, values, tensor, layout)
        return
    with full_precision():
        _write_traced(spec, rng, sizes, values, tensor, layout)


def _write_traced(
    spec: Spec, rng: Rng, sizes: tuple[int, ...], values: Any, tensor: Tensor, layout: Layout | None
) -> None:
    """Draw and write, without gradients and without autocast's lower precision."""
    apart = spec.entries or spec.regions
    if apart and is_distributed(tensor) and (here := local_rectangle(tensor)) is not None:
        _write_part(spec, rng, sizes, values, here[1], layout, Part(tuple(tensor.shape), here[0]))
        return
    with in_place(tensor), _without_autocast(tensor.device.type):
        out = None
        if is_plain(tensor) and (layout is None or _keeps_order(layout, tensor.ndim)):
            out = memory_of(tensor, sizes)
        w = spec.draw(rng, sizes, values, out)
        if out is not None:
            torch.autograd.graph.increment_version(tensor)  # NumPy's writing goes unnoticed
            return
        if layout:
            w = layout.from_canonical(w, tuple(tensor.shape), xp=rng.xp)
        if is_distributed(tensor):
            write_part(tensor, w)
        else:
            tensor.copy_(w)


def _write_part(
    spec: Spec, rng: Rng, sizes: tuple[int, ...], values: Any, tensor: Tensor,
    layout: Layout | None, part: Part,
) -> None:  # fmt: skip
    """The same of a tensor that is a part of the kernel of canonical `sizes`."""
    precision = contextlib.nullcontext() if spec.exact_across_namespaces else full_precision()
    with precision, in_place(tensor), _without_autocast(tensor.device.type):
        shape = tuple(tensor.shape)
        out = memory_of(tensor, shape)
        w = made_part(spec, rng, part, shape, sizes, values, layout, out)
        if out is None:
            tensor.copy_(w)
        else:
            torch.autograd.graph.increment_version(tensor)  # NumPy's writing goes unnoticed


_keeps_order = functools.lru_cache(1024)(Layout.keeps_order)


def _without_autocast(device: str) -> Any:
    if torch.compiler.is_compiling() or torch.is_autocast_enabled(device):
        return torch.autocast(device, enabled=False)
    return contextlib.nullcontext()
