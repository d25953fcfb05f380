"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a JAX model."""

from typing import Any

from initcore import diagnostics
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import described

from ._model import JaxModel

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


@described(diagnostics.SIGNAL_REPORT)
def signal_report(model: Any, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    Layers inside of loops are not seen.

    Args:
        model: A Flax nnx module, an Equinox module, or a pair `(function, parameters)`; of a Flax
            linen module the pair `(module.apply, variables)`.
        inputs: What the model is called with: an array, a tuple, or a mapping of named arguments;
            the first axis counts the inputs, two or more for correlations.

    >>> import jax.numpy as jnp
    >>> from initcore_jax import initialize
    >>> net = lambda p, x: (x @ p["a"]) @ p["b"]
    >>> params, _ = initialize((net, {"a": jnp.zeros((32, 32)), "b": jnp.zeros((32, 32))}),
    ...                        "orthogonal", sample_input=jnp.zeros((1, 32)))
    >>> found = signal_report((net, params), jnp.eye(32))
    >>> [round(layer.signal * 32, 4) for layer in found.values()], found.verdict
    ([1.0, 1.0], [])
    """
    return diagnostics.signal_report(JaxModel("signal_report", model, inputs), seed=seed)


@described(diagnostics.JACOBIAN_SPECTRUM)
def jacobian_spectrum(
    model: Any, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    Args:
        model: As of `signal_report`.
        inputs: An array, a tuple, or a mapping of named arguments; the first one is differentiated
            by, and its first axis counts independent inputs.

    >>> import jax.numpy as jnp
    >>> from initcore_jax import initialize
    >>> net = lambda p, x: (x @ p["a"]) @ p["b"]
    >>> params, _ = initialize((net, {"a": jnp.zeros((16, 16)), "b": jnp.zeros((16, 16))}),
    ...                        "orthogonal", sample_input=jnp.zeros((1, 16)))
    >>> found = jacobian_spectrum((net, params), jnp.zeros((1, 16)))
    >>> round(found.mean, 4), found.variance < 1e-9, found.exact
    (1.0, True, True)
    """
    known = JaxModel("jacobian_spectrum", model, inputs)
    return diagnostics.jacobian_spectrum(known, probes=probes, steps=steps, seed=seed)


@described(diagnostics.ORTHOGONALITY)
def orthogonality(
    model: Any, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer.

    Args:
        model: As of `signal_report`.
        sample_input: What the model is called with; guessed for nnx and Equinox if it is left out.

    >>> from flax import nnx
    >>> from initcore_jax import initialize
    >>> net = nnx.Conv(4, 8, (3, 3), rngs=nnx.Rngs(0))
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0]
    """
    return diagnostics.orthogonality(JaxModel("orthogonality", model, sample_input), image)
