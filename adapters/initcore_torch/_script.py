"""Operators for `torch.jit.script`, which cannot read our functions: those that read PyTorch's."""

import torch
from torch import Generator, Tensor
from torch.jit import _builtins

from . import _basic, _xavier

__all__ = ["operators"]

operators = torch.library.Library("initcore", "FRAGMENT")  # type: ignore[no-untyped-call]


# What `torch.jit.script(fill)` makes of a fill. TorchScript has no keywords alone with defaults.
def constant_(tensor: Tensor, val: float) -> Tensor:
    filled: Tensor = torch.ops.initcore.constant_(tensor, val)
    return filled


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None,
    seed: int | None = None,
) -> Tensor:  # fmt: skip
    filled: Tensor = torch.ops.initcore.normal_(tensor, mean, std, generator, seed=seed)
    return filled


def ones_(tensor: Tensor) -> Tensor:
    filled: Tensor = torch.ops.initcore.ones_(tensor)
    return filled


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None,
    seed: int | None = None,
) -> Tensor:  # fmt: skip
    filled: Tensor = torch.ops.initcore.uniform_(tensor, a, b, generator, seed=seed)
    return filled


def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, seed: int | None = None
) -> Tensor:
    filled: Tensor = torch.ops.initcore.xavier_normal_(tensor, gain, generator, seed=seed)
    return filled


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None, seed: int | None = None
) -> Tensor:
    filled: Tensor = torch.ops.initcore.xavier_uniform_(tensor, gain, generator, seed=seed)
    return filled


def zeros_(tensor: Tensor) -> Tensor:
    filled: Tensor = torch.ops.initcore.zeros_(tensor)
    return filled


SOURCE = "Generator? generator=None, *, int? seed=None"
FILLS = {
    _basic.constant_: (constant_, "Scalar val"),
    _basic.normal_: (normal_, f"float mean=0.0, float std=1.0, {SOURCE}"),
    _basic.ones_: (ones_, ""),
    _basic.uniform_: (uniform_, f"float a=0.0, float b=1.0, {SOURCE}"),
    _basic.zeros_: (zeros_, ""),
    _xavier.xavier_normal_: (xavier_normal_, f"float gain=1.0, {SOURCE}"),
    _xavier.xavier_uniform_: (xavier_uniform_, f"float gain=1.0, {SOURCE}"),
}
for fill, (scripted, arguments) in FILLS.items():
    name = fill.__name__
    if not hasattr(torch.ops.initcore, name):  # imported anew, they are there
        schema = ", ".join(filter(None, ["Tensor(a!) tensor", arguments]))
        operators.define(f"{name}({schema}) -> Tensor(a!)")  # type: ignore[no-untyped-call]
        operators.impl(name, fill, "CompositeImplicitAutograd")  # type: ignore[no-untyped-call]
    _builtins._register_builtin(fill, f"initcore::{name}")
    fill.__prepare_scriptable__ = lambda scripted=scripted: scripted  # type: ignore[attr-defined]
