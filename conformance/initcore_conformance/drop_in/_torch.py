"""`torch.nn.init`: tensors filled in place, seen by modes, loaders and compilers."""

import inspect
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from hypothesis import strategies as st
from torch.overrides import TorchFunctionMode

from ._framework import Calls, Facet, Framework, Trial, need, signature, still_itself

__all__ = ["PyTorch"]

BEFORE = 7  # what is in a tensor before it is filled
GAINS: Calls = ({}, {"gain": 2.0}, {"gain": 1}, {"generator": None})
KAIMING: Calls = (
    {},
    {"a": 5**0.5},
    {"mode": "fan_out", "nonlinearity": "relu"},
    {"a": 0.2, "mode": "FAN_IN"},
    {"nonlinearity": "linear", "mode": "fan_in"},
)


def _tensor(trial: Trial, **how: Any) -> Any:
    return torch.full(trial.shape, BEFORE, **how).to(getattr(torch, trial.dtype))


def _fill(fill: Any, tensor: Any, trial: Trial, **more: Any) -> Any:
    args, named = trial.given(1)
    return fill(tensor, *args, **named, **more)


def _state() -> bytes:
    return torch.get_rng_state().numpy().tobytes()


def _random(trial: Trial) -> bool:
    before = _state()
    _fill(trial.theirs, _tensor(trial), trial)
    return _state() != before


def _takes_generator(fill: Any, trial: Trial) -> None:
    names = inspect.signature(fill).parameters
    need("generator" in names and "generator" not in trial.arguments, "it takes no generator")


def _shown(tensor: Any) -> str:
    w = tensor if tensor.is_complex() else tensor.double()
    return np.array2string(w.numpy() + 0, threshold=50).replace("\n", "")


def filled_in_place(fill: Any, trial: Trial) -> Any:
    """The tensor itself is returned; what is not random has these values."""
    tensor, before = _tensor(trial), _state()
    version = tensor._version
    need(_fill(fill, tensor, trial) is tensor, "it does not return the tensor")
    values = None if _state() != before else _shown(tensor)
    return tensor.dtype, tensor._version > version or not tensor.numel(), values


def without_a_gradient(fill: Any, trial: Trial) -> Any:
    """A parameter stays one."""
    parameter = torch.nn.Parameter(_tensor(trial))
    _fill(fill, parameter, trial)
    need(parameter.is_leaf and parameter.grad_fn is None, "a parameter is no leaf any more")
    return parameter.requires_grad


def through_views(fill: Any, trial: Trial) -> Any:
    """A view is filled where it is, and nothing beside it."""
    need(bool(trial.shape) and 0 not in trial.shape, "the tensor has no rows")
    old = _tensor(trial)
    whole = old.repeat(2, *[1] * (old.ndim - 1))
    whole = whole.mT.contiguous().mT if old.ndim > 1 else whole
    kept, view = whole[1::2], whole[::2]
    strides = view.stride()
    _fill(fill, view, trial)
    need(torch.equal(kept, old), "it writes beside the view")
    need(view.stride() == strides, "the view has other strides than before")
    need(not torch.equal(view, old), "the view is not filled")
    return _random(trial) or _shown(view)


def of_the_default_generator(fill: Any, trial: Trial) -> Any:
    """`torch.manual_seed` decides, and the generator moves on."""
    need(_random(trial), "nothing is random")
    draws = []
    for seed in (trial.seed, trial.seed, None):
        if seed is not None:
            torch.manual_seed(seed)
        draws.append(_fill(fill, _tensor(trial), trial))
    need(torch.equal(draws[0], draws[1]), "torch.manual_seed does not decide")
    distinct = draws[0].numel() < 4 or not torch.equal(draws[1], draws[2])
    need(distinct, "the next call gives the same values")
    return True


def of_a_generator(fill: Any, trial: Trial) -> Any:
    """A generator decides, and no other is touched."""
    _takes_generator(fill, trial)
    need(_random(trial), "nothing is random")
    before, draws = _state(), []
    for seed in (trial.seed, trial.seed, trial.seed + 1):
        source = torch.Generator().manual_seed(seed)
        draws.append(_fill(fill, _tensor(trial), trial, generator=source))
    need(torch.equal(draws[0], draws[1]), "the generator does not decide")
    distinct = draws[0].numel() < 4 or not torch.equal(draws[1], draws[2])
    need(distinct, "another generator gives the same values")
    need(_state() == before, "PyTorch's default generator is used, too")
    return True


def without_memory(fill: Any, trial: Trial) -> Any:
    """Tensors without values are left alone, and nothing is drawn for them."""
    meta, before = _tensor(trial).to("meta"), _state()
    need(_fill(fill, meta, trial) is meta, "it does not return a meta tensor")
    need(meta.is_meta, "the tensor has values now")
    need(_state() == before, "it draws numbers for a meta tensor")
    return True


class Watch(TorchFunctionMode):
    """Notes calls, and makes or skips them."""

    def __init__(self, name: str, skip: bool) -> None:
        super().__init__()
        self.name, self.skip = name, skip
        self.calls: list[tuple[Any, Any, Any]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls.append((func, args, kwargs or {}))
        if self.skip and getattr(func, "__name__", "") == self.name:
            return (kwargs or {}).get("tensor")
        return func(*args, **(kwargs or {}))


def seen_by_modes(fill: Any, trial: Trial) -> Any:
    """A mode sees one call by its name, all of PyTorch's arguments named, and may skip it."""
    tensor = _tensor(trial)
    for skip in (True, False):
        with Watch(trial.name, skip) as watch:
            _fill(fill, tensor, trial)
        names = [getattr(f, "__name__", str(f)) for f, *_ in watch.calls]
        need(names == [trial.name], f"a mode sees calls of {', '.join(names) or 'nothing'}")
        ((func, args, given),) = watch.calls
        need(func is fill, "a mode sees another function")
        if skip:
            need(torch.equal(tensor, _tensor(trial)), "it fills what a mode has skipped")
    return args, {k: v for k, v in given.items() if k != "tensor"}


class Subclass(torch.Tensor):
    """A tensor with a name of its own."""


def of_a_subclass(fill: Any, trial: Trial) -> Any:
    """A subclass stays one."""
    return type(_fill(fill, _tensor(trial).as_subclass(Subclass), trial)).__name__


def loaded_ones_left_alone(fill: Any, trial: Trial) -> Any:
    """What transformers marks with `_is_hf_initialized` stays.

    PyTorch's own functions are guarded by its loader.
    """
    if fill is not trial.theirs:
        tensor = _tensor(trial)
        tensor._is_hf_initialized = True
        before = _state()
        _fill(fill, tensor, trial)
        need(
            torch.equal(tensor, _tensor(trial)), "it overwrites what is marked `_is_hf_initialized`"
        )
        need(_state() == before, "it draws for what is marked `_is_hf_initialized`")
    return True


def under_vmap(fill: Any, trial: Trial) -> Any:
    """`torch.func.vmap` fills each example by itself."""
    many = torch.stack([_tensor(trial)] * 3)
    one = lambda t: _fill(fill, t.clone(), trial)  # noqa: E731
    w = torch.func.vmap(one, randomness="different")(many)
    return tuple(w.shape), w.dtype


def scripted(fill: Any, trial: Trial) -> Any:
    """`torch.jit.script` compiles it, and functions that call it."""
    first, rest = trial.given(1)
    numbers = all(type(v) in (int, float) and math.isfinite(v) for v in trial.arguments.values())
    need(numbers, "an argument is no number")
    source = f"def call(w: Tensor) -> Tensor:\n    return fill(w, {trial.source(1)})\n"
    w = torch.jit.CompilationUnit(source).call(_tensor(trial))
    alone = torch.jit.script(fill)(_tensor(trial), *first, **rest)
    return tuple(w.shape), tuple(alone.shape)


def warned_of(fill: Any, trial: Trial) -> Any:
    """The warnings are those of PyTorch."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _fill(fill, _tensor(trial), trial)
    return [w.category.__name__ for w in caught]


class PyTorch(Framework):
    """PyTorch's initializers."""

    module = "torch.nn.init"
    calls: ClassVar[Any] = {
        "zeros": {"zeros_": ({},)},
        "ones": {"ones_": ({},)},
        "constant": {"constant_": ({"val": 0.5}, {"val": 3}, {"val": True}, {"val": -math.inf})},
        "uniform": {"uniform_": ({}, {"a": -1.0, "b": 2.0}, {"b": 3}, {"a": -1})},
        "normal": {
            "normal_": ({}, {"mean": 3.0, "std": 0.5}, {"std": 0}, {"mean": 0, "std": 0.02})
        },
        "truncated_normal": {
            "trunc_normal_": ({}, {"std": 0.02}, {"mean": 1.0, "std": 2.0, "a": 0.0, "b": 4.0})
        },
        "sparse": {"sparse_": ({"sparsity": 0.3}, {"sparsity": 0.5, "std": 2.0})},
        "glorot_uniform": {"xavier_uniform_": GAINS},
        "glorot_normal": {"xavier_normal_": GAINS},
        "he_uniform": {"kaiming_uniform_": KAIMING},
        "he_normal": {"kaiming_normal_": KAIMING},
        "orthogonal": {"orthogonal_": GAINS},
        "identity": {"eye_": ({},), "dirac_": ({}, {"groups": 2})},
    }
    dtypes = ("float32", "float64", "float16", "bfloat16", "complex64", "int64", "bool")
    small = (
        st.lists(st.integers(1, 4), max_size=5) | st.lists(st.sampled_from((2, 0)), max_size=3)
    ).map(tuple)
    large = ((6000,), (60, 100), (150, 40), (20, 30, 10), (25, 10, 5, 5))
    interface = (signature, still_itself)
    facets: ClassVar[tuple[Facet, ...]] = (
        filled_in_place, without_a_gradient, through_views,
        of_the_default_generator, of_a_generator, without_memory, seen_by_modes, of_a_subclass,
        loaded_ones_left_alone, under_vmap, scripted, warned_of,
    )  # fmt: skip

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """PyTorch's default generator stays as it was, too."""
        with super().untouched(), torch.random.fork_rng(devices=[]):
            yield

    def takes(self, trial: Trial) -> None:
        """Fill a tensor, and one that has elements."""
        _fill(trial.theirs, _tensor(trial), trial)
        full = replace(trial, shape=tuple(max(n, 1) for n in trial.shape))
        _fill(trial.theirs, _tensor(full), full)

    def numbers(self, fill: Any, trial: Trial, seed: int) -> Any:
        """The tensor after `torch.manual_seed`; NumPy has no bfloat16."""
        torch.manual_seed(seed)
        w = _fill(fill, _tensor(trial), trial).resolve_conj()
        return (w.float() if w.dtype == torch.bfloat16 else w).numpy()

    def call(self, where: str, trial: Trial) -> str:
        """A fill of an empty tensor."""
        tensor = f"torch.empty({trial.shape}, dtype=torch.{trial.dtype})"
        return f"{where}.{trial.name}({', '.join(filter(None, [tensor, trial.source(1)]))})"
