"""The mask of a sparse kernel, a kernel for a given mask, and training that keeps to masks."""

from collections.abc import Callable
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np

from initcore import approximate_isometry as core_isometry
from initcore import sparse_orthogonal_mask as core_mask
from initcore import specs
from initcore.arguments import as_shape, one_line
from initcore.initializers import Sampling, TapDensity, check_isometry, check_mask
from initcore.spec import Wording

from ._init import rng
from ._initializer import WORDING
from ._keywords import ColumnAxis, DType, FrameAxes, makes_initializer
from ._layouts import canonical, frame_layout

__all__ = ["apply_masks", "approximate_isometry", "keep_masks", "sparse_orthogonal_mask"]


@makes_initializer
def sparse_orthogonal_mask(
    density: float,
    column_axis: ColumnAxis = -1,
    *,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    **axes: Unpack[FrameAxes],
) -> Callable[[Any, Any], jax.Array]:
    """A function `mask(key, shape)`: booleans, true at `round(density * size)` weights to train.

    They include all nonzeros of `sparse_orthogonal` with the same key, shape and other arguments.
    The rest are zeros at random positions, which only convolutions have.

    Args:
        density, sampling, tap_density: As of `sparse_orthogonal`.

    Raises:
        TypeError: As `sparse_orthogonal`.
        ValueError: As `sparse_orthogonal`.
    """
    who = "sparse_orthogonal_mask"
    layout = frame_layout(column_axis, **axes)
    given: dict[str, Any] = {"density": density, "sampling": sampling, "tap_density": tap_density}
    spec, wording = specs["sparse_orthogonal"], Wording(lambda n: who)
    for name, value in given.items():
        spec.check_parameter(who, name, spec.parameters[name], value, wording)

    def mask(key: Any, shape: Any) -> jax.Array:
        sizes = as_shape(shape, who=who)
        if len(sizes) < 2:
            spec.check(sizes, given, wording=wording)
        turned, found, groups = canonical(who, layout, sizes)
        spec.check(turned, {**given, "groups": groups}, wording=wording, shown=sizes)
        w = core_mask(rng(key), turned, groups=groups, **given)
        kernel: jax.Array = found.from_canonical(w, sizes, xp=jnp)
        return kernel

    return mask


@makes_initializer
def approximate_isometry(
    mask: Any,
    scale: float = 1.0,
    column_axis: ColumnAxis = -1,
    dtype: DType = None,
    *,
    steps: int = 1000,
    **axes: Unpack[FrameAxes],
) -> Callable[..., jax.Array]:
    """Initializer of a kernel that is 0 outside `mask`, as near to all singular values `scale`.

    Args:
        mask: Booleans of the kernel's shape, as `masks_from_scores` gives.
        scale: Singular value, above 0.
        steps: Largest number of steps of the minimization.

    Raises:
        TypeError: `mask` is not an array of booleans.
        ValueError: `mask` is not a kernel's; when called, the shape is another.
    """
    who = "approximate_isometry"
    kept = check_mask(who, mask)
    turned, layout, groups = canonical(who, frame_layout(column_axis, **axes), kept.shape)
    values = check_isometry(who, scale, steps, WORDING)
    default = dtype

    def init(key: Any, shape: Any = kept.shape, dtype: DType = None) -> jax.Array:
        sizes = as_shape(shape, who=who)
        if sizes != kept.shape:
            raise ValueError(f"{who} needs the shape {kept.shape} of its mask, got {sizes}.")
        start = rng(key, dtype if dtype is not None else default)
        allowed = np.ascontiguousarray(layout.to_canonical(kept, xp=np)).reshape(turned)
        w = core_isometry(start, allowed, groups=groups, **values)
        kernel: jax.Array = layout.from_canonical(w, sizes, xp=jnp)
        return kernel

    return init


def apply_masks(params: Any, masks: Any) -> Any:
    """`params` with exact zeros outside the masks. Parameters without a mask stay as they are.

    Args:
        params: Parameters, gradients or updates: any pytree.
        masks: A pytree of booleans of the same structure, with None for a branch without a mask.

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
    `apply_masks(params, masks)`: weights outside the masks then stay exactly 0, whatever momentum
    and weight decay do.

    Args:
        masks: As of `apply_masks`.
    """
    import optax

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        return apply_masks(updates, masks), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
