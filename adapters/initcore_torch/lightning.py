"""For Lightning: `Initialize` before the first step, and `Watch` of the steps.

>>> import lightning
>>> trainer = lightning.Trainer(
...     callbacks=[Initialize("orthogonal", seed=0), Watch(every=100)], logger=False,
...     enable_checkpointing=False, enable_model_summary=False, enable_progress_bar=False,
... )
"""

from typing import Any

import lightning
from lightning.pytorch.utilities import rank_zero_info

from initcore.networks import AskedScheme, Report

from .networks import initialize
from .training._callback import WatchCallback

__all__ = ["Initialize", "Watch"]


class Initialize(lightning.Callback):
    """Gives every weight what `scheme` says when a fit begins, once the model is in its place.

    That is after `configure_model` and after wrapping for several devices. A fit that resumes from
    a checkpoint keeps its weights.

    Args:
        scheme: As of `initcore_torch.initialize`.
        seed: Integer, `0 <= seed < 2**64`.
        module: Path of the network in the LightningModule, such as `"net"`, where the latter has
            no `forward` of its own.
        **more: Further arguments of `initcore_torch.initialize`, such as `overrides` and
            `sample_input`; without the latter, `example_input_array` of the module is used.

    Attributes:
        report: The `initcore.networks.Report`, once a fit has begun.
    """

    def __init__(
        self, scheme: AskedScheme, *, seed: int = 0, module: str = "", **more: Any
    ) -> None:
        self._scheme, self._module, self._more = scheme, module, {"seed": seed, **more}
        self.report: Report | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Lightning calls it after `configure_model` and `strategy.setup`."""
        if trainer.ckpt_path is not None or self.report is not None:
            return
        sample = None if self._module else getattr(pl_module, "example_input_array", None)
        self.report = initialize(
            pl_module.get_submodule(self._module), self._scheme,
            **{"sample_input": sample, **self._more},
        )  # fmt: skip
        rank_zero_info(self.report.headline)


class Watch(WatchCallback, lightning.Callback):
    """Logs what `initcore_torch.training.Watch` sees through the trainer's own loggers.

    A loss that is not finite ends the fit with an `initcore.training.NotFiniteError`, which names
    the first layer.

    Args:
        every: Steps of the optimizer from one look to the next.
        layers: Whether every layer has numbers of its own, beside the extreme ones.
        singular_values: Whether the kernels' largest singular values are followed, too.

    Attributes:
        look: The last `initcore.training.Look`.
    """

    def __init__(
        self, *, every: int = 100, layers: bool = True, singular_values: bool = True
    ) -> None:
        super().__init__(every=every, layers=layers, singular_values=singular_values)
        self._batch: Any = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Finds the layers."""
        self._follow(pl_module)

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Looks, if it is time."""
        self._batch = (batch, batch_idx)
        self._following.begin(trainer.global_step)

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Any) -> None:
        """Stops if the loss is not finite."""
        self._following.check(loss, lambda: pl_module.training_step(*self._batch))

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Logs what was seen."""

        def log(numbers: dict[str, float]) -> None:
            for logger in trainer.loggers:
                logger.log_metrics(numbers, step=trainer.global_step)

        self._log_look(log)

    def on_train_batch_end(self, *given: Any) -> None:
        """Lets the batch go."""
        self._batch = None

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Leaves no hooks."""
        self._unfollow()
