"""What modules know of their parameters that the operations do not show."""

from typing import Any

import torch
from torch import Tensor, nn

from initcore.networks import Parameter
from initcore.spec import Layout

from .._layout import layout_of
from .._override import is_loaded
from ._shadow import plain_name
from ._weights import Computed, computed_weights

__all__ = ["is_lazy", "is_quantized", "parameters_of"]

QUANTIZED = ("torch.ao.nn.quantized", "torch.nn.quantized", "bitsandbytes")
GATES = {"RNN": 1, "RNNCell": 1, "LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3}
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
FEW = 2**16  # elements that are compared to find whether they are all the same number


def parameters_of(model: nn.Module) -> list[Parameter]:
    """Every parameter with what its module tells of it; the rest is for the graph to find."""
    modules, ties = dict(model.named_modules()), _tied_paths(model)
    computed = computed_weights(model)
    first, hidden = {}, set()
    for path, c in computed.items():
        start = path[: len(path) - len(c.name)]
        hidden |= {start + own for own in c.originals}
        first.update({start + own: path for own in c.originals[:1]})
    found = []
    for path, p in model.named_parameters():
        if path in first:
            found.append(_computed(model, first[path], computed[first[path]], p))
        if path in hidden:
            continue
        prefix, _, name = path.rpartition(".")
        module = modules[prefix]
        key = plain_name(model, path)
        found.append(
            Parameter(
                path,
                tuple(p.shape),
                frozen=not p.requires_grad,
                aliases=ties.get(path, ()),
                key="" if key == path else key,
                told=_told(module, name, p),
                value=_value(p),
                starts=_starts(module, name),
                forget=_forget(module, name),
                keep=_keep(module, name, p),
                complex_=p.is_complex(),
            )
        )
    return found


def _computed(model: nn.Module, path: str, c: Computed, p: Tensor) -> Parameter:
    """A kernel that a parametrization computes, as if it were a parameter."""
    with torch.no_grad():
        told = _told(c.module, c.name, c.value)
    key = plain_name(model, path)
    originals = _originals(c)
    frozen = not any(t.requires_grad for t in originals)
    keep = next((why for t in originals if (why := _keep(c.module, c.name, t))), c.refusal)
    return Parameter(path, c.shape, frozen=frozen, key="" if key == path else key, told=told,
                     keep=keep, note="set through its parametrization")  # fmt: skip


def _originals(c: Computed) -> list[Tensor]:
    own = dict(c.module.named_parameters())
    return [own[name] for name in c.originals]


def _told(module: nn.Module, name: str, p: Tensor) -> dict[str, Any]:
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        return _recurrent(module, name, p)
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return {"kind": "embedding"}
    if isinstance(module, NORMS):
        return {"kind": "scale" if name == "weight" else "shift"}
    if name.endswith("bias"):
        return {"kind": "bias"}
    if isinstance(module, nn.modules.conv._ConvNd):
        transposed, groups = isinstance(module, nn.modules.conv._ConvTransposeNd), module.groups
        return {
            "kind": "kernel", "layout": layout_of(tuple(p.shape), groups, transposed),
            "transposed": transposed, "depthwise": 1 < groups == module.in_channels,
        }  # fmt: skip
    if isinstance(module, nn.Bilinear) and p.ndim == 3:
        return {"kind": "kernel", "layout": Layout((0,), (1, 2))}
    if type(module).__name__ == "Conv1D" and p.ndim == 2:  # GPT-2's, a transposed linear layer
        return {"kind": "kernel", "layout": Layout((1,), (0,))}
    if p.ndim == 2 and (isinstance(module, nn.Linear) or name.endswith("weight")):
        return {"kind": "kernel", "layout": layout_of(tuple(p.shape))}
    return {"kind": "other", "note": "of unknown use; the forward pass does not reach it"}


def _recurrent(module: nn.Module, name: str, p: Tensor) -> dict[str, Any]:
    gates = next((GATES[c.__name__] for c in type(module).__mro__ if c.__name__ in GATES), 1)
    if p.ndim != 2:
        return {"kind": "bias"}
    parts = 1 if "_hr" in name else gates
    return {"kind": "recurrent", "layout": Layout((0,), (1,)), "parts": parts}


def _value(p: Tensor) -> float | None:
    """The number that every element is now; None where they differ or cannot be seen."""
    plain = type(p) in (Tensor, nn.Parameter) and p.device.type != "meta" and p.is_floating_point()
    if not plain or not 0 < p.numel() <= FEW or p.is_complex():
        return None
    first = p.detach().reshape(-1)[0]
    same = bool((p.detach() == first).all())
    return float(first) if same else None


def _starts(module: nn.Module, name: str) -> tuple[tuple[int, int, float], ...]:
    row = getattr(module, "padding_idx", None)
    if name == "weight" and isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and row is not None:
        return ((row, row + 1, 0.0),)
    return ()


def _forget(module: nn.Module, name: str) -> tuple[int, int] | None:
    """The rows of an LSTM's bias that shift its forget gate: one of its two biases."""
    lstm = isinstance(module, (nn.LSTM, nn.LSTMCell))
    if lstm and name.startswith("bias_ih"):
        n = int(str(module.hidden_size))
        return n, 2 * n
    return None


def _keep(module: nn.Module, name: str, p: Tensor) -> str:
    """Why the module's own start is kept, if it says so."""
    if is_loaded(p):
        return "it was loaded, as transformers marks it"
    if getattr(p, "_no_reinit", False):  # as state-space models mark a time step's bias
        return "its module marks it as one not to initialize again"
    return ""


def _tied_paths(model: nn.Module) -> dict[str, tuple[str, ...]]:
    """For every parameter with several names the other ones, under the first."""
    names: dict[int, list[str]] = {}
    for path, p in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(p), []).append(path)
    return {paths[0]: tuple(paths[1:]) for paths in names.values() if len(paths) > 1}


def is_quantized(module: nn.Module) -> bool:
    """Whether a module keeps weights as packed integers, which are no parameters."""
    packed = hasattr(module, "_packed_params") or hasattr(module, "_all_weight_values")
    return packed or type(module).__module__.startswith(QUANTIZED)


def is_lazy(p: Any) -> bool:
    """Whether a parameter has no shape yet."""
    return bool(torch.nn.parameter.is_lazy(p))
