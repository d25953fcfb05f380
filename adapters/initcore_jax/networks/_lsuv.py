"""Layer-sequential unit variance (Mishkin & Matas, ICLR 2016): kernels scaled to their data."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from initcore.networks import Report, unit_variance_scale

from ._equations import body_of
from ._models import Model

if TYPE_CHECKING:
    from ._initialize import Traced

__all__ = ["lsuv"]


def lsuv(
    model: Model, found: "Traced", new: dict[str, Any], report: Report
) -> tuple[dict[str, Any], dict[str, float]]:
    """Each layer's kernel scaled so that its output has variance 1 on the data, in order.

    One forward pass, equation by equation: each layer hands on its output as it will be.

    Returns:
        The scaled weights and the factor of each kernel, by path.
    """
    kernels = {w.path for w in report.network.kernels if w.parameter.kind == "kernel"}
    paths = {p for p in kernels if report[p].name is not None}
    run = _Scaling(found.recorder.products, paths)
    weights = [new.get(p, w) for p, w in model.weights.items()]
    run.evaluate(found.jaxpr, found.consts, [*weights, *model.state, *found.arrays], ())
    scaled = {p: (w * jnp.asarray(run.scales[p], w.dtype)) if p in run.scales else w
              for p, w in new.items()}  # fmt: skip
    return scaled, run.scales


class _Scaling:
    def __init__(self, products: dict[tuple[int, ...], tuple[str, ...]], paths: set[str]) -> None:
        self.products, self.paths = products, paths
        self.scales: dict[str, float] = {}

    def evaluate(self, jaxpr: Any, consts: Any, given: Any, stack: tuple[int, ...]) -> list[Any]:
        """The outputs of `jaxpr`, with every product with a kernel scaled."""
        known = dict(zip(jaxpr.constvars, consts, strict=True))
        known.update(zip(jaxpr.invars, given, strict=True))
        for eqn in jaxpr.eqns:
            values = [v.val if hasattr(v, "val") else known[v] for v in eqn.invars]
            inner, body = (*stack, id(eqn)), body_of(eqn)
            if body is not None:
                made = self.evaluate(*body, values, inner)
            else:
                bound = eqn.primitive.get_bind_params(eqn.params)
                functions, params = bound if isinstance(bound, tuple) else ((), bound)  # older JAX
                made = eqn.primitive.bind(*functions, *values, **params)
                made = made if eqn.primitive.multiple_results else [made]
            path = self.products.get(inner, ())
            if len(path) == 1 and path[0] in self.paths:
                made = [made[0] * jnp.asarray(self._scale(path[0], made[0]), made[0].dtype)]
            known.update(zip(eqn.outvars, made, strict=True))
        return [v.val if hasattr(v, "val") else known[v] for v in jaxpr.outvars]

    def _scale(self, path: str, output: jax.Array) -> float:
        if path not in self.scales:
            variance = float(jnp.var(output.astype(jnp.float32)))
            self.scales[path] = unit_variance_scale(path, variance)
        return self.scales[path]
