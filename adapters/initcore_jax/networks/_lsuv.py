"""Layer-sequential unit variance (Mishkin & Matas, ICLR 2016): kernels scaled to their data."""

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from initcore.networks import Report, unit_variance_scale

from ._models import Model
from ._walk import Place, walk

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
    scales: dict[str, float] = {}

    def tap(place: Place, made: Any) -> Any:
        path = found.recorder.products.get(place, ())
        if len(path) != 1 or path[0] not in paths:
            return made
        if path[0] not in scales:
            variance = float(jnp.var(made.astype(jnp.promote_types(made.dtype, jnp.float32))))
            scales[path[0]] = unit_variance_scale(path[0], variance)
        return made * jnp.asarray(scales[path[0]], made.dtype)

    weights = [new.get(p, w) for p, w in model.weights.items()]
    walk(found.jaxpr, found.consts, [*weights, *model.state, *found.arrays], tap)
    scaled = {p: (w * jnp.asarray(scales[p], w.dtype)) if p in scales else w
              for p, w in new.items()}  # fmt: skip
    return scaled, scales
