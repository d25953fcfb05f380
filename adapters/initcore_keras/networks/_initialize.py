"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Collection
from typing import Any

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import INITIALIZE, AskedScheme, Overrides, Paths, Report, described

from ._model import KerasModel

__all__ = ["initialize"]


@described(INITIALIZE)
def initialize(
    model: Any, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Report:  # fmt: skip
    """Give every weight of `model` what `scheme` says for its role, and report it.

    The values are the same on every backend. The numbers that Keras gives to layers without names
    count anew in each model, so that other models made before change nothing.

    Args:
        model: A built Keras model or layer; its weights are assigned in place. Running statistics
            and states of seeds stay.
        sample_input: What the model is called with, if it has no symbolic inputs; a model that is
            not built is built with it. `"lsuv"` needs real data.

    >>> import keras
    >>> net = keras.Sequential([
    ...     keras.Input((8,)), keras.layers.Dense(8, "relu", name="one"),
    ...     keras.layers.Dense(2, name="two"),
    ... ])
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["one/kernel"].weight.activation, report["two/kernel"].weight.role
    ('relu', 'output')
    """
    known = KerasModel("initialize", model, sample_input)
    report: Report = networks.initialize(
        known,
        scheme,
        seed=seed,
        overrides=overrides,
        paths=paths,
        only=only,
        input_scale=input_scale,
        check=signal_check,
    )
    return report
