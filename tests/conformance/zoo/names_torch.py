"""Mistakes of functions that take the names of `torch.nn.init`."""

import functools
import warnings
from typing import Any

import torch
from torch import Tensor

import initcore_torch as init
from initcore_torch._backend import backend

from ._names import mistaken

takes = functools.partial(mistaken, backend)


@takes("trunc_normal_", "truncated_normal", "signature")
def arguments_exchanged(
    tensor: Any, std: float = 1.0, mean: float = 0.0, a: float = -2.0, b: float = 2.0,
    generator: Any = None,
) -> Any:  # fmt: skip
    """has the standard deviation before the mean"""
    return init.trunc_normal_(tensor, mean, std, a, b, generator)


@takes("trunc_normal_", "truncated_normal", "signature")
def another_default(
    tensor: Any, mean: float = 0.0, std: float = 0.02, a: float = -2.0, b: float = 2.0,
    generator: Any = None,
) -> Any:  # fmt: skip
    """has another standard deviation by default"""
    return init.trunc_normal_(tensor, mean, std, a, b, generator)


@takes("sparse_", "sparse", "signature")
def an_argument_of_its_own(tensor: Any, sparsity: float, rows: int, std: float = 0.01) -> Any:
    """needs an argument that PyTorch does not have"""
    return init.sparse_(tensor, sparsity, std)


@takes("orthogonal_", "orthogonal", "still_itself")
def a_function_of_another_name(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """is a function that calls itself something else"""
    return init.orthogonal_(tensor, gain, generator)


a_function_of_another_name.__name__ = "wrapped"


@takes("orthogonal_", "orthogonal", "filled_in_place")
def not_in_place(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """returns a new tensor"""
    return init.orthogonal_(tensor.clone(), gain, generator)


@takes("kaiming_normal_", "he_normal", "filled_in_place")
def other_dtypes_refused(
    tensor: Any, a: float = 0, mode: Any = "fan_in", nonlinearity: Any = "leaky_relu",
    generator: Any = None,
) -> Any:  # fmt: skip
    """takes float32 alone"""
    if tensor.dtype != torch.float32:
        raise TypeError("float32, please")
    return init.kaiming_normal_(tensor, a, mode, nonlinearity, generator)


@takes("xavier_normal_", "glorot_normal", "filled_in_place")
def matrices_alone(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """takes no convolutions"""
    if tensor.ndim != 2:
        raise ValueError("a matrix, please")
    return init.xavier_normal_(tensor, gain, generator)


@takes("eye_", "identity", "filled_in_place")
def from_the_other_end(tensor: Any) -> Any:
    """begins the diagonal at the last corner"""
    with torch.no_grad():
        return tensor.copy_(init.eye_(torch.empty(tensor.shape)).flip(0, 1))


@takes("kaiming_normal_", "he_normal", "filled_in_place")
def upper_case_refused(
    tensor: Any, a: float = 0, mode: Any = "fan_in", nonlinearity: Any = "leaky_relu",
    generator: Any = None,
) -> Any:  # fmt: skip
    """takes modes in lower case alone"""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError("no such mode")
    return init.kaiming_normal_(tensor, a, mode, nonlinearity, generator)


@takes("trunc_normal_", "truncated_normal", "without_a_gradient")
def with_a_gradient(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Any = None,
) -> Any:  # fmt: skip
    """records what it does to a parameter"""
    return tensor.copy_(init.trunc_normal_(torch.empty_like(tensor), mean, std, a, b, generator))


@takes("sparse_", "sparse", "through_views")
def copies_filled(tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """fills a contiguous copy of a view"""
    init.sparse_(tensor.contiguous(), sparsity, std, generator)
    return tensor


@takes("orthogonal_", "orthogonal", "of_the_default_generator")
def always_the_same(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """draws the same numbers at each call"""
    torch.rand(())
    return init.orthogonal_(tensor, gain, generator or torch.Generator().manual_seed(0))


@takes("orthogonal_", "orthogonal", "of_a_generator")
def generator_ignored(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """takes a generator and does not use it"""
    return init.orthogonal_(tensor, gain)


@takes("orthogonal_", "orthogonal", "without_memory")
def drawn_for_meta_tensors(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """draws numbers for tensors without values"""
    if generator is None:
        torch.rand(tensor.shape)
    return init.orthogonal_(tensor, gain, generator)


@takes("uniform_", "uniform", "seen_by_modes")
def seen_in_pieces(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """shows modes what it is made of"""
    with torch.no_grad():
        return tensor.copy_(init.uniform_(torch.empty_like(tensor), a, b, generator))


@takes("orthogonal_", "orthogonal", "of_a_subclass")
def plain_tensors_returned(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """forgets the class of a tensor"""
    w = init.orthogonal_(tensor, gain, generator)
    return w if type(w) in (Tensor, torch.nn.Parameter) else w.as_subclass(Tensor)


@takes("trunc_normal_", "truncated_normal", "loaded_ones_left_alone")
def loaded_weights_overwritten(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Any = None,
) -> Any:  # fmt: skip
    """fills what transformers has loaded"""
    return torch.nn.init.trunc_normal_(tensor, mean, std, a, b, generator)


@takes("kaiming_normal_", "he_normal", "under_vmap")
def values_looked_at(
    tensor: Any, a: float = 0, mode: Any = "fan_in", nonlinearity: Any = "leaky_relu",
    generator: Any = None,
) -> Any:  # fmt: skip
    """decides by a value"""
    if not tensor.is_meta and float(tensor.detach().abs().sum()) < 0:
        return tensor
    return init.kaiming_normal_(tensor, a, mode, nonlinearity, generator)


@takes("ones_", "ones", "scripted")
def not_scripted(tensor: Tensor) -> Tensor:
    """has statements that TorchScript does not know"""
    try:
        return init.ones_(tensor)
    finally:
        pass


@takes("kaiming_normal_", "he_normal", "warned_of")
def silent(
    tensor: Any, a: float = 0, mode: Any = "fan_in", nonlinearity: Any = "leaky_relu",
    generator: Any = None,
) -> Any:  # fmt: skip
    """does not warn of tensors without elements"""
    with warnings.catch_warnings(action="ignore"):
        return init.kaiming_normal_(tensor, a, mode, nonlinearity, generator)


@takes("trunc_normal_", "truncated_normal", "distribution")
def cuts_in_deviations(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0,
    generator: Any = None,
) -> Any:  # fmt: skip
    """takes the cuts for multiples of the standard deviation"""
    return init.truncated_normal_(tensor, mean, std, a, b, generator)


@takes("xavier_uniform_", "glorot_uniform", "distribution")
def deviation_for_the_bound(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """takes the standard deviation for the end of the interval"""
    return init.xavier_uniform_(tensor, gain / 3**0.5, generator)
