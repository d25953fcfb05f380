"""`plan(model, scheme)`: decided once, written into any copy of the model."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import PLAN, AskedScheme, Overrides, Paths, Plan, Report, described

from ._model import KerasModel

__all__ = ["plan"]


@described(PLAN)
def plan(
    model: Any, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Plan:  # fmt: skip
    """What `initialize` would give every weight of `model`.

    Args:
        model: A built Keras model or layer; it is only looked at.
        sample_input: What the model is called with, if it has no symbolic inputs.

    >>> import keras
    >>> net = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8, "relu", name="one")])
    >>> made = plan(net, "orthogonal", seed=1)
    >>> report = made.apply(net)
    >>> made.fingerprint(net) == f"initcore plan {made.hash}"
    True
    """
    return networks.make_plan(
        KerasModel("plan", model, sample_input), scheme, seed=seed, overrides=overrides,
        paths=paths, only=only, input_scale=input_scale,
    )  # fmt: skip


class _Planned(KerasModel):
    """A model by the paths of its weights, which are the same in every copy."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {path: tuple(v.shape) for path, v in self._weights.items()}

    def parts(self, path: str) -> Iterator[tuple[tuple[int, ...], Any, float]]:
        values = self.values(path)
        dtype = str(self._weights[path].dtype)
        if values is not None:
            eps = float(ml_dtypes.finfo(dtype).eps)  # type: ignore[no-untyped-call]
            yield (0,) * np.ndim(values), np.asarray(values), eps


def _apply(plan: Plan, model: Any, sample: Any) -> Report:
    known = _Planned("Plan.apply", model, sample)
    report: Report = networks.apply_to(plan, known, signal_check if sample is not None else None)
    return report


def _verify(plan: Plan, model: Any) -> None:
    networks.verify(plan, _Planned("Plan.fingerprint", model, None))


networks.register_applier(("keras",), networks.Applier(_apply, _verify))
