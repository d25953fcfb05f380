"""The mask of a sparse kernel, and a kernel for a given mask."""

from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Generator, Tensor

from initcore import Rng, specs
from initcore import approximate_isometry as core_isometry
from initcore import sparse_orthogonal_mask as core_mask
from initcore.initializers import Sampling, TapDensity, check_isometry, check_mask

from ._distributed import is_distributed
from ._fill import canonical
from ._key import check_source, key_of
from ._keywords import Axes, shared_keywords
from ._layout import checked_layout
from ._override import overridable
from ._tensor import check_tensor, has_values, in_place
from ._tracing import uncompiled

__all__ = ["approximate_isometry_", "sparse_orthogonal_mask"]


@shared_keywords
def sparse_orthogonal_mask(
    tensor: Tensor | Sequence[int],
    density: float,
    generator: Generator | None = None,
    *,
    sampling: Sampling = "uniform",
    tap_density: TapDensity = "same",
    seed: int | None = None,
    **axes: Unpack[Axes],
) -> Tensor:
    """Booleans, true at the `round(density * size)` weights to train of `sparse_orthogonal_`.

    With the `seed`, or a generator in the same state, and the other arguments of that call they
    hold all its nonzeros. The rest are zeros at random places, as convolutions have.

    Args:
        tensor: A tensor, of which only shape and device are read, or a shape.
        density: Fraction of true values.
        sampling, tap_density: As in `sparse_orthogonal_`.
    """
    who = "sparse_orthogonal_mask"
    shape = tuple(tensor.shape if isinstance(tensor, Tensor) else tensor)
    device = tensor.device if isinstance(tensor, Tensor) else None
    given = {"density": density, "sampling": sampling, "tap_density": tap_density}
    spec = specs["sparse_orthogonal"]
    layout, sizes, values = canonical(who, spec, shape, given, **axes)
    check_source(generator, seed, who)
    key = key_of(generator, seed, who)
    rng = Rng.from_key(key, xp=torch, device=device)
    mask: Tensor = core_mask(rng, sizes, **{n: v for n, v in values.items() if n != "gain"})
    if layout:
        mask = layout.from_canonical(mask, shape, xp=rng.xp)
    return mask if device is None else mask.contiguous()


@overridable
@uncompiled
@shared_keywords
def approximate_isometry_(
    tensor: Tensor,
    mask: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    steps: int = 1000,
    seed: int | None = None,
    **axes: Unpack[Axes],
) -> Tensor:
    """The kernel becomes 0 outside `mask`, and as near to singular values `gain` as can be.

    Args:
        mask: Booleans of the tensor's shape, as `masks_from_scores` gives.
        gain: Singular value, above 0.
        steps: Steps of the minimization at most.
    """
    who = "approximate_isometry_"
    shape, _ = check_tensor(tensor, who)
    layout = checked_layout(who, shape, **axes)
    if layout is None:
        raise ValueError(f"{who} needs 2 or more axes, got a tensor of shape {shape}.")
    kept = check_mask(who, mask)
    if kept.shape != shape:
        raise ValueError(
            f"{who} needs a mask of the tensor's shape {shape}, got one of shape {kept.shape}."
        )
    if is_distributed(tensor):
        raise TypeError(f"{who} needs a tensor that is whole in one process, got a DTensor.")
    values = check_isometry(who, gain, steps)
    check_source(generator, seed, who)
    if not has_values(tensor):
        return tensor
    rng = Rng.from_key(key_of(generator, seed, who), dtype="float64")
    canonical_mask = layout.to_canonical(kept, xp=rng.xp)
    w = core_isometry(rng, canonical_mask, groups=layout.kernel(shape).groups, **values)
    with in_place(tensor):
        tensor.copy_(torch.from_numpy(layout.from_canonical(w, shape, xp=rng.xp)))
    return tensor
