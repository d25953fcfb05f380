"""Sharded kernels that cost the whole to make in part: each process makes some whole, and sends.

Frames of orthogonal matrices are made of all reflectors, so that a part may cost as much as the
whole. In a round, each of the processes that share such kernels draws one of them, and then hands
every process its part. Each byte is sent once, and no process holds more than one whole kernel.
"""

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, distributed

from initcore import specs
from initcore.networks import Assignment

from .._distributed import indices_at, is_distributed

__all__ = ["Owners"]

LEAST = 1 << 16  # elements of a kernel that is worth sending
Draw = Callable[[], Tensor]


class Owners:
    """The kernels that are shared out, in the order in which all processes write them.

    Args:
        coming: The assignments that will be written, with their tensors and what draws each whole.
    """

    def __init__(self, coming: Iterable[tuple[Assignment, Any, Draw]]) -> None:
        by_mesh: dict[Any, list[tuple[str, Any, Draw]]] = {}
        for a, tensor, draw in coming:
            if _is_shared_out(a, tensor):
                by_mesh.setdefault(tensor.device_mesh, []).append((a.weight.path, tensor, draw))
        # Of too few for every second process at least, each makes its part.
        self._items = {mesh: items for mesh, items in by_mesh.items()
                       if 2 * len(items) >= mesh.size()}  # fmt: skip
        self._numbers = {
            path: (mesh, number)
            for mesh, items in self._items.items()
            for number, (path, *_) in enumerate(items)
        }
        self._made: dict[str, Tensor] = {}

    def write(self, path: str) -> bool:
        """Write this process's part of a kernel, or say that it is not among these."""
        if path not in self._numbers:
            return False
        mesh, number = self._numbers[path]
        items, ranks = self._items[mesh], mesh.mesh.flatten().tolist()
        place, owner = ranks.index(distributed.get_rank()), number % len(ranks)
        if owner == 0 and number + place < len(items):  # a round begins
            own, _, draw = items[number + place]
            self._made[own] = draw()
        tensor = items[number][1]
        # All that is sent has one size, that of the first part: no part is larger.
        most = math.prod(map(len, indices_at(tensor, (0,) * mesh.ndim)))
        with torch.no_grad():
            local = tensor.to_local()
            part = torch.empty(most, dtype=tensor.dtype, device=local.device)
            parts = None
            if place == owner:
                places = itertools.product(*map(range, mesh.shape))
                everywhere = (indices_at(tensor, at) for at in places)
                parts = _cut(self._made.pop(path), everywhere, most)
            distributed.scatter(part, parts, src=ranks[owner], group=_group(mesh))
            local.copy_(part[: local.numel()].view(local.shape))
        return True


def _is_shared_out(a: Assignment, tensor: Any) -> bool:
    if a.name is None or not is_distributed(tensor) or tensor.numel() < LEAST:
        return False
    spec, placements = specs[a.name], tensor.placements
    if spec.exact_across_namespaces or not spec.random:  # cheap in part
        return False
    if any(p.is_partial() for p in placements) or all(p.is_replicate() for p in placements):
        return False
    return _group(tensor.device_mesh) is not None


def _group(mesh: Any) -> Any:
    """The group of all processes of a mesh, if there is one."""
    if mesh.ndim == 1:
        return mesh.get_group()
    return distributed.group.WORLD if mesh.size() == distributed.get_world_size() else None


def _cut(whole: Tensor, everywhere: Iterable[list[Tensor]], most: int) -> list[Tensor]:
    """The parts in a row each, filled up to one size."""
    found = []
    for indices in everywhere:
        part = whole
        for axis, along in enumerate(indices):
            if len(along) < whole.shape[axis]:
                part = part.index_select(axis, along.to(whole.device))
        filled = whole.new_empty(most)
        filled[: part.numel()] = part.reshape(-1)
        found.append(filled)
    return found
