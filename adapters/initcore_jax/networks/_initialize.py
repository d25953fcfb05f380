"""`initialize(model, scheme)`: every weight of a model from its role."""

from collections.abc import Collection
from typing import Any

from initcore import networks
from initcore.diagnostics import signal_check
from initcore.networks import INITIALIZE, AskedScheme, Overrides, Paths, described

from ._model import JaxModel

__all__ = ["initialize"]


@described(INITIALIZE)
def initialize(
    model: Any, scheme: AskedScheme, *, seed: int = 0, overrides: Overrides | None = None,
    sample_input: Any = None, paths: Paths | None = None,
    only: str | Collection[str] | None = None, input_scale: float | None = None,
) -> Any:  # fmt: skip
    """Give every weight of `model` what `scheme` says for its role, and report it.

    Args:
        model: A Flax nnx module, which is written in place; an Equinox module; a Flax linen module;
            or a pair `(function, parameters)`, called as `function(parameters, *arguments)`.
        sample_input: What the model is called with: an array or a `jax.ShapeDtypeStruct`, a tuple,
            or a mapping of named arguments. Guessed from the first layer of nnx and Equinox modules
            if it is left out; `"lsuv"` needs real data.

    Returns:
        The report for nnx; otherwise a pair of the new model (of linen the variables, of a pair the
        parameters) and the report.

    >>> import jax, jax.numpy as jnp
    >>> def net(params, x):
    ...     return jax.nn.relu(x @ params["in"]) @ params["out"]
    >>> params = {"in": jnp.zeros((8, 8)), "out": jnp.zeros((8, 2))}
    >>> params, report = initialize((net, params), "orthogonal", sample_input=jnp.ones((1, 8)))
    >>> report["in"].weight.activation, report["out"].weight.role
    ('relu', 'output')
    """
    known = JaxModel("initialize", model, sample_input, seed)
    return networks.initialize(
        known,
        scheme,
        seed=seed,
        overrides=overrides,
        paths=paths,
        only=only,
        input_scale=input_scale,
        check=signal_check,
    )
