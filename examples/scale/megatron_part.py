"""Tensor parallelism with layers of one's own, as in Megatron-LM: plain tensors, and `part=`.

torchrun --nproc-per-node 4 examples/scale/megatron_part.py

Each process holds a slice of every kernel and says which. No master weight is drawn, nothing is
sent, and fans and gains are those of the whole layer.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn

import initcore_torch as init
from initcore_torch import Part


class ColumnParallelLinear(nn.Module):
    """The process's share of the outputs."""

    def __init__(self, inputs: int, outputs: int, seed: int) -> None:
        super().__init__()
        rows = outputs // dist.get_world_size()
        self.weight = nn.Parameter(torch.empty(rows, inputs))
        part = Part((outputs, inputs), (dist.get_rank() * rows, 0))
        init.orthogonal_(self.weight, gain=init.calculate_gain("relu"), seed=seed, part=part)


class RowParallelLinear(nn.Module):
    """The process's share of the inputs."""

    def __init__(self, inputs: int, outputs: int, seed: int) -> None:
        super().__init__()
        columns = inputs // dist.get_world_size()
        self.weight = nn.Parameter(torch.empty(outputs, columns))
        part = Part((outputs, inputs), (0, dist.get_rank() * columns))
        init.kaiming_normal_(self.weight, nonlinearity="linear", seed=seed, part=part)


def gathered(mine: Tensor, axis: int) -> Tensor:
    """The whole kernel."""
    shares = [torch.empty_like(mine) for _ in range(dist.get_world_size())]
    dist.all_gather(shares, mine.detach())
    return torch.cat(shares, axis)


def main() -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    up, down = ColumnParallelLinear(192, 512, seed=1), RowParallelLinear(512, 192, seed=2)
    gain = init.calculate_gain("relu")
    one = init.orthogonal_(torch.empty(512, 192), gain=gain, seed=1)
    two = init.kaiming_normal_(torch.empty(192, 512), nonlinearity="linear", seed=2)
    same = torch.equal(gathered(up.weight, 0), one), torch.equal(gathered(down.weight, 1), two)
    if dist.get_rank() == 0:
        print("as in one process:", *same)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
