"""What a shard costs: time and memory of processes that fill one DTensor, by how many they are.

python benchmarks/scale.py [--size 2048] [--ranks 1 2 4 8] [--axis 0]

Memory is what a process needs at most beyond what it uses before, in units of its shard. Processes
share the cores of the machine, so time is processor time of one process, in units of that of a
single process with the whole. Both are those of the process that takes most.
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

GIVEN: dict[str, dict[str, Any]] = {
    "normal_": {}, "kaiming_uniform_": {}, "truncated_normal_": {}, "identity_": {},
    "hadamard_": {}, "idinit_": {}, "sparse_": {"sparsity": 0.5}, "orthogonal_": {},
    "mirrored_": {}, "sparse_orthogonal_": {"density": 0.1},
}  # fmt: skip
KEYLESS = ("identity_", "hadamard_")


def measured(name: str, size: int, axis: int) -> tuple[float, float]:
    """Processor seconds and megabytes of one process: the best of three calls after the first."""
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    given = GIVEN[name] if name in KEYLESS else {**GIVEN[name], "seed": 0}
    fill: Any = getattr(init, name)
    tensor = empty((size, size), device_mesh=mesh, placements=[Shard(axis)])
    fill(tensor, **given)  # memory is there once it is written
    best = [float("inf"), float("inf")]
    for _ in range(3):
        start = time.process_time()
        fill(tensor, **given)
        best[0] = min(best[0], time.process_time() - start)
        best[1] = min(best[1], growth(lambda: fill(tensor, **given)))
    return best[0], best[1]


def work(rank: int, ranks: int, port: int, size: int, axis: int, queue: Any) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    found = []
    for name in GIVEN:
        seconds, more = measured(name, size, axis)
        both: list[Any] = [None] * ranks
        dist.all_gather_object(both, (seconds, more))
        found.append((max(b[0] for b in both), max(b[1] for b in both)))
    if rank == 0:
        queue.put(found)
    dist.destroy_process_group()


def of(ranks: int, size: int, axis: int) -> list[tuple[float, float]]:
    """The worst process of each fill."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # glibc keeps freed arrays of less than 32 MB unless it is told not to: they would not count.
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "65536"
    context = torch.multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=work, args=(rank, ranks, port, size, axis, queue))
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
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--axis", type=int, default=0, help="which axis is sharded")
    how = parser.parse_args()
    whole = how.size**2 * 4 / 2**20
    found = {ranks: of(ranks, how.size, how.axis) for ranks in {1, *how.ranks}}
    many = sorted(how.ranks)
    title(f"{how.size} x {how.size}, Shard({how.axis})",
          *(f"{ranks} processes: time, memory" for ranks in many))  # fmt: skip
    for number, name in enumerate(GIVEN):
        alone = found[1][number][0]
        cells = [(found[r][number][0] / alone, found[r][number][1] / (whole / r)) for r in many]
        row(f"`{name}`", *(f"{time:.2f}, {memory:.1f}" for time, memory in cells))


if __name__ == "__main__":
    sys.exit(main())
