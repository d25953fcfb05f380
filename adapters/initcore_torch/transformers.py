"""For the `Trainer` of transformers: `Initialize` before the first step, and `Watch` of the steps.

A callback of transformers knows no trainer, and is told how to log:

    trainer.add_callback(Watch(trainer.log, every=100))
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers import TrainerCallback

from initcore.networks import AskedScheme, Report

from . import training
from .networks import initialize

__all__ = ["Initialize", "Watch"]


class Initialize(TrainerCallback):
    """Gives every weight what `scheme` says when training begins, once the model is in its place.

    Training that resumes from a checkpoint keeps its weights. So do weights that `from_pretrained`
    has loaded.

    Args:
        scheme: As of `initcore_torch.initialize`.
        seed: Integer, `0 <= seed < 2**64`.
        **more: Further arguments of `initcore_torch.initialize`, such as `overrides`.

    Attributes:
        report: The `initcore.networks.Report`, once training has begun.
    """

    def __init__(self, scheme: AskedScheme, *, seed: int = 0, **more: Any) -> None:
        self._scheme, self._seed, self._more = scheme, seed, more
        self.report: Report | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """The trainer calls it once the model is wrapped and a checkpoint is loaded."""
        if state.global_step == 0 and self.report is None:
            self.report = initialize(given["model"], self._scheme, seed=self._seed, **self._more)


class Watch(TrainerCallback):
    """Hands what `initcore_torch.training.Watch` sees to `log`.

    A loss of the model, or an output without one, that is not finite ends the training with an
    `initcore.training.NotFiniteError`, which names the first layer.

    Args:
        log: The trainer's own: `trainer.log`.
        every: Steps of the optimizer from one look to the next.
        layers: Whether every layer has numbers of its own, beside the extreme ones.
        singular_values: Whether the kernels' largest singular values are followed, too.

    Attributes:
        look: The last `initcore.training.Look`.
    """

    def __init__(
        self, log: Callable[[dict[str, float]], Any], *, every: int = 100, layers: bool = True,
        singular_values: bool = True,
    ) -> None:  # fmt: skip
        self._log, self._layers = log, layers
        self._how: dict[str, Any] = {"every": every, "singular_values": singular_values}
        self._watch: training.Watch | None = None
        self._handle: Any = None
        self._call: Any = None
        self.look: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Finds the layers."""
        self.on_train_end(args, state, control)
        self._watch = training.Watch(given["model"], **self._how)
        self._handle = given["model"].register_forward_hook(self._keep, with_kwargs=True)

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Looks, if it is time."""
        assert self._watch is not None
        self._watch.begin(state.global_step)

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Stops if the loss is not finite, and logs what was seen."""
        assert self._watch is not None
        if self._call is not None:
            model, call, kwargs, loss = self._call
            self._call = None
            self._watch.check(loss, lambda: model.forward(*call, **kwargs))
        look = self._watch.end()
        if look is not None:
            self.look = look
            self._log(look.numbers(layers=self._layers))

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Leaves no hooks."""
        if self._handle is not None:
            self._handle.remove()
        if self._watch is not None:
            self._watch.close()
        self._handle = self._call = None

    def _keep(self, model: nn.Module, call: Any, kwargs: Any, output: Any) -> None:
        if model.training:
            found = getattr(output, "loss", None)
            found = found if isinstance(found, Tensor) else getattr(output, "logits", None)
            self._call = model, call, kwargs, found
