"""`initialize(model, scheme)`: every weight of a model from its role."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from initcore import Rng, specs
from initcore.arguments import one_line
from initcore.networks import (
    Assignment,
    Graph,
    Parameter,
    Report,
    describe_network,
    needs_data,
    plan,
    progress,
)

from .._fill import write
from .._layout import layout_of
from .._tensor import check_module, check_tensor, has_values, in_place
from ._inputs import as_call, guesses
from ._lsuv import lsuv
from ._parameters import is_quantized, recurrent_parameters, tied_paths
from ._trace import trace

__all__ = ["initialize", "traced"]


def initialize(
    model: nn.Module,
    scheme: Any,
    *,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    sample_input: Any = None,
    paths: Mapping[str, str] | Callable[[str], str] | None = None,
) -> Report:
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Roles come from a forward pass that computes shapes only. A weight's values depend on `seed` and
    its path alone, not on the order in which modules were made. Everything is decided and checked
    before the first weight is written. Frozen weights keep their values unless they are named.

    Args:
        model: Its weights are written in place; modes, buffers and gradients stay.
        scheme: `"orthogonal"`, `"delta_orthogonal"`, `"conv_orthogonal"`, `"sparse_orthogonal"`,
            `"mirrored"`, `"idinit"`, `"fixup"`, `"zero"`, `"lsuv"`, or any initializer's name for
            all kernels; `(name, parameters)`; or a mapping from patterns of paths and from roles to
            initializers, which leaves everything else alone.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths and from roles to an initializer's name, to
            `(name, parameters)`, or to None for what is to be left alone.
        sample_input: What the model is called with: a tensor, a tuple, or a mapping of named
            arguments. Guessed from the first layer if it is left out; `"lsuv"` needs real data.
        paths: Names to make keys from instead of the model's, for equal weights in two models.

    Raises:
        TypeError, ValueError: An argument is wrong, or the network is not made for the scheme.

    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["0.weight"].weight.activation, report["2.weight"].weight.role
    ('relu', 'output')
    """
    check_module("initialize", model)
    quantized = [path for path, module in model.named_modules() if is_quantized(module)]
    if quantized:
        raise TypeError(
            f"initialize cannot set the quantized weights of {', '.join(quantized[:3])}"
            f"{', ...' if len(quantized) > 3 else ''}; initialize the model before it is quantized."
        )
    network = describe_network(traced(model, sample_input))
    assignments = plan(network, scheme, seed=seed, overrides=overrides, paths=paths)
    data_dependent = needs_data(scheme)
    if data_dependent and sample_input is None:
        raise ValueError("initialize needs sample_input, a batch of real data, for scheme 'lsuv'.")
    named = dict(model.named_parameters())
    for a in assignments:
        if a.name is not None:
            check_tensor(named[a.weight.path], f"initialize: {a.weight.path}")
    report = Report(assignments, network, scheme=scheme, seed=seed, model=type(model).__name__)
    with _as_it_was([named[a.weight.path] for a in assignments if a.name and data_dependent]):
        for a in progress(assignments, "initialize"):
            _write(named[a.weight.path], a, seed)
        if data_dependent:
            report.scales = lsuv(model, report, *as_call(sample_input))
    return report


@contextlib.contextmanager
def _as_it_was(tensors: Sequence[torch.Tensor]) -> Iterator[None]:
    """On an error the tensors get their values back: data may turn out to be of no use."""
    before = [t.detach().clone() for t in tensors]
    try:
        yield
    except BaseException:
        for tensor, values in zip(tensors, before, strict=True):
            with in_place(tensor):
                tensor.copy_(values)
        raise


def _write(tensor: torch.Tensor, a: Assignment, seed: int) -> None:
    if a.name is None or not has_values(tensor):
        return
    key = Rng(seed).fold_in(a.key).key
    rng = Rng.from_key(key, xp=torch, dtype=tensor.dtype, device=tensor.device)
    write(specs[a.name], rng, a.shape, dict(a.parameters), tensor, a.layout)


def traced(model: nn.Module, sample_input: Any = None, who: str = "initialize") -> Graph:
    """The model's graph; of names alone where no call of it can be guessed.

    Raises:
        ValueError: The model does not take `sample_input`.
    """
    if sample_input is not None:
        args, kwargs = as_call(sample_input)
        try:
            return trace(model, args, kwargs)
        except Exception as error:
            raise ValueError(
                f"{who} could not call {type(model).__name__} with what it was given: "
                f"{one_line(error)}"
            ) from error
    reason = "no input to call it with could be guessed; pass sample_input"
    for args, kwargs in guesses(model):
        try:
            return trace(model, args, kwargs)
        except Exception as error:
            last = str(error).splitlines() or [type(error).__name__]
            reason = f"calling it with a guessed input failed: {last[0][:120]}; pass sample_input"
    return _by_modules(model, reason)


def _by_modules(model: nn.Module, reason: str) -> Graph:
    """What the modules alone tell."""
    modules = dict(model.named_modules())
    recurrent, ties = recurrent_parameters(model), tied_paths(model)
    parameters = []
    for path, p in model.named_parameters():
        prefix, _, name = path.rpartition(".")
        facts = recurrent.get(path) or _facts(modules[prefix], name, p)
        facts |= {"aliases": ties.get(path, ()), "frozen": not p.requires_grad}
        parameters.append(Parameter(path, tuple(p.shape), **facts))
    return Graph((), parameters, traced=False, note=reason)


def _facts(module: nn.Module, name: str, p: torch.Tensor) -> dict[str, Any]:
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return {"kind": "embedding"}
    norms = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
    if isinstance(module, norms):
        return {"kind": "scale" if name == "weight" else "shift"}
    if name.endswith("bias"):
        return {"kind": "bias"}
    if p.ndim >= 2:
        transposed = isinstance(module, nn.modules.conv._ConvTransposeNd)
        groups = getattr(module, "groups", 1)
        layout = layout_of(tuple(p.shape), groups, transposed)
        depthwise = groups > 1 and groups == getattr(module, "in_channels", 0)
        return {
            "kind": "kernel", "layout": layout, "transposed": transposed, "depthwise": depthwise,
        }  # fmt: skip
    return {"kind": "other", "note": "of unknown use"}
