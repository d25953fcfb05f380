"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a Keras model."""

from typing import Any

from initcore import diagnostics
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import described

from ._model import KerasModel

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


@described(diagnostics.SIGNAL_REPORT)
def signal_report(model: Any, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    On the NumPy backend there are no gradients.

    Args:
        model: A Keras model or layer.
        inputs: What it is called with: a tensor or array, nested ones as the model takes them, or
            `((...), {...})`; the first axis counts the inputs, two or more for correlations.

    >>> import keras, numpy as np
    >>> from initcore_keras import initialize
    >>> made = [keras.layers.Dense(32, use_bias=False, name=n) for n in "abc"]
    >>> net = keras.Sequential([keras.Input((32,)), *made])
    >>> report = initialize(net, "orthogonal")
    >>> found = signal_report(net, np.eye(32))
    >>> [round(layer.signal * 32, 4) for layer in found.values()], found.verdict
    ([1.0, 1.0, 1.0], [])
    """
    return diagnostics.signal_report(KerasModel("signal_report", model, inputs), seed=seed)


@described(diagnostics.JACOBIAN_SPECTRUM)
def jacobian_spectrum(
    model: Any, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    On the NumPy backend, which has no derivatives, it raises a `NotImplementedError`.

    Args:
        model: A Keras model or layer.
        inputs: As of `signal_report`; the first one is differentiated by, and its first axis counts
            independent inputs.

    >>> import keras, numpy as np
    >>> from initcore_keras import initialize
    >>> net = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16), keras.layers.Dense(16)])
    >>> report = initialize(net, "orthogonal")
    >>> if keras.backend.backend() != "numpy":
    ...     found = jacobian_spectrum(net, np.zeros((1, 16)))
    ...     assert abs(found.mean - 1) < 1e-5 and found.exact
    """
    known = KerasModel("jacobian_spectrum", model, inputs)
    return diagnostics.jacobian_spectrum(known, probes=probes, steps=steps, seed=seed)


@described(diagnostics.ORTHOGONALITY)
def orthogonality(
    model: Any, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer.

    Args:
        model: A Keras model or layer.
        sample_input: What it is called with, if it has no symbolic inputs.

    >>> import keras
    >>> from initcore_keras import initialize
    >>> net = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(8, 3, name="one")])
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0]
    """
    return diagnostics.orthogonality(KerasModel("orthogonality", model, sample_input), image)
