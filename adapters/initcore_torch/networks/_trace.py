"""The graph of a model, recorded from a forward pass on tensors that hold no numbers."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from initcore.networks import Graph

from ._evaluating import evaluating
from ._nested import mapped, tensors
from ._recorder import Recorder

__all__ = ["trace"]


def trace(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Graph:
    """The graph of `model(*args, **kwargs)` in evaluation mode; the model stays as it is.

    The pass computes shapes only; a model whose control flow needs the numbers is run with them.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    given = (args, dict(kwargs))
    try:
        with evaluating(model), _quiet(), FakeTensorMode(allow_non_fake_inputs=True) as mode:
            return _record(model, *mapped(mode.from_tensor, given))
    except Exception as error:
        if not _needs_numbers(error):
            raise
    with evaluating(model):
        return _record(model, *given)


def _record(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Graph:
    recorder = Recorder(model)
    recorder.inputs(tensors((args, kwargs)))
    with torch.no_grad(), recorder:
        model(*args, **kwargs)
    return recorder.graph()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyTorch from logging an error on shapes: it is raised, or the model is run again."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _needs_numbers(error: BaseException) -> bool:
    names = [kind.__name__ for kind in type(error).__mro__]
    return "UnsupportedFakeTensorException" in names or any("DataDependent" in n or
        "DynamicOutputShape" in n or "GuardOnDataDependent" in n for n in names) or (
        "FakeTensor" in str(error) or "meta" in str(error).lower())  # fmt: skip
