"""Tensors whose parts lie on several devices."""

from typing import Any

from torch import Tensor

__all__ = ["check_distributed", "is_distributed", "write_part"]


def is_distributed(tensor: Any) -> bool:
    """Whether it is a `torch.distributed` DTensor, which only then has been imported."""
    return hasattr(tensor, "device_mesh") and hasattr(tensor, "placements")


def check_distributed(who: str, given: bool) -> None:
    """Raise unless every process will draw the same whole."""
    if not given:
        raise ValueError(
            f"{who} needs seed= (or a generator in the same state on every process) for a "
            "DTensor, whose parts come from one draw."
        )


def write_part(tensor: Any, whole: Tensor) -> None:
    """Write this process's part of `whole`, which every process holds: nothing is sent."""
    from torch.distributed.tensor import DTensor, Replicate

    mesh = tensor.device_mesh
    spread = DTensor.from_local(whole, mesh, [Replicate()] * mesh.ndim, run_check=False)
    tensor.to_local().copy_(spread.redistribute(placements=tensor.placements).to_local())
