"""Processes that share a sharded model give it the values of one process."""

from pathlib import Path

import pytest

from tests.tools.ranks import printed

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

OWNERS = """
import torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
import initcore_torch as init
from initcore_torch.networks import _model

dist.init_process_group("gloo")
ranks = dist.get_world_size()
mesh = init_device_mesh("cpu", (ranks,))
drawn = []
draw = _model.draw_with
_model.draw_with = lambda rng, a: drawn.append(a.weight.path) or draw(rng, a)

def dense():
    sizes = [(300, 901), (901, 300), (300, 1000), (1000, 300), (300, 301), (301, 4)]
    return nn.Sequential(*(m for a, b in sizes for m in (nn.Linear(a, b), nn.Tanh())))

def images():
    return nn.Sequential(*(m for _ in range(3) for m in (nn.Conv2d(90, 90, 3), nn.ReLU())))

for make, scheme, shape in (
    (dense, "orthogonal", (2, 300)),
    (images, {"*.weight": "conv_orthogonal", "*.bias": "zeros"}, (1, 90, 9, 9)),
):
    whole, model = make(), make()
    init.initialize(whole, scheme, seed=5, sample_input=torch.zeros(shape))
    for dtype in (torch.float32, torch.bfloat16):
        model = make().to(dtype)
        fully_shard(model, mesh=mesh)
        kernels = [n for n, p in model.named_parameters() if p.numel() >= 1 << 16]
        drawn.clear()
        plan = init.plan(model, scheme, seed=5, sample_input=torch.zeros(shape, dtype=dtype))
        plan.apply(model)
        assert drawn == kernels[dist.get_rank()::ranks], (drawn, kernels)
        for (name, p), q in zip(whole.named_parameters(), model.parameters(), strict=True):
            assert torch.equal(p.to(dtype), q.full_tensor()), (name, dtype)
        plan.fingerprint(model)
if ranks == 4:  # over tensor parallelism: strided shards
    grid = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
    whole, model = dense(), dense()
    init.initialize(whole, "orthogonal", seed=5)
    styles = {str(2 * n): (ColwiseParallel, RowwiseParallel)[n % 2]() for n in range(4)}
    parallelize_module(model, grid["tp"], styles)
    for n in range(4):
        fully_shard(model[2 * n], mesh=grid["dp"])
    drawn.clear()
    plan = init.plan(whole, "orthogonal", seed=5)
    plan.apply(model)
    assert [n for n in drawn if n != "8.weight"] == [f"{2 * dist.get_rank()}.weight"], drawn
    for n in range(4):
        assert torch.equal(whole[2 * n].weight, model[2 * n].weight.full_tensor()), n
print("equal")
dist.destroy_process_group()
"""

TENSORS = """
import torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import Replicate, Shard, empty
from torch.distributed.tensor.parallel import ColwiseParallel, parallelize_module
import initcore_torch as init
from initcore import specs
from initcore_torch import _fill

dist.init_process_group("gloo")
torch.set_num_threads(1)
ranks = dist.get_world_size()
flat = init_device_mesh("cpu", (ranks,), mesh_dim_names=("all",))
placed = [(flat, [Shard(0)]), (flat, [Shard(1)]), (flat, [Replicate()])]
if ranks > 2:
    grid = init_device_mesh("cpu", (2, ranks // 2), mesh_dim_names=("dp", "tp"))
    placed += [(grid, [Shard(0), Shard(1)]), (grid, [Shard(0), Shard(0)]),
               (grid, [Replicate(), Shard(1)])]

def never(*given):
    raise AssertionError("the whole was drawn")

_fill.write_part = never
drawn = [n for n, s in specs.items() if s.builtin and (s.entries or s.regions)]
assert len(drawn) == len([s for s in specs.values() if s.builtin]) - 1  # all but conv_orthogonal
for name in drawn:
    shape = (6, 4, 3, 3) if specs[name].shape.low > 2 else (150, 140)
    given = {"val" if n == "value" else n: v for n, v in specs[name].example.items()}
    given |= {"seed": 3} if specs[name].random else {}
    for dtype, places in ((torch.float32, placed), (torch.bfloat16, placed[1:2])):
        wanted = getattr(init, name + "_")(torch.empty(shape, dtype=dtype), **given)
        for mesh, placements in places:
            tensor = empty(shape, device_mesh=mesh, placements=placements, dtype=dtype)
            found = getattr(init, name + "_")(tensor, **given).full_tensor()
            assert torch.equal(found, wanted), (name, dtype, placements)
experts = init.orthogonal_(torch.empty(8, 40, 30), batch=1, seed=1)
for placements in ([Shard(0)], [Shard(1)]):
    tensor = empty((8, 40, 30), device_mesh=flat, placements=placements)
    assert torch.equal(init.orthogonal_(tensor, batch=1, seed=1).full_tensor(), experts)
if ranks > 2:  # FSDP over tensor parallelism: strided shards
    model = nn.Sequential(nn.Linear(24, 32))
    parallelize_module(model, grid["tp"], {"0": ColwiseParallel()})
    fully_shard(model, mesh=grid["dp"])
    assert "Strided" in str(model[0].weight.placements)
    found = init.orthogonal_(model[0].weight, seed=2).full_tensor()
    assert torch.equal(found, init.orthogonal_(torch.empty(32, 24), seed=2))
print("equal")
dist.destroy_process_group()
"""


@pytest.mark.parametrize(
    "ranks",
    [pytest.param(1, marks=pytest.mark.thorough), 4, pytest.param(8, marks=pytest.mark.thorough)],
)
def test_every_fill_writes_the_part_that_a_process_holds(tmp_path: Path, ranks: int) -> None:
    run(TENSORS, ranks, tmp_path)


def test_sharded_models_get_the_values_of_one_process(tmp_path: Path) -> None:
    run(SHARDED, 2, tmp_path)


@pytest.mark.parametrize("ranks", [pytest.param(3, marks=pytest.mark.thorough), 4])
def test_each_process_makes_some_kernels_whole(tmp_path: Path, ranks: int) -> None:
    run(OWNERS, ranks, tmp_path)


def run(script: str, ranks: int, folder: Path) -> None:
    """A script in so many processes, each of which has to end by printing "equal"."""
    file = folder / "script.py"
    file.write_text(script)
    assert printed(file, ranks) == ["equal\n"] * ranks
