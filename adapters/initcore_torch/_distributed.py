"""Tensors whose parts lie in several processes: `torch.distributed` DTensors."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

__all__ = [
    "check_distributed",
    "check_same_key",
    "indices_at",
    "is_distributed",
    "local_part",
    "local_rectangle",
    "write_part",
]


def is_distributed(tensor: Any) -> bool:
    """Whether it is a DTensor; asked without importing `torch.distributed`."""
    return hasattr(tensor, "device_mesh") and hasattr(tensor, "placements")


def check_distributed(who: str, given: bool) -> None:
    """A `ValueError` unless every process draws the same whole."""
    if not given:
        raise ValueError(
            f"{who} needs seed= (or a generator in the same state on every process) for a "
            "DTensor, whose parts come from one draw."
        )


def check_same_key(who: str, tensor: Any, key: tuple[int, int]) -> None:
    """A `ValueError` unless every process of the tensor's mesh has the same key.

    Two all-reduces of two numbers along each axis of the mesh.
    """
    import torch
    from torch import distributed

    mesh = tensor.device_mesh
    words = torch.tensor(key, dtype=torch.int64, device=tensor.to_local().device)
    for group in mesh.get_all_groups():
        least, most = words.clone(), words.clone()
        distributed.all_reduce(least, distributed.ReduceOp.MIN, group)
        distributed.all_reduce(most, distributed.ReduceOp.MAX, group)
        if not torch.equal(least, most):
            raise ValueError(
                f"{who} needs a generator in the same state on every process for a DTensor, and "
                "they differ; pass seed=, or seed the generators alike."
            )


def local_part(tensor: Tensor) -> tuple[tuple[int, ...], Tensor]:
    """Where this process's part of a tensor begins, and the part; all of one that is not shared.

    Raises:
        ValueError: The part is no rectangle of the whole, as under some strided shards.
    """
    if not is_distributed(tensor):
        return (0,) * tensor.ndim, tensor
    local: Tensor = tensor.to_local()  # type: ignore[attr-defined]
    indices = indices_at(tensor, tensor.device_mesh.get_coordinate())  # type: ignore[attr-defined]
    ends = [(int(at[0]), int(at[-1]) + 1) if len(at) else (0, 0) for at in indices]
    if tuple(b - a for a, b in ends) != tuple(local.shape):
        raise ValueError(f"a part of shape {tuple(local.shape)} is no rectangle of its tensor.")
    return tuple(a for a, _ in ends), local


def indices_at(tensor: Any, coordinate: Sequence[int]) -> list[Tensor]:
    """Which indices the process at a place of the mesh has along each axis of a DTensor."""
    import torch

    mesh, found = tensor.device_mesh, [torch.arange(n) for n in tensor.shape]
    for number, placement in enumerate(tensor.placements):
        if not placement.is_replicate():
            axis = placement.dim
            whole = found[axis].reshape([1] * axis + [-1])
            shards, _ = placement._split_tensor(whole, mesh.size(number), with_padding=False)
            found[axis] = shards[coordinate[number]].reshape(-1)
    return found


def local_rectangle(tensor: Any) -> tuple[tuple[int, ...], Tensor] | None:
    """`local_part` where it is a rectangle, as under all placements but some strided shards."""
    if any(p.is_partial() for p in tensor.placements):
        return None
    try:
        return local_part(tensor)
    except ValueError:
        return None


def write_part(tensor: Any, whole: Tensor) -> None:
    """Write this process's part of `whole`; every process holds all of it, so nothing is sent."""
    from torch.distributed.tensor import DTensor, Replicate

    mesh = tensor.device_mesh
    spread = DTensor.from_local(whole, mesh, [Replicate()] * mesh.ndim, run_check=False)
    tensor.to_local().copy_(spread.redistribute(placements=tensor.placements).to_local())
