"""What a model is called with, where the caller does not say."""

import contextlib
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn

from initcore import Rng

__all__ = ["guesses", "unpadded", "varied"]

IMAGES = (32, 64, 224)  # pixels; the first that the model takes
TOKENS = 8


def guesses(model: nn.Module) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Calls that may fit: those a Hugging Face model names, then what its first layer takes."""
    main = getattr(model, "main_input_name", None)
    if main == "pixel_values":
        yield from (((), {main: image}) for image in _images(getattr(model, "config", None)))
    if isinstance(main, str):
        with contextlib.suppress(Exception):  # not every model has some
            yield (), dict(cast(Any, model).dummy_inputs)
        tokens = _tokens(model)
        yield (), {"input_ids": tokens}
        yield (), {"input_ids": tokens, "decoder_input_ids": tokens}
    for module in model.modules():
        found = _inputs_of(module)
        if found:
            yield from ((((x,)), {}) for x in found)
            return


def _images(config: Any) -> list[Tensor]:
    channels = getattr(config, "num_channels", 3)
    size = getattr(config, "image_size", None)
    if isinstance(size, (list, tuple)):
        return [torch.zeros(1, channels, *size)]
    sizes = (size,) if isinstance(size, int) else (64, 224)
    return [torch.zeros(1, channels, n, n) for n in sizes]


def _tokens(model: nn.Module) -> Tensor:
    return torch.arange(TOKENS, device=_device(model))[None]


def _device(model: nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def _inputs_of(module: nn.Module) -> list[Tensor]:
    """Arrays that `module` takes as the first layer of a network."""
    weight = next(module.parameters(recurse=False), None)
    if weight is None:
        return []

    def zeros(*sizes: int) -> Tensor:
        return torch.zeros(sizes, dtype=weight.dtype, device=weight.device)

    if isinstance(module, nn.Embedding):
        return [zeros(1, TOKENS).long()]
    if isinstance(module, nn.RNNBase):
        return [zeros(1, TOKENS, module.input_size)]
    if isinstance(module, nn.Linear):
        return [zeros(2, module.in_features), zeros(2, TOKENS, module.in_features)]
    if isinstance(module, nn.modules.conv._ConvNd):
        axes = len(module.kernel_size)
        return [zeros(2, module.in_channels, *[size] * axes) for size in IMAGES]
    return []


def varied(t: Tensor) -> Tensor:
    """Inputs of variance 1 in place of ones that are all the same."""
    if not t.is_floating_point() or t.numel() < 2 or bool((t != t.reshape(-1)[0]).any()):
        return t
    rng = Rng(0, dtype="float32").fold_in("signal check")
    return torch.as_tensor(rng.normal(tuple(t.shape))).to(t)


@contextlib.contextmanager
def unpadded(model: nn.Module) -> Iterator[None]:
    """Other tokens in place of padding, whose rows of 0 a normalization would blow up."""

    def other(module: Any, args: Any) -> Any:
        if not args:  # called by keyword
            return None
        ids, *rest = args
        instead = (module.padding_idx + 1) % module.num_embeddings
        return (ids.masked_fill(ids == module.padding_idx, instead), *rest)

    tables = [m for m in model.modules() if isinstance(m, nn.Embedding)]
    hooks = [m.register_forward_pre_hook(other) for m in tables if m.padding_idx is not None]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
