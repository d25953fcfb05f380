"""DeepSpeed's ZeRO-3: each process fills its part of each parameter, which is a range of numbers.

torchrun --nproc-per-node 4 examples/scale/zero3.py

ZeRO-3 lays a parameter's numbers in a row and gives each process a piece of it. A piece is made of
the end of a row, whole rows, and the beginning of a row: three rectangles, each a `part`. With
DeepSpeed installed the partitions are its own; without it they are cut in the same way here.
"""

from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import Tensor, nn

import initcore_torch as init
from initcore_torch import Part

try:
    import deepspeed
except ImportError:
    deepspeed = None


def rectangles(start: int, size: int, columns: int) -> Iterator[tuple[int, int, int, int]]:
    """`(row, column, rows, columns)` of the numbers `start` to `start + size` of a matrix."""
    while size > 0:
        row, column = divmod(start, columns)
        whole = size // columns if column == 0 else 0
        shape = (whole, columns) if whole else (1, min(columns - column, size))
        yield row, column, *shape
        start, size = start + shape[0] * shape[1], size - shape[0] * shape[1]


def fill(piece: Tensor, shape: tuple[int, int], start: int, seed: int) -> None:
    """Fill a contiguous piece of a matrix that begins at its number `start`."""
    done, size = 0, min(piece.numel(), shape[0] * shape[1] - start)  # what follows is padding
    for row, column, rows, columns in rectangles(start, size, shape[1]):
        here = piece[done : done + rows * columns].view(rows, columns)
        init.orthogonal_(here, seed=seed, part=Part(shape, (row, column)))
        done += rows * columns


def with_deepspeed() -> list[bool]:
    with deepspeed.zero.Init():
        model = nn.Sequential(nn.Linear(96, 130, bias=False), nn.Linear(130, 70, bias=False))
    same = []
    for seed, weight in enumerate(model.parameters()):
        shape, piece = tuple(weight.ds_shape), weight.ds_tensor
        fill(piece, shape, dist.get_rank() * piece.numel(), seed)
        with deepspeed.zero.GatheredParameters([weight]):
            wanted = init.orthogonal_(torch.empty(shape, dtype=weight.dtype), seed=seed)
            same.append(torch.equal(weight.cpu(), wanted))
    return same


def without() -> list[bool]:
    ranks, same = dist.get_world_size(), []
    for seed, shape in enumerate(((130, 96), (70, 130))):
        size = -(-shape[0] * shape[1] // ranks)
        piece = torch.zeros(size)
        fill(piece, shape, dist.get_rank() * size, seed)
        pieces = [torch.empty(size) for _ in range(ranks)]
        dist.all_gather(pieces, piece)
        whole = torch.cat(pieces)[: shape[0] * shape[1]].view(shape)
        same.append(torch.equal(whole, init.orthogonal_(torch.empty(shape), seed=seed)))
    return same


def main() -> None:
    torch.set_num_threads(1)
    if deepspeed is None:
        dist.init_process_group("gloo")
    else:
        deepspeed.init_distributed("gloo")
    same = without() if deepspeed is None else with_deepspeed()
    if dist.get_rank() == 0:
        print("as in one process:", *same)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
