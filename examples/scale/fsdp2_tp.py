"""FSDP2 over tensor parallelism, as torchtitan does it: a model that never exists as a whole.

torchrun --nproc-per-node 8 examples/scale/fsdp2_tp.py --tp 2

The model is built on the meta device, cut, given memory, and filled: every process writes what it
holds. `--layers 24 --width 2048 --hidden 5632 --tokens 32000` makes a model of 1.4 billion weights.
The line that is printed is the same for any number of processes and any `--tp`.
"""

import argparse
import time

import torch
import torch.distributed as dist
from _llama import Llama, peak, sample
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import initcore_torch as init

LAYER = {
    **{name: ColwiseParallel() for name in ("wq", "wk", "wv", "w1", "w3")},
    **{name: RowwiseParallel() for name in ("wo", "w2")},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=176)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--tp", type=int, default=1, help="processes that share a layer")
    parser.add_argument("--scheme", default="orthogonal")
    parser.add_argument("--prove", action="store_true", help="draw all again and compare")
    how = parser.parse_args()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    ranks = dist.get_world_size()
    mesh = init_device_mesh("cpu", (ranks // how.tp, how.tp), mesh_dim_names=("dp", "tp"))

    with torch.device("meta"):
        model = Llama(how.layers, how.width, how.hidden, how.heads, how.tokens)
    plan = init.plan(model, how.scheme, seed=0, sample_input=sample())
    for layer in model.layers:
        if how.tp > 1:
            parallelize_module(layer, mesh["tp"], LAYER)
        fully_shard(layer, mesh=mesh["dp"])
    fully_shard(model, mesh=mesh["dp"])
    model.to_empty(device="cpu")
    before, start = peak(), time.perf_counter()
    plan.apply(model)
    took = time.perf_counter() - start

    mine = sum(p.to_local().numel() for p in model.parameters()) * 4 / 2**30
    line = plan.fingerprint(model) if how.prove else f"initcore plan {plan.hash}"
    rows = [None] * ranks
    dist.all_gather_object(rows, (mine, before, peak(), took, line))
    if dist.get_rank() == 0:
        count = sum(p.numel() for p in model.parameters())
        print(f"{count:,} weights on {ranks} processes, {how.tp} of them to a layer")
        mine, before, most, took = (max(column) for column in list(zip(*rows, strict=True))[:4])
        print(f"a process holds {mine:.2f} GiB, used {before:.2f} before and {most:.2f} at most")
        print(f"filled in {took:.1f} s")
        print(*sorted({r[4] for r in rows}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
