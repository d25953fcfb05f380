"""Callbacks for `model.fit`: `Initialize` before the first step, and `Watch` of the steps.

>>> import keras, numpy as np
>>> from initcore_keras.callbacks import Initialize, Watch
>>> x = np.ones((4, 8), "float32")
>>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
>>> if keras.backend.backend() != "numpy":  # which does not train
...     model.compile("sgd", "mse")
...     watch = Watch(x)
...     past = model.fit(x, x[:, :2], verbose=0, callbacks=[Initialize("orthogonal"), watch])
...     assert "initcore/signal_least" in past.history
"""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from initcore import Rng
from initcore.arguments import short_repr
from initcore.diagnostics import SignalReport, signal_report
from initcore.networks import AskedScheme, Report
from initcore.training import (
    Look,
    NotFiniteError,
    largest_singular_value,
    typical_singular_value,
)

from .networks import initialize
from .networks._model import KerasModel
from .networks._trace import variables_of

__all__ = ["Initialize", "Watch"]

FIRST, NEXT = 12, 2  # products of a power iteration


class Initialize(keras.callbacks.Callback):  # type: ignore[misc]
    """Gives every weight what `scheme` says when a fit begins, once the model is built.

    A fit that goes on, with an optimizer that has made steps, keeps its weights.

    Args:
        scheme: As of `initcore_keras.initialize`.
        seed: Integer, `0 <= seed < 2**64`.
        **more: Further arguments of `initcore_keras.initialize`, such as `overrides`.

    Attributes:
        report: The `initcore.networks.Report`, once a fit has begun.
    """

    def __init__(self, scheme: AskedScheme, *, seed: int = 0, **more: Any) -> None:
        super().__init__()
        self._scheme, self._more = scheme, {"seed": seed, **more}
        self.report: Report | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Keras calls it once the model is built."""
        optimizer = getattr(self.model, "optimizer", None)
        if self.report is None and (optimizer is None or int(optimizer.iterations) == 0):
            self.report = initialize(self.model, self._scheme, **self._more)


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at the model on `inputs` after every `every`-th step.

    A training step of Keras is compiled: the look is a run of its own, on a few inputs, as of
    `signal_report`, whose gradients are those of a random linear function of the outputs. The
    numbers of the last look are in the logs of each epoch, for every callback behind this one:
    `History`, `CSVLogger`, `TensorBoard`, Weights & Biases.

    Args:
        inputs: What the model is called with: some 8 to 32 inputs.
        every: Steps from one look to the next.
        layers: Whether every layer has numbers of its own, beside the extreme ones.
        log: Function of the numbers by name and the step, called at each look, such as
            `mlflow.log_metrics`.

    Attributes:
        report: The last `initcore.diagnostics.SignalReport`.
        look: The last `initcore.training.Look`.
    """

    def __init__(
        self, inputs: Any, *, every: int = 100, layers: bool = True,
        log: Callable[[dict[str, float], int], Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if type(every) is not int or every < 1:
            raise ValueError(
                f"Watch needs every to be an integer >= 1, a number of steps, got "
                f"{short_repr(every)}."
            )
        self._inputs, self._every, self._layers, self._log = inputs, every, layers, log
        self._known: KerasModel | None = None
        self._directions: dict[str, Any] = {}
        self._step = 0
        self.report: SignalReport | None = None
        self.look: Look | None = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks, if it is time.

        Raises:
            NotFiniteError: The loss or a signal is not finite; the error names the first layer.
        """
        step, self._step = self._step, self._step + 1
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(float(loss)):
            self._stop(step)
        if step % self._every == 0:
            self._see(step)
            assert self.look is not None
            if self.look.not_finite is not None:
                self._stop(step)
            if self._log is not None:
                self._log(self.look.numbers(layers=self._layers), step)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds the numbers of the last look to the logs."""
        if logs is not None and self.look is not None:
            logs.update(self.look.numbers(layers=self._layers))

    def _see(self, step: int) -> None:
        model = self.model  # Keras hands the weights of a compiled loop to the layers here
        if self._known is None:
            self._known = KerasModel("signal_report", model, self._inputs)
        self.report = signal_report(self._known, seed=0)
        largest, spread = {}, {}
        for path in self.report:
            w = np.asarray(self._known.values(path), np.float32)
            matrix = w.reshape(-1, w.shape[-1])
            if (typical := float(typical_singular_value(matrix))) > 0:
                largest[path] = self._largest(path, matrix)
                spread[path] = largest[path] / typical
        found = {what: {path: float(value) for path, one in self.report.items()
                        if (value := getattr(one, what)) is not None}
                 for what in ("signal", "gradient", "dead")}  # fmt: skip
        self.look = Look(step, **found, singular_value=largest, spread=spread)

    def _largest(self, path: str, matrix: Any) -> float:
        v = self._directions.get(path)
        steps = FIRST if v is None else NEXT
        v = Rng(0).fold_in(path).normal((matrix.shape[1],)) if v is None else v
        value, self._directions[path] = largest_singular_value(matrix, v, steps)
        return float(value)

    def _stop(self, step: int) -> None:
        """Raise the error that says most."""
        weights = variables_of(self.model)
        broken = [
            path for path, v in weights.items() if not bool(keras.ops.all(keras.ops.isfinite(v)))
        ]
        if broken:
            all_of_them = len(broken) == len(weights)
            raise NotFiniteError(step, "weights" if all_of_them else "weight", broken[0])
        self._see(step)
        found = self.look.not_finite if self.look is not None else None
        raise NotFiniteError(step, "layer", found[0]) if found else NotFiniteError(step, "loss")
