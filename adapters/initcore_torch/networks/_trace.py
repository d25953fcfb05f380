"""The graph of a model, recorded from a forward pass on tensors that hold no numbers."""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from initcore.networks import Graph, Parameter

from ._nested import mapped, tensors
from ._parameters import parameters_of
from ._recorder import Recorder
from ._shadow import standing_in, unhooked, unwrapped
from ._untouched import evaluating
from ._weights import computed_weights, standing_still

__all__ = ["trace"]


def trace(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Graph:
    """The graph of `model(*args, **kwargs)` in evaluation mode; the model stays as it is.

    The pass computes shapes only; a model whose control flow needs the numbers is run with them.
    """
    given, parameters = (args, dict(kwargs)), parameters_of(model)
    try:
        with evaluating(unwrapped(model)), _quiet():
            return _of_shapes(model, parameters, given)
    except Exception as error:
        if not _has_numbers(model, given):
            raise
        reason = error
    with evaluating(unwrapped(model)):
        try:
            copies = mapped(lambda t: t.detach().clone(), given)
            return _recorded(model, parameters, dict(model.named_parameters()), copies)
        except Exception as error:
            raise error from reason


def _of_shapes(model: nn.Module, parameters: list[Parameter], given: Any) -> Graph:
    weights = dict(model.named_parameters())
    device = next((t.device for t in tensors(given)), None)
    if device is None:
        device = next((t.device for t in weights.values()), torch.device("cpu"))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        met = standing_in(unwrapped(model), weights, device)
        return _recorded(model, parameters, met, mapped(mode.from_tensor, given))


def _recorded(
    model: nn.Module, parameters: list[Parameter], weights: Mapping[str, Tensor], given: Any
) -> Graph:
    inner = unwrapped(model)
    args, kwargs = given
    with unhooked(inner), standing_still(computed_weights(model)) as computed, torch.no_grad():
        recorder = Recorder({**weights, **computed})
        recorder.inputs(tensors(given))
        with recorder:
            made = inner(*args, **kwargs)
    return recorder.graph(parameters, made)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyTorch from logging an error on shapes: it is raised, or the model is run again."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _has_numbers(model: nn.Module, given: Any) -> bool:
    """Whether the model can be run with numbers: all of it is here."""
    every = [*model.parameters(), *tensors(given)]
    return all(type(t) in (Tensor, nn.Parameter) and t.device.type != "meta" for t in every)
