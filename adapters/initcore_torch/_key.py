"""How PyTorch draws: its generators supply keys, and the core does the rest."""

from typing import Any

import torch
from torch import Generator

from initcore.arguments import key_of_seed

__all__ = ["check_source", "key_of"]


def check_source(generator: Any, seed: Any, who: str) -> None:
    """Raise in the caller's words unless there is at most one source, and of the right kind."""
    if seed is not None:
        if generator is not None:
            raise ValueError(f"{who} takes a seed or a generator, got both.")
        key_of_seed(seed, who=who)
    elif generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            f"{who} needs a torch.Generator as generator, got {type(generator).__name__}"
            + (
                "; an integer goes to seed=."
                if isinstance(generator, int)
                else "; of another kind of generator draw a seed=."
            )
        )


def key_of(generator: Generator | None, seed: int | None, who: str) -> tuple[Any, Any]:
    """The key of `seed`, or of one 64-bit number drawn from `generator`.

    Its words are integers, or 0-d `int32` tensors where the number is not known yet.
    """
    if seed is not None:
        return key_of_seed(seed, who=who)
    device = "cpu" if generator is None else generator.device
    word = torch.randint(-(1 << 63), (1 << 63) - 1, (), generator=generator, device=device)
    if torch.compiler.is_compiling() or _differs_by_example(word):
        return (word >> 32).to(torch.int32), (word << 32 >> 32).to(torch.int32)
    number = int(word)
    return (number >> 32) & 0xFFFFFFFF, number & 0xFFFFFFFF


def _differs_by_example(word: Any) -> bool:
    """Whether it is one of `torch.func.vmap`'s tensors, with `randomness="different"`."""
    return bool(torch._C._functorch.is_batchedtensor(word))
