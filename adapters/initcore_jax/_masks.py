"""The places of a sparse kernel, a kernel for given places, and training that keeps to them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import approximate_isometry as core_isometry
from initcore import sparse_orthogonal_mask as core_mask
from initcore import specs
from initcore.arguments import as_shape, one_line
from initcore.initializers import check_isometry, check_mask
from initcore.spec import Wording

from ._init import Axes, _kernel, rng
from ._layouts import frame_layout

__all__ = ["apply_masks", "approximate_isometry", "keep_masks", "sparse_orthogonal_mask"]


def sparse_orthogonal_mask(
    density: float,
    column_axis: int = -1,
    *,
    sampling: str = "uniform",
    tap_density: str = "same",
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Callable[[Any, Any], Any]:
    """A function `mask(key, shape)`: booleans, true at `round(density * size)` weights to train.

    They hold all nonzeros of `sparse_orthogonal` of the same key, shape and other arguments; the
    rest are zeros at random places, as convolutions have. Arguments and errors are those of
    `sparse_orthogonal`.
    """
    who = "sparse_orthogonal_mask"
    layout_of = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)
    given: dict[str, Any] = {"density": density, "sampling": sampling, "tap_density": tap_density}
    spec, wording = specs["sparse_orthogonal"], Wording(lambda n: who, "shape", {})
    for name, value in given.items():
        spec.check_parameter(who, name, spec.parameters[name], value, wording)

    def mask(key: Any, shape: Any) -> Any:
        sizes = as_shape(shape, who=who)
        if len(sizes) < 2:
            spec.check(sizes, given, wording=wording)
        layout = layout_of(len(sizes))
        canonical, count = _kernel(layout, sizes, 2, who)
        spec.check(canonical, {**given, "groups": count}, wording=wording, shown=sizes)
        found = core_mask(rng(key), canonical, groups=count, **given)
        return layout.from_canonical(found, sizes, xp=jnp)

    return mask


def approximate_isometry(
    mask: Any,
    scale: float = 1.0,
    column_axis: int = -1,
    dtype: Any = None,
    *,
    steps: int = 1000,
    in_axis: Axes | None = None,
    out_axis: Axes | None = None,
    batch_axis: Axes = (),
    groups: int = 1,
) -> Callable[..., Any]:
    """Initializer of a kernel that is 0 outside `mask`, as near to all singular values `scale`.

    Args:
        mask: Booleans of the kernel's shape, as `masks_from_scores` gives.
        scale: Singular value, above 0.
        column_axis, dtype, in_axis, out_axis, batch_axis, groups: As of `orthogonal`.
        steps: Steps of the minimization at most.
    """
    who = "approximate_isometry"
    places = check_mask(who, mask)
    layout = frame_layout(column_axis, in_axis, out_axis, batch_axis, groups)(places.ndim)
    canonical, count = _kernel(layout, places.shape, 2, who)
    values = check_isometry(who, scale, steps, Wording(names={"gain": "scale"}))
    default = dtype

    def init(key: Any, shape: Any = places.shape, dtype: Any = None) -> Any:
        sizes = as_shape(shape, who=who)
        if sizes != places.shape:
            raise ValueError(f"{who} needs the shape {places.shape} of its mask, got {sizes}.")
        turned = np.ascontiguousarray(layout.to_canonical(places, xp=np))
        start = rng(key, dtype if dtype is not None else default)
        w = core_isometry(start, turned.reshape(canonical), groups=count, **values)
        return layout.from_canonical(w, sizes, xp=jnp)

    return init


def apply_masks(params: Any, masks: Any) -> Any:
    """`params` with exact zeros outside the masks; what has no mask, as it is.

    Args:
        params: A pytree, or any part of it: parameters, gradients, updates.
        masks: A pytree of booleans of the same structure, or None for a branch without a mask.

    Raises:
        ValueError: The masks have another structure, or shapes that do not fit.

    >>> import jax.numpy as jnp
    >>> found = apply_masks({"w": jnp.ones(3), "b": 2.0}, {"w": jnp.arange(3) > 0, "b": None})
    >>> found["w"].tolist(), found["b"]
    ([0.0, 1.0, 1.0], 2.0)
    """

    def masked(mask: Any, value: Any) -> Any:
        return value if mask is None else jnp.where(mask, value, jnp.zeros((), value.dtype))

    try:
        return jax.tree.map(masked, masks, params, is_leaf=lambda node: node is None)
    except Exception as error:
        raise ValueError(
            f"apply_masks needs masks of booleans in the form of the parameters: {one_line(error)}"
        ) from error


def keep_masks(masks: Any) -> Any:
    """An `optax.GradientTransformation` that lets no update through outside the masks.

    Put it last, `optax.chain(optax.adamw(1e-3), keep_masks(masks))`, and start from
    `apply_masks(params, masks)`: weights outside stay exactly 0, whatever momentum and weight
    decay want. Arguments as of `apply_masks`.
    """
    import optax

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return apply_masks(updates, masks), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
