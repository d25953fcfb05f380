"""Operators for `torch.jit.script`, which cannot read our functions: those that read PyTorch's."""

import torch
from torch.jit import _builtins

from ._basic import constant_, normal_, ones_, uniform_, zeros_
from ._xavier import xavier_normal_, xavier_uniform_

__all__ = ["operators"]

SOURCE = "Generator? generator=None, *, int? seed=None"
ARGUMENTS = {
    constant_: "Scalar val",
    normal_: f"float mean=0.0, float std=1.0, {SOURCE}",
    ones_: "",
    uniform_: f"float a=0.0, float b=1.0, {SOURCE}",
    xavier_normal_: f"float gain=1.0, {SOURCE}",
    xavier_uniform_: f"float gain=1.0, {SOURCE}",
    zeros_: "",
}

operators = torch.library.Library("initcore", "FRAGMENT")  # type: ignore[no-untyped-call]
for fill, arguments in ARGUMENTS.items():
    name = fill.__name__
    if not hasattr(torch.ops.initcore, name):  # imported anew, they are there
        schema = ", ".join(filter(None, ["Tensor(a!) tensor", arguments]))
        operators.define(f"{name}({schema}) -> Tensor(a!)")  # type: ignore[no-untyped-call]
        operators.impl(name, fill, "CompositeImplicitAutograd")  # type: ignore[no-untyped-call]
    _builtins._register_builtin(fill, f"initcore::{name}")
