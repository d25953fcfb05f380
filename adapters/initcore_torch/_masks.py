"""The places of a sparse kernel, and a kernel for given places."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from initcore import Rng, specs
from initcore import approximate_isometry as core_isometry
from initcore import sparse_orthogonal_mask as core_mask
from initcore.initializers import check_isometry, check_mask
from initcore.spec import Wording

from ._distributed import is_distributed
from ._fill import _layout
from ._key import check_source, key_of
from ._tensor import check_tensor, has_values, in_place

__all__ = ["approximate_isometry_", "sparse_orthogonal_mask"]


def sparse_orthogonal_mask(
    tensor: Tensor | Sequence[int],
    density: float,
    generator: Generator | None = None,
    *,
    sampling: str = "uniform",
    tap_density: str = "same",
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """Booleans, true at the `round(density * size)` weights to train of `sparse_orthogonal_`.

    With the `seed`, or a generator in the same state, and the other arguments of that call they
    hold all its nonzeros; the rest are zeros at random places, as convolutions have. The tensor is
    not changed: its shape and device count, or a shape is given. Arguments and errors are those of
    `sparse_orthogonal_`.
    """
    who = "sparse_orthogonal_mask"
    given = {"density": density, "sampling": sampling, "tap_density": tap_density}
    known = isinstance(tensor, Tensor)
    shape = tuple(tensor.shape if isinstance(tensor, Tensor) else tensor)
    layout = _layout(shape, groups, transposed, who)
    sizes = shape
    if layout:
        kernel = layout.kernel(shape)
        sizes, given["groups"] = kernel.shape, kernel.groups
    wording = Wording(lambda n: who if n == "sparse_orthogonal" else f"{n}_", "a tensor of shape")
    sizes, values = specs["sparse_orthogonal"].check(sizes, given, wording=wording, shown=shape)
    check_source(generator, seed, who)
    key = key_of(generator, seed, who)
    rng = Rng.from_key(key, xp=torch, device=tensor.device if isinstance(tensor, Tensor) else None)
    mask: Tensor = core_mask(rng, sizes, **{n: v for n, v in values.items() if n != "gain"})
    if layout:
        mask = layout.from_canonical(mask, shape, xp=rng.xp)
    return mask.contiguous() if known else mask


@torch.compiler.disable  # type: ignore[untyped-decorator]
def approximate_isometry_(
    tensor: Tensor,
    mask: Tensor,
    gain: float = 1.0,
    generator: Generator | None = None,
    *,
    steps: int = 1000,
    seed: int | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> Tensor:
    """The kernel becomes 0 outside `mask`, and as near to singular values `gain` as can be.

    Args:
        mask: Booleans of the tensor's shape, as `masks_from_scores` gives.
        gain: Singular value, above 0.
        generator, seed, groups, transposed: As of `orthogonal_`.
        steps: Steps of the minimization at most.
    """
    who = "approximate_isometry_"
    shape, _ = check_tensor(tensor, who)
    layout = _layout(shape, groups, transposed, who)
    if layout is None:
        raise ValueError(f"{who} needs 2 or more axes, got a tensor of shape {shape}.")
    places = check_mask(who, mask)
    if places.shape != shape:
        raise ValueError(
            f"{who} needs a mask of the tensor's shape {shape}, got one of shape {places.shape}."
        )
    if is_distributed(tensor):
        raise TypeError(f"{who} needs a tensor that is whole in one process, got a DTensor.")
    values = check_isometry(who, gain, steps)
    check_source(generator, seed, who)
    if not has_values(tensor):
        return tensor
    rng = Rng.from_key(key_of(generator, seed, who), dtype="float64")
    canonical = layout.to_canonical(places, xp=rng.xp)
    w = core_isometry(rng, canonical, groups=layout.kernel(shape).groups, **values)
    with in_place(tensor):
        tensor.copy_(torch.from_numpy(layout.from_canonical(w, shape, xp=rng.xp)))
    return tensor
