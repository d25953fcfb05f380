"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import Rng
from initcore.arguments import key_of_seed, one_line
from initcore.networks import (
    Assignment,
    Graph,
    Report,
    describe_network,
    needs_data,
    plan,
    progress,
)

from .._init import _draw, _dtype
from ._calls import as_call, joined, parted, shape_only, states
from ._lsuv import lsuv
from ._models import Model, understood
from ._trace import Recorder

__all__ = ["Traced", "initialize", "traced"]


def initialize(
    model: Any,
    scheme: Any,
    *,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    sample_input: Any = None,
    paths: Mapping[str, str] | Callable[[str], str] | None = None,
) -> Any:
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Roles come from a trace of the call that computes shapes only. A weight's values depend on
    `seed` and its path alone, not on the order in which modules were made. Everything is decided
    and checked before the first weight is drawn.

    Args:
        model: A Flax nnx module, which is written in place; an Equinox module; a Flax linen module;
            or a pair `(function, parameters)`, called as `function(parameters, *arguments)`.
        scheme: `"orthogonal"`, `"delta_orthogonal"`, `"conv_orthogonal"`, `"sparse_orthogonal"`,
            `"mirrored"`, `"idinit"`, `"fixup"`, `"zero"`, `"lsuv"`, or any initializer's name for
            all kernels; `(name, parameters)`; or a mapping from patterns of paths and from roles to
            initializers, which leaves everything else alone.
        seed: Integer, `0 <= seed < 2**64`.
        overrides: Mapping from patterns of paths and from roles to an initializer's name, to
            `(name, parameters)`, or to None for what is to be left alone.
        sample_input: What the model is called with: an array or a `jax.ShapeDtypeStruct`, a tuple,
            or a mapping of named arguments. Guessed from the first layer of nnx and Equinox modules
            if it is left out; `"lsuv"` needs real data.
        paths: Names to make keys from instead of the model's, for equal weights in two models.

    Returns:
        The report for nnx; otherwise a pair of the new model (of linen the variables, of a pair the
        parameters) and the report.

    Raises:
        TypeError, ValueError: An argument is wrong, or the network is not made for the scheme.

    >>> import jax, jax.numpy as jnp
    >>> def net(params, x):
    ...     return jax.nn.relu(x @ params["in"]) @ params["out"]
    >>> params = {"in": jnp.zeros((8, 8)), "out": jnp.zeros((8, 2))}
    >>> params, report = initialize((net, params), "orthogonal", sample_input=jnp.ones((1, 8)))
    >>> report["in"].weight.activation, report["out"].weight.role
    ('relu', 'output')
    """
    key_of_seed(seed, who="initialize")
    known = understood(model, sample_input, seed)
    found = traced(known, sample_input)
    network = describe_network(found.graph)
    assignments = plan(network, scheme, seed=seed, overrides=overrides, paths=paths)
    data_dependent = needs_data(scheme)
    if data_dependent:
        _check_data(found, assignments)
    for a in assignments:
        if a.name is not None:
            _dtype(known.weights[a.weight.path].dtype, None, f"initialize: {a.weight.path}")
    new = {
        a.weight.path: _drawn(known.weights[a.weight.path], a, seed)
        for a in progress(assignments, "initialize")
        if a.name is not None
    }
    report = Report(assignments, network, scheme=scheme, seed=seed, model=known.name)
    if data_dependent:
        new, report.scales = lsuv(known, found, new, report)
    result = known.refill(new)
    return report if result is None else (result, report)


class Traced:
    """The graph of a model, with its jaxpr and the arrays it was called with."""

    def __init__(self, model: Model, call: Any) -> None:
        self.arrays, fixed = parted(call)
        weights = list(model.weights.values())
        count, state = len(weights), len(model.state)

        def flat(*leaves: Any) -> Any:
            args, kwargs = joined(fixed, leaves[count + state :])
            return model.call(list(leaves[:count]), list(leaves[count : count + state]), args,
                              kwargs)  # fmt: skip

        shapes = [shape_only(x) for x in (*weights, *model.state, *self.arrays)]
        closed = jax.make_jaxpr(flat)(*shapes)
        self.jaxpr, self.consts = closed.jaxpr, list(closed.consts)
        self.recorder = Recorder({p: tuple(w.shape) for p, w in model.weights.items()}, model.gates)
        given = [None if is_state else a.shape for a, is_state in
                 zip(self.arrays, states(call), strict=True)]  # fmt: skip
        self.graph: Graph = self.recorder.record(self.jaxpr, self.consts, [*[None] * state, *given])


def traced(model: Model, sample: Any = None) -> Traced:
    """The traced model.

    Raises:
        ValueError: It does not take `sample`, or there is none and none can be guessed.
    """
    if sample is not None:
        try:
            return Traced(model, as_call(sample))
        except Exception as error:
            raise ValueError(
                f"initialize could not call {model.name} with sample_input: {one_line(error)}"
            ) from error
    reason = "no input could be guessed"
    for args in model.guess():
        try:
            return Traced(model, (args, {}))
        except Exception as error:
            last = (str(error).splitlines() or [type(error).__name__])[0]
            reason = f"calling it with a guessed input failed: {last[:120]}"
    raise ValueError(f"initialize needs sample_input, what {model.name} is called with; {reason}.")


def _check_data(found: Traced, assignments: list[Assignment]) -> None:
    if not found.arrays or any(isinstance(x, jax.ShapeDtypeStruct) for x in found.arrays):
        raise ValueError("initialize needs sample_input, a batch of real data, for scheme 'lsuv'.")
    for a in assignments:
        if a.name is not None and a.weight.path in found.recorder.stacked:
            raise ValueError(
                "initialize: lsuv needs layers that it can scale one by one; "
                f"{a.weight.path} is a stack that a loop runs over."
            )


def _drawn(leaf: Any, a: Assignment, seed: int) -> Any:
    """The weight of an assignment, of the dtype and on the devices of `leaf`."""
    assert a.name is not None
    words = Rng(seed).fold_in(a.key).key
    dtype = _dtype(leaf.dtype, None, f"initialize: {a.weight.path}")
    sharding = getattr(leaf, "sharding", None)
    spread = sharding if sharding is not None and len(sharding.device_set) > 1 else None
    shape = a.weight.parameter.shape
    w = _draw(a.name, words, shape, a.shape, dtype, dict(a.parameters), a.layout, spread)
    if spread is None and sharding is not None:
        w = jax.device_put(w, sharding)
    return np.asarray(w) if isinstance(leaf, np.ndarray) else jnp.asarray(w)
