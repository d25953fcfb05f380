"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a Keras model."""

from collections.abc import Callable
from typing import Any

import keras

from initcore import diagnostics
from initcore.arguments import one_line
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import Network, Weight, describe_network

from ._derivatives import array, gradients, linearized
from ._taps import kernel_of, tapped
from ._trace import call_of, trace, variables_of

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


def signal_report(model: Any, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    The model runs in inference mode, forward and backward, and stays as it is. On the NumPy backend
    there are no gradients.

    Args:
        model: A Keras model or layer.
        inputs: What it is called with: a tensor or array, nested ones as the model takes them, or
            `((...), {...})`; the first axis counts the inputs, two or more for correlations.
        seed: Of the random linear function of the outputs whose gradient is taken.

    Raises:
        TypeError: It is no Keras model, or puts out no tensor.
        ValueError: The model does not take the inputs.

    >>> import numpy as np
    >>> from initcore_keras import initialize
    >>> made = [keras.layers.Dense(32, use_bias=False, name=n) for n in "abc"]
    >>> net = keras.Sequential([keras.Input((32,)), *made])
    >>> report = initialize(net, "orthogonal")
    >>> found = signal_report(net, np.eye(32))
    >>> [round(layer.signal * 32, 4) for layer in found.values()], found.verdict
    ([1.0, 1.0, 1.0], [])
    """
    network = _network(model, inputs, "signal_report")
    variables = variables_of(model)
    paths = {id(v): path for path, v in variables.items()}
    owners: dict[str, Any] = {}
    args, kwargs = _tensors(inputs)

    def run(name: Callable[[str, Any], Any]) -> Any:
        def tap(layer: Any, made: Any) -> Any:
            path = paths.get(id(kernel_of(layer)))
            if path is None:
                return None
            owners.setdefault(path, layer)
            return name(path, made)

        with tapped(tap):
            return _called(model, args, kwargs, "signal_report")

    signals, slopes = gradients(run, lambda shape: diagnostics.coefficients(shape, seed))
    given = [x for x in keras.tree.flatten((list(args), dict(kwargs))) if _is_float(x)]
    return diagnostics.signal_report(
        network,
        {path: array(s) for path, s in signals.items()},
        {path: array(g) for path, g in slopes.items()},
        {
            w.path: _variances(w, variables[w.path], owners[w.path])
            for w in network.kernels
            if w.path in owners
        },
        entering=array(given[0]) if given else None,
        model=model.name,
    )


def jacobian_spectrum(
    model: Any, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    All of them where the smaller side has at most 2048; otherwise the law of one by stochastic
    Lanczos quadrature, from `2 * probes * steps` products with the Jacobian. Inputs that are
    integers are looked up first: the Jacobian is the one by what the embedding puts out.

    Args:
        model: A Keras model or layer.
        inputs: As of `signal_report`; the first one is differentiated by, and its first axis counts
            independent inputs.
        probes: Random vectors; the error bars come from them.
        steps: Products of each.
        seed: Of the probes.

    Raises:
        TypeError: It is no Keras model, or puts out no tensor.
        ValueError: The model does not take the inputs, or its output does not depend on them.
        NotImplementedError: The backend is NumPy, which has no derivatives.

    >>> import numpy as np
    >>> from initcore_keras import initialize
    >>> net = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16), keras.layers.Dense(16)])
    >>> report = initialize(net, "orthogonal")
    >>> if keras.backend.backend() != "numpy":
    ...     found = jacobian_spectrum(net, np.zeros((1, 16)))
    ...     assert abs(found.mean - 1) < 1e-5 and found.exact
    """
    _checked(model, "jacobian_spectrum")
    args, kwargs = _tensors(inputs)
    function, x = _differentiable(model, args, kwargs)
    y, push, pull = linearized(function, x)
    return diagnostics.spectrum_of(
        push, pull, (tuple(x.shape), tuple(y.shape)), probes=probes, steps=steps, seed=seed
    )


def orthogonality(
    model: Any, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer: of its matrix, or of a convolution on circular images.

    Args:
        model: A Keras model or layer.
        sample_input: What it is called with, where it has no symbolic inputs of its own.
        image: Pixels a side of the images; by default as many as the kernel has taps.

    >>> import numpy as np
    >>> from initcore_keras import initialize
    >>> net = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(8, 3, name="one")])
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0]
    """
    network = _network(model, sample_input, "orthogonality")
    variables = variables_of(model)
    return diagnostics.orthogonality(network, lambda path: array(variables[path]), image)


def _checked(model: Any, who: str) -> None:
    if not isinstance(model, keras.Layer):
        raise TypeError(f"{who} needs a Keras model or layer, got {type(model).__name__}.")


def _network(model: Any, inputs: Any, who: str) -> Network:
    _checked(model, who)
    return describe_network(trace(model, inputs, who))


def _tensors(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments, arrays among them as tensors; floating-point ones in Keras's precision."""

    def tensor(x: Any) -> Any:
        if not hasattr(x, "shape") or not hasattr(x, "dtype"):
            return x
        kind = keras.backend.standardize_dtype(x.dtype)
        return keras.ops.convert_to_tensor(
            x, dtype=keras.config.floatx() if "float" in kind else None
        )

    args, kwargs = call_of(inputs)
    args, kwargs = keras.tree.map_structure(tensor, (list(args), dict(kwargs)))
    return tuple(args), kwargs


def _called(model: Any, args: Any, kwargs: Any, who: str) -> Any:
    try:
        y = model(*args, **kwargs)
    except Exception as error:
        raise ValueError(
            f"{who} could not call {model.name} with these inputs: {one_line(error)}"
        ) from error
    for t in keras.tree.flatten(y):
        if _is_float(t):
            return t
    raise TypeError(f"{who} needs a model that puts out a tensor, got {type(y).__name__}.")


def _is_float(x: Any) -> bool:
    return hasattr(x, "dtype") and "float" in keras.backend.standardize_dtype(x.dtype)


def _differentiable(model: Any, args: Any, kwargs: Any) -> tuple[Callable[[Any], Any], Any]:
    """The output as a function of the first input, or of what it is looked up as."""
    flat = keras.tree.flatten((list(args), dict(kwargs)))
    who = "jacobian_spectrum"
    first = next((x for x in flat if hasattr(x, "dtype")), None)
    if first is None:
        raise TypeError(f"{who} needs a tensor among the inputs.")
    if _is_float(first):

        def by_input(x: Any) -> Any:
            filled = keras.tree.map_structure(
                lambda t: x if t is first else t, (list(args), dict(kwargs))
            )
            return _called(model, filled[0], filled[1], who)

        return by_input, first
    looked_up: list[Any] = []

    def by_look_up(x: Any) -> Any:
        seen: list[Any] = []

        def tap(layer: Any, made: Any) -> Any:
            seen.append(made)
            return x if len(seen) == 1 and x is not None else made

        with tapped(tap, (keras.layers.Embedding,)):
            y = _called(model, args, kwargs, who)
        looked_up.extend(seen)
        return y

    by_look_up(None)
    if not looked_up:
        raise ValueError(f"{who} needs floating-point inputs, or integers that an embedding takes.")
    return by_look_up, looked_up[0]


def _variances(w: Weight, kernel: Any, layer: Any) -> tuple[float, float]:
    """Those of a kernel and of its layer's bias."""
    bias = getattr(layer, "bias", None)
    return diagnostics.variances(w, array(kernel), None if bias is None else array(bias))
