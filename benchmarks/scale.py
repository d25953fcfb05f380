"""What a shard costs: time and memory of each of 8 processes that fill one DTensor, and of one.

python benchmarks/scale.py [--size 2048] [--ranks 8]

Memory is what a process needs at most beyond what it uses before, in units of its shard. Processes
share the cores of the machine, so time is processor time of one process, in units of that of a
single process with the whole.
"""

import argparse
import os
import socket
import sys
import time
from typing import Any

import torch
import torch.distributed as dist
from _measure import growth, row, title
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, empty

import initcore_torch as init

FILLS = ("normal_", "kaiming_uniform_", "truncated_normal_", "orthogonal_", "idinit_")


def measured(name: str, size: int) -> tuple[float, float]:
    """Processor seconds and megabytes of one process, of the second call."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    fill: Any = getattr(init, name)
    fill(empty((size, size), device_mesh=mesh, placements=[Shard(0)]), seed=0)
    tensor = empty((size, size), device_mesh=mesh, placements=[Shard(0)])
    tensor.to_local().zero_()  # memory is there once it is written
    start = time.process_time()
    more = growth(lambda: fill(tensor, seed=0))
    return time.process_time() - start, more


def work(rank: int, ranks: int, port: int, size: int, queue: Any) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    found = []
    for name in FILLS:
        seconds, more = measured(name, size)
        both: list[Any] = [None] * ranks
        dist.all_gather_object(both, (seconds, more))
        found.append((max(b[0] for b in both), max(b[1] for b in both)))
    if rank == 0:
        queue.put(found)
    dist.destroy_process_group()


def of(ranks: int, size: int) -> list[tuple[float, float]]:
    """The worst process of each fill."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=work, args=(rank, ranks, port, size, queue))
                 for rank in range(ranks)]  # fmt: skip
    for process in processes:
        process.start()
    found: list[tuple[float, float]] = queue.get(timeout=600)
    for process in processes:
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--ranks", type=int, default=8)
    how = parser.parse_args()
    whole = how.size**2 * 4 / 2**20
    title(f"{how.size} x {how.size} over {how.ranks} processes", "time of one / alone",
          "memory, x shard", "memory alone, x whole")  # fmt: skip
    alone, shared = of(1, how.size), of(how.ranks, how.size)
    for name, one, many in zip(FILLS, alone, shared, strict=True):
        row(f"`{name}`", f"{many[0] / one[0]:.2f}", f"{many[1] / (whole / how.ranks):.1f}",
            f"{one[1] / whole:.1f}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
