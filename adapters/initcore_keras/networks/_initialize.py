"""`initialize(model, scheme)`: every weight of a model from its role."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from initcore import Rng
from initcore.arrays import REAL
from initcore.networks import Assignment, Report, describe_network, needs_data, plan, progress

from .._draw import draw
from ._lsuv import lsuv
from ._trace import keys_of, trace, variables_of

__all__ = ["initialize"]


def initialize(
    model: Any,
    scheme: Any,
    *,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    sample_input: Any = None,
    paths: Mapping[str, str] | Callable[[str], str] | None = None,
) -> Report:
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Roles come from a call on symbolic tensors, layers inside of layers included. A weight's values
    depend on `seed` and its path in the model alone, and are the same on every backend. Everything
    is decided and checked before the first weight is assigned. Frozen weights keep their values
    unless they are named.

    Args:
        model: A built Keras model or layer; its weights are assigned in place. Running statistics
            and states of seeds stay.
        scheme: `"orthogonal"`, `"delta_orthogonal"`, `"conv_orthogonal"`, `"sparse_orthogonal"`,
            `"mirrored"`, `"idinit"`, `"fixup"`, `"zero"`, `"lsuv"`, or any initializer's name for
            all kernels; `(name, parameters)`; or a mapping from patterns of paths and from roles to
            initializers, which leaves everything else alone.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths and from roles to an initializer's name, to
            `(name, parameters)`, or to None for what is to be left alone.
        sample_input: What the model is called with, where it has no symbolic inputs of its own; a
            model that is not built is built with it. `"lsuv"` needs real data.
        paths: Names to make keys from instead of the model's, for equal weights in two models.
            Numbers that Keras gave to layers without names count anew for this, in each model.

    Raises:
        TypeError, ValueError: An argument is wrong, or the network is not made for the scheme.

    >>> import keras
    >>> net = keras.Sequential([
    ...     keras.Input((8,)), keras.layers.Dense(8, "relu", name="one"),
    ...     keras.layers.Dense(2, name="two"),
    ... ])
    >>> report = initialize(net, "orthogonal", seed=1)
    >>> report["one/kernel"].weight.activation, report["two/kernel"].weight.role
    ('relu', 'output')
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"initialize needs a Keras model or layer, got {type(model).__name__}.")
    quantized = [layer.path for layer in model._flatten_layers()
                 if getattr(layer, "quantization_mode", None)]  # fmt: skip
    if quantized:
        raise TypeError(
            f"initialize cannot set the quantized weights of {', '.join(quantized[:3])}"
            f"{', ...' if len(quantized) > 3 else ''}; initialize the model before it is quantized."
        )
    data_dependent = needs_data(scheme)
    if data_dependent and sample_input is None:
        raise ValueError("initialize needs sample_input, a batch of real data, for scheme 'lsuv'.")
    network = describe_network(trace(model, sample_input))
    keys = keys_of(model)
    rename = paths if callable(paths) else dict(paths or {}).get
    assignments = plan(
        network, scheme, seed=seed, overrides=overrides, paths=lambda p: rename(p) or keys[p]
    )
    variables = variables_of(model)
    for a in assignments:
        dtype = keras.backend.standardize_dtype(variables[a.weight.path].dtype)
        if a.name is not None and dtype not in REAL:
            raise TypeError(
                f"initialize: {a.weight.path} needs a real floating dtype, got {dtype}; leave it "
                "alone by overrides."
            )
    report = Report(assignments, network, scheme=scheme, seed=seed, model=model.name)
    with _as_it_was([variables[a.weight.path] for a in assignments if a.name and data_dependent]):
        for a in progress(assignments, "initialize"):
            if a.name is not None:
                variables[a.weight.path].assign(_drawn(variables[a.weight.path], a, seed))
        if data_dependent:
            report.scales = lsuv(model, report, variables, sample_input)
    return report


@contextlib.contextmanager
def _as_it_was(variables: Sequence[Any]) -> Iterator[None]:
    """On an error the variables get their values back: data may turn out to be of no use."""
    before = [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
    try:
        yield
    except BaseException:
        for variable, values in zip(variables, before, strict=True):
            variable.assign(values)
        raise


def _drawn(variable: Any, a: Assignment, seed: int) -> Any:
    assert a.name is not None
    key = Rng(seed).fold_in(a.key).key
    dtype = keras.backend.standardize_dtype(variable.dtype)
    shape = a.weight.parameter.shape
    return draw(a.name, key, shape, a.shape, dtype, dict(a.parameters), a.layout)
