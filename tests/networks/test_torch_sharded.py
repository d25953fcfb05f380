"""Processes that share a sharded model give it the values of one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SHARDED = """
import os, torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
import initcore_torch as init

dist.init_process_group("gloo")
mesh = init_device_mesh("cpu", (dist.get_world_size(),))

def net():
    return nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))

whole = net()
init.initialize(whole, "orthogonal", seed=5)
for meta in (True, False):
    with torch.device("meta" if meta else "cpu"):
        model = net()
    for layer in (model[0], model[2]):
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    if meta:
        model.to_empty(device="cpu")
    report = init.initialize(model, "orthogonal", seed=5, sample_input=torch.zeros(2, 16))
    assert not report.untouched and report["0.weight"].weight.activation == "relu", str(report)
    for p, q in zip(whole.parameters(), model.parameters(), strict=True):
        assert torch.equal(p, q.full_tensor())
    model(torch.ones(2, 16)).sum().backward()
from torch.distributed.tensor import Replicate, Shard, empty

rank = dist.get_rank()
for name in ("normal_", "kaiming_uniform_", "orthogonal_", "trunc_normal_", "hadamard_"):
    given = {} if name == "hadamard_" else {"seed": 3}
    wanted = getattr(init, name)(torch.empty(7, 12), **given)
    for placement in (Shard(0), Shard(1), Replicate()):
        tensor = empty((7, 12), device_mesh=mesh, placements=[placement])
        assert torch.equal(getattr(init, name)(tensor, **given).full_tensor(), wanted), name
alike = torch.Generator().manual_seed(1)
tensor = empty((7, 12), device_mesh=mesh, placements=[Shard(0)])
wanted = init.normal_(torch.empty(7, 12), generator=torch.Generator().manual_seed(1))
assert torch.equal(init.normal_(tensor, generator=alike).full_tensor(), wanted)
tensor.to_local().fill_(7.0)
try:
    init.normal_(tensor, generator=torch.Generator().manual_seed(rank))
except ValueError as error:
    assert "a generator in the same state on every process" in str(error), error
else:
    raise AssertionError("different generators were taken for one")
assert (tensor.to_local() == 7).all()
print("equal")
dist.destroy_process_group()
"""


def test_sharded_models_get_the_values_of_one_process(tmp_path: Path) -> None:
    if not torch.distributed.is_available() or sys.platform != "linux":
        pytest.skip("torch.distributed with gloo is not built into this PyTorch")
    here = Path(__file__).resolve().parents[2]
    paths = os.pathsep.join([str(here), str(here / "adapters")])
    world = {"MASTER_ADDR": "127.0.0.1", "WORLD_SIZE": "2", "PYTHONPATH": paths,
             "MASTER_PORT": str(20000 + os.getpid() % 20000)}  # fmt: skip
    ranks = [
        subprocess.Popen([sys.executable, "-c", SHARDED], env={**os.environ, **world, "RANK": r},
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        for r in "01"
    ]  # fmt: skip
    for rank in ranks:
        out, err = rank.communicate(timeout=120)
        assert rank.returncode == 0, err[-2000:]
        assert "equal" in out
