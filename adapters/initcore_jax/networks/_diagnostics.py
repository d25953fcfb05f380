"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a JAX model."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import diagnostics
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import Network, Weight, describe_network

from ._initialize import Traced, traced
from ._models import Model, understood
from ._walk import Place, walk

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


def signal_report(model: Any, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    The model runs in evaluation mode, forward and backward. Layers inside of loops are not seen.

    Args:
        model: A Flax nnx module, an Equinox module, or a pair `(function, parameters)`; of a Flax
            linen module the pair `(module.apply, variables)`.
        inputs: What the model is called with: an array, a tuple, or a mapping of named arguments;
            the first axis counts the inputs, two or more for correlations.
        seed: Of the random linear function of the outputs whose gradient is taken.

    Raises:
        TypeError: It is no model, or has no values yet.
        ValueError: The model does not take the inputs.

    >>> from initcore_jax import initialize
    >>> net = lambda p, x: (x @ p["a"]) @ p["b"]
    >>> params, _ = initialize((net, {"a": jnp.zeros((32, 32)), "b": jnp.zeros((32, 32))}),
    ...                        "orthogonal", sample_input=jnp.zeros((1, 32)))
    >>> found = signal_report((net, params), jnp.eye(32))
    >>> [round(layer.signal * 32, 4) for layer in found.values()], found.verdict
    ([1.0, 1.0], [])
    """
    known, found, network = _understood(model, inputs, "signal_report")
    layers = found.recorder.layers

    def run(added: dict[str, Any]) -> Any:
        signals: dict[str, Any] = {}

        def tap(place: Place, made: Any) -> Any:
            path = layers.get(place)
            if path is None or path in signals:
                return made
            signals[path] = made + added[path] if path in added else made
            return signals[path]

        y = _first_output(walk(found.jaxpr, found.consts, _given(known, found), tap))
        return (y * jnp.asarray(diagnostics.coefficients(y.shape, seed), y.dtype)).sum(), signals

    shapes = jax.eval_shape(lambda: run({})[1])
    zeros = {path: jnp.zeros(s.shape, s.dtype) for path, s in shapes.items()}
    gradients, signals = jax.grad(run, has_aux=True)(zeros)
    floats = [x for x in found.arrays if jnp.issubdtype(x.dtype, jnp.floating)]
    count = len(found.arrays[0]) if found.arrays and found.arrays[0].ndim else 1
    return diagnostics.signal_report(
        network,
        {path: _counted(_array(s), count) for path, s in signals.items()},
        {path: _counted(_array(g), count) for path, g in gradients.items()},
        {w.path: _variances(known, found, w) for w in network.kernels},
        entering=_array(floats[0]) if floats else None,
        model=known.name,
    )


def jacobian_spectrum(
    model: Any, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    All of them where the smaller side has at most 2048; otherwise the law of one by stochastic
    Lanczos quadrature, from `2 * probes * steps` products with the Jacobian. Inputs that are
    integers are looked up first: the Jacobian is the one by what the embedding puts out.

    Args:
        model: As of `signal_report`.
        inputs: An array, a tuple, or a mapping of named arguments; the first one is differentiated
            by, and its first axis counts independent inputs.
        probes: Random vectors; the error bars come from them.
        steps: Products of each.
        seed: Of the probes.

    Raises:
        TypeError: It is no model, or has no values yet.
        ValueError: The model does not take the inputs, or its output does not depend on them.

    >>> from initcore_jax import initialize
    >>> net = lambda p, x: (x @ p["a"]) @ p["b"]
    >>> params, _ = initialize((net, {"a": jnp.zeros((16, 16)), "b": jnp.zeros((16, 16))}),
    ...                        "orthogonal", sample_input=jnp.zeros((1, 16)))
    >>> found = jacobian_spectrum((net, params), jnp.zeros((1, 16)))
    >>> round(found.mean, 4), found.variance < 1e-9, found.exact
    (1.0, True, True)
    """
    known, found, _ = _understood(model, inputs, "jacobian_spectrum")
    function, x = _differentiable(known, found)
    y, pull = jax.vjp(function, x)
    push = jax.jit(jax.vmap(lambda v: jax.jvp(function, (x,), (v,))[1]))
    pulls = jax.jit(jax.vmap(lambda u: pull(u)[0]))
    return diagnostics.spectrum_of(
        lambda v: _array(push(jnp.asarray(v, x.dtype))),
        lambda u: _array(pulls(jnp.asarray(u, y.dtype))),
        (x.shape, y.shape), probes=probes, steps=steps, seed=seed,
    )  # fmt: skip


def orthogonality(
    model: Any, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer: of its matrix, or of a convolution on circular images.

    Args:
        model: As of `signal_report`.
        sample_input: What the model is called with; guessed for nnx and Equinox if it is left out.
        image: Pixels a side of the images; by default as many as the kernel has taps.

    >>> from flax import nnx
    >>> from initcore_jax import initialize
    >>> net = nnx.Conv(4, 8, (3, 3), rngs=nnx.Rngs(0))
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0]
    """
    known, _, network = _understood(model, sample_input, "orthogonality")
    return diagnostics.orthogonality(network, lambda path: _array(known.weights[path]), image)


def _understood(model: Any, inputs: Any, who: str) -> tuple[Model, Traced, Network]:
    try:
        known = understood(model, inputs, 0)
        found = traced(known, inputs)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("initialize", who)) from error
    if any(isinstance(w, jax.ShapeDtypeStruct) for w in known.weights.values()):
        raise TypeError(
            f"{who} needs a model with values; of a Flax linen module the pair "
            "(module.apply, variables)."
        )
    return known, found, describe_network(found.graph)


def _given(known: Model, found: Traced) -> list[Any]:
    return [*known.weights.values(), *known.state, *map(jnp.asarray, found.arrays)]


def _differentiable(known: Model, found: Traced) -> tuple[Callable[[Any], Any], Any]:
    """The output as a function of the first input, or of what it is looked up as."""
    given = _given(known, found)
    start = len(given) - len(found.arrays)
    floats = [i for i, a in enumerate(found.arrays) if jnp.issubdtype(a.dtype, jnp.floating)]
    if floats and not (found.recorder.tables and floats[0] > 0):
        at = start + floats[0]

        def by_input(x: Any) -> Any:
            values = [*given[:at], x, *given[at + 1 :]]
            return _first_output(walk(found.jaxpr, found.consts, values, lambda _, made: made))

        return by_input, given[at]
    if not found.recorder.tables:
        raise ValueError(
            "jacobian_spectrum needs floating-point inputs, or integers that an embedding takes."
        )
    table, looked_up = found.recorder.tables[0], []

    def keep(place: Place, made: Any) -> Any:
        if place == table:
            looked_up.append(made)
        return made

    walk(found.jaxpr, found.consts, given, keep)

    def by_look_up(x: Any) -> Any:
        return _first_output(walk(
            found.jaxpr, found.consts, given, lambda place, made: x if place == table else made
        ))  # fmt: skip

    return by_look_up, looked_up[0]


def _first_output(outputs: list[Any]) -> Any:
    for y in outputs:
        if jnp.issubdtype(y.dtype, jnp.floating):
            return y
    raise TypeError("a model needs to put out a floating-point array to be looked at.")


def _variances(known: Model, found: Traced, w: Weight) -> tuple[float, float]:
    """Those of a kernel and of its bias."""
    bias = found.recorder.biases.get(w.path)
    return diagnostics.variances(
        w, _array(known.weights[w.path]), None if bias is None else _array(known.weights[bias])
    )


def _counted(values: Any, count: int) -> Any:
    """With the axis that counts the inputs first; `vmap` may have moved it."""
    axes = [i for i, n in enumerate(values.shape) if n == count]
    if not axes:
        return values.reshape(1, -1)
    return np.moveaxis(values, axes[0], 0)


def _array(x: Any) -> Any:
    return np.asarray(x, dtype=np.float64)
