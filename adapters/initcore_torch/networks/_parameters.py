"""What modules know of their parameters that the operations do not show."""

from typing import Any

from torch import nn

from initcore.spec import Layout

__all__ = ["is_quantized", "recurrent_parameters", "tied_paths"]

QUANTIZED = ("torch.ao.nn.quantized", "torch.nn.quantized", "bitsandbytes")
GATES = {"RNN": 1, "RNNCell": 1, "LSTM": 4, "LSTMCell": 4, "GRU": 3, "GRUCell": 3}


def recurrent_parameters(model: nn.Module) -> dict[str, dict[str, Any]]:
    """Kind, layout and gates of the parameters of recurrent modules, by path."""
    found: dict[str, dict[str, Any]] = {}
    for prefix, module in model.named_modules():
        if not isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            continue
        gates = next((GATES[c.__name__] for c in type(module).__mro__ if c.__name__ in GATES), 1)
        for name, p in module.named_parameters(recurse=False):
            path = f"{prefix}.{name}" if prefix else name
            if p.ndim == 2:
                parts = 1 if "_hr" in name else gates
                layout = Layout((0,), (1,))
                found[path] = {"kind": "recurrent", "layout": layout, "parts": parts}
            else:
                found[path] = {"kind": "bias"}
    return found


def tied_paths(model: nn.Module) -> dict[str, tuple[str, ...]]:
    """For every parameter with several names the other ones, under the first."""
    names: dict[int, list[str]] = {}
    for path, p in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(p), []).append(path)
    return {paths[0]: tuple(paths[1:]) for paths in names.values() if len(paths) > 1}


def is_quantized(module: nn.Module) -> bool:
    """Whether a module keeps weights as packed integers, which are no parameters."""
    packed = hasattr(module, "_packed_params") or hasattr(module, "_all_weight_values")
    return packed or type(module).__module__.startswith(QUANTIZED)
