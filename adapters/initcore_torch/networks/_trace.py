"""The graph of a model, recorded from a forward pass on tensors that hold no numbers."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from initcore.networks import Graph, Parameter, uncollected

from .._distributed import is_distributed
from ._nested import mapped, tensors
from ._parameters import parameters_of
from ._recorder import Recorder, UnsuitableError
from ._shadow import standing_in, unhooked, unwrapped
from ._untouched import evaluating
from ._weights import computed_weights, standing_still

__all__ = ["trace"]

Way = Callable[[nn.Module, list[Parameter], Any], Graph]

FEW_WEIGHTS, FEW_INPUTS = 2**21, 2**22  # elements of a model that may run in no time
# Elements, at most, of all that it makes: 256 MB; more, and shapes are faster.
FEW_MADE = 2**26
FAST = (torch.float32, torch.float64)  # where there are many weights


def trace(model: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Graph:
    """The graph of `model(*args, **kwargs)` in evaluation mode; the model stays as it is.

    The pass computes shapes only, unless numbers are faster or the model's control flow needs them.
    """
    given, parameters = (args, dict(kwargs)), parameters_of(model)
    ways: list[Way] = [_of_shapes]
    if _has_numbers(model, given):
        ways.append(_of_numbers)
        if _is_small(model, given):
            ways.insert(0, partial(_of_numbers, most=FEW_MADE))
    reason: Exception | None = None
    for way in ways:
        try:
            with evaluating(unwrapped(model)), _quiet():
                return way(model, parameters, given)
        except UnsuitableError:
            continue
        except Exception as error:
            reason = reason or error
    assert reason is not None
    raise reason


def _of_numbers(
    model: nn.Module, parameters: list[Parameter], given: Any, most: int | None = None
) -> Graph:
    """A pass on copies of the inputs, and of all weights unless it is limited."""
    weights: dict[str, Tensor] = dict(model.named_parameters())
    met = weights
    if most is None:
        met = standing_in(unwrapped(model), weights, lambda t: t.detach().clone())
    return _recorded(model, parameters, met, mapped(lambda t: t.detach().clone(), given), most)


def _of_shapes(model: nn.Module, parameters: list[Parameter], given: Any) -> Graph:
    weights = dict(model.named_parameters())
    device = next((t.device for t in tensors(given)), None)
    if device is None:
        device = next((t.device for t in weights.values()), torch.device("cpu"))
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        inner = unwrapped(model)
        instead = partial(_shaped, device=device, statistics=_statistics(inner))
        met = standing_in(inner, weights, instead)
        return _recorded(model, parameters, met, mapped(mode.from_tensor, given))


def _recorded(
    model: nn.Module, parameters: list[Parameter], weights: Mapping[str, Tensor], given: Any,
    most: int | None = None,
) -> Graph:  # fmt: skip
    inner = unwrapped(model)
    args, kwargs = given
    with unhooked(inner), standing_still(computed_weights(model)) as computed, torch.no_grad():
        recorder = Recorder({**weights, **computed}, most)
        recorder.inputs(tensors(given))
        with recorder, uncollected():
            made = inner(*args, **kwargs)
    return recorder.graph(parameters, made)


def _shaped(t: Tensor, device: torch.device, statistics: set[int]) -> Tensor:
    """A tensor of the same shape without numbers, that of the whole for a sharded one.

    Itself if its numbers may be asked for, or if it is of another kind.
    """
    here = t.device == device and not is_distributed(t)
    known = type(t) is nn.Parameter or id(t) in statistics
    if t.numel() == 1 or (here and not known):
        return t
    return torch.empty(t.shape, dtype=t.dtype, device=device)


def _statistics(model: nn.Module) -> set[int]:
    """The running means and variances of normalizations."""
    norms = (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._NormBase))
    return {id(t) for m in norms for t in m.buffers(recurse=False)}


def _is_small(model: nn.Module, given: Any) -> bool:
    weights = list(model.parameters())
    few = sum(t.numel() for t in weights) <= FEW_WEIGHTS
    fast = all(t.dtype in FAST and t.device.type == "cpu" for t in weights)
    return (few or fast) and sum(t.numel() for t in tensors(given)) <= FEW_INPUTS


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyTorch from logging an error on shapes: it is raised, or the model is run again."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")

    def never(record: logging.LogRecord) -> bool:
        return False

    logger.addFilter(never)  # its own: other threads may add and remove theirs
    try:
        yield
    finally:
        logger.removeFilter(never)


def _has_numbers(model: nn.Module, given: Any) -> bool:
    """Whether the model can be run with numbers: all of it is here."""
    every = [*model.parameters(), *tensors(given)]
    return all(type(t) in (Tensor, nn.Parameter) and t.device.type != "meta" for t in every)
