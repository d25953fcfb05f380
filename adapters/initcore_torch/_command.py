"""What `initcore init` asks of PyTorch."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from initcore.networks import Report

from .networks import initialize

__all__ = ["initialized"]

# The names that safetensors has for dtypes.
NAMES = {torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32", torch.float64: "F64",
         torch.int8: "I8", torch.int16: "I16", torch.int32: "I32", torch.int64: "I64",
         torch.uint8: "U8", torch.bool: "BOOL", torch.complex64: "C64"}  # fmt: skip


def initialized(
    given: nn.Module | Path, scheme: str, seed: int, dtype: str | None
) -> tuple[Report, dict[str, Any], str]:
    """The report, the tensors as safetensors has them, and the format's name.

    Args:
        given: A model, or the path of a configuration of transformers.
        scheme, seed: As of `initialize`.
        dtype: Of a model of transformers.
    """
    model: nn.Module
    if isinstance(given, Path):
        from transformers import AutoConfig

        from .transformers import init_transformers

        config = AutoConfig.from_pretrained(given)
        model, report = init_transformers(config, scheme, seed=seed, dtype=dtype)
    else:
        model, report = given, initialize(given, scheme, seed=seed)
    found, seen = {}, set()
    for name, t in model.state_dict().items():
        place = (t.data_ptr(), tuple(t.shape), t.dtype)
        if isinstance(t, Tensor) and not (t.numel() and place in seen):  # not a tied weight again
            seen.add(place)
            data = t.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
            found[name] = (NAMES[t.dtype], tuple(t.shape), data)
    return report, found, "pt"
