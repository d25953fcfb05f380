"""Sharded kernels that cost the whole to make in part: each process makes some whole, and sends.

Frames of orthogonal matrices are made of all reflectors, so that a part may cost as much as the
whole. In a round, each of the processes that share such kernels draws one of them, and then hands
every process its part. Each byte is sent once, and no process holds more than one whole kernel.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from initcore import specs
from initcore.networks import Assignment

from .._distributed import is_distributed

__all__ = ["Owners"]

LEAST = 1 << 16  # elements of a kernel that is worth sending
Draw = Callable[[], Tensor]


class Owners:
    """The kernels that are shared out, in the order in which all processes write them.

    Args:
        coming: The assignments that will be written, with their tensors and what draws each whole.
    """

    def __init__(self, coming: Iterable[tuple[Assignment, Any, Draw]]) -> None:
        by_group: dict[Any, list[tuple[str, Any, Draw]]] = {}
        for a, tensor, draw in coming:
            axis = _axis(a, tensor)
            if axis is not None:
                group = tensor.device_mesh.get_group(axis)
                by_group.setdefault((group, axis), []).append((a.weight.path, tensor, draw))
        # What is too little for every second process at least, each makes its part of.
        self._items = {key: items for key, items in by_group.items()
                       if 2 * len(items) >= torch.distributed.get_world_size(key[0])}  # fmt: skip
        self._places = {
            path: (key, number)
            for key, items in self._items.items()
            for number, (path, *_) in enumerate(items)
        }
        self._made: dict[str, Tensor] = {}

    def write(self, path: str) -> bool:
        """Write this process's part of a kernel, or say that it is not among these."""
        if path not in self._places:
            return False
        (group, axis), number = self._places[path]
        items, ranks = self._items[group, axis], torch.distributed.get_world_size(group)
        first, owner = number - number % ranks, number % ranks
        here = torch.distributed.get_rank(group)
        if number == first and first + here < len(items):
            own, _, draw = items[first + here]
            self._made[own] = draw()
        tensor = items[number][1]
        placement = tensor.placements[axis]
        with torch.no_grad():
            local = tensor.to_local()
            size = list(tensor.shape)
            size[placement.dim] = -(-size[placement.dim] // ranks)
            part = torch.empty(size, dtype=tensor.dtype, device=local.device)
            parts = None
            if here == owner:  # of one size: the last ones are filled up
                whole = self._made.pop(path)
                parts, _ = placement._split_tensor(whole, ranks, with_padding=True, contiguous=True)
            source = torch.distributed.get_global_rank(group, owner)
            torch.distributed.scatter(part, parts, src=source, group=group)
            local.copy_(part.narrow(placement.dim, 0, local.shape[placement.dim]))
        return True


def _axis(a: Assignment, tensor: Any) -> int | None:
    """The axis of the mesh along which a kernel is shared out, if it is by one alone."""
    if a.name is None or not is_distributed(tensor) or tensor.numel() < LEAST:
        return None
    spec = specs[a.name]
    if spec.exact_across_namespaces or not spec.random:  # cheap in part
        return None
    split = [n for n, p in enumerate(tensor.placements) if not p.is_replicate()]
    if len(split) != 1 or not tensor.placements[split[0]].is_shard():
        return None
    return split[0] if tensor.device_mesh.size(split[0]) > 1 else None
