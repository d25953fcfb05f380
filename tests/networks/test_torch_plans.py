"""A plan is made once and gives every sharding and stage of a model the values of one process."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import initcore_torch as init
from initcore.networks import Plan
from tests.tools.ranks import printed


def net(device: str = "cpu") -> nn.Sequential:
    with torch.device(device):
        return nn.Sequential(
            nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3)
        )


def test_a_plan_made_on_meta_gives_what_initialize_gives() -> None:
    plan = init.plan(net("meta"), "orthogonal", seed=4)
    here, whole = net(), net()
    report = plan.apply(here)
    init.initialize(whole, "orthogonal", seed=4)
    assert len(report) == 6
    assert "6 weights set" in report.headline
    assert all(
        torch.equal(p, q) for p, q in zip(here.parameters(), whole.parameters(), strict=True)
    )


def test_planning_changes_no_weight() -> None:
    model = net()
    before = [p.clone() for p in model.parameters()]
    plan = init.plan(model, "orthogonal", seed=4)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))
    assert "6 weights planned" in str(plan)
    assert plan.hash in repr(plan)


@pytest.mark.parametrize(
    "scheme",
    [
        "orthogonal",
        ("sparse_orthogonal", {"density": 0.3}),
        "mirrored",
        "idinit",
        {"*.weight": ("normal", {"std": 0.1})},
    ],
)
def test_a_plan_survives_as_text(scheme: object) -> None:
    plan = init.plan(net(), scheme, seed=4)
    again = Plan.from_json(plan.to_json())
    assert again.hash == plan.hash
    assert again.to_json() == plan.to_json()
    one, other = net(), net()
    with torch.no_grad():
        for p, q in zip(one.parameters(), other.parameters(), strict=True):
            q.copy_(p)
    plan.apply(one)
    again.apply(other)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_the_hash_says_seed_scheme_and_names_and_nothing_else() -> None:
    one = init.plan(net(), "orthogonal", seed=4)
    assert one.hash == init.plan(net("meta"), "orthogonal", seed=4).hash
    others = [
        init.plan(net(), "orthogonal", seed=5), init.plan(net(), "glorot_normal", seed=4),
        init.plan(net(), "orthogonal", seed=4, paths=lambda path: f"model.{path}"),
    ]  # fmt: skip
    assert len({one.hash, *(other.hash for other in others)}) == 4


def test_a_fused_kernel_and_set_gates_survive_as_text() -> None:
    class Fused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.both, self.rnn, self.out = nn.Linear(6, 20), nn.LSTM(10, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            gate, up = self.both(x).split([12, 8], -1)
            joined = torch.cat([torch.sigmoid(gate[..., :8]) * up, gate[..., 8:10]], -1)
            return self.out(self.rnn(joined)[0])

    plan = init.plan(Fused(), ("orthogonal", {"forget_bias": 1.0}), sample_input=torch.zeros(3, 6))
    assert any(a.pieces for a in plan.assignments)
    assert any(a.starts for a in plan.assignments)
    one, other = Fused(), Fused()
    plan.apply(one)
    Plan.from_json(plan.to_json()).apply(other)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_parametrized_and_compiled_models_take_a_plan_of_the_plain_one() -> None:
    plan = init.plan(net("meta"), "orthogonal", seed=4)
    plain, other = net(), net()
    nn.utils.parametrizations.weight_norm(other[2])
    plan.apply(plain)
    plan.apply(torch.compile(other, backend="eager"))
    assert torch.allclose(plain[2].weight, other[2].weight, atol=1e-6)
    assert plan.fingerprint(plain) == plan.fingerprint(other)


def test_tied_weights_of_two_stages_get_the_same_values() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.mid = nn.Embedding(12, 8), nn.Linear(8, 8)
            self.head = nn.Linear(8, 12, bias=False)
            self.head.weight = self.words.weight

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.head(torch.relu(self.mid(self.words(ids))))

    plan = init.plan(Tied(), "orthogonal", sample_input=torch.zeros(1, 4, dtype=torch.long))
    first, last = nn.Module(), nn.Module()
    first.words, last.head = nn.Embedding(12, 8), nn.Linear(8, 12, bias=False)
    plan.apply(first)
    plan.apply(last)
    assert torch.equal(first.words.weight, last.head.weight)
    assert plan.fingerprint(first) == plan.fingerprint(last)


def test_what_does_not_fit_is_refused_before_anything_is_written() -> None:
    plan = init.plan(net(), "orthogonal", seed=4)
    wide = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 24))
    before = [p.clone() for p in wide.parameters()]
    with pytest.raises(ValueError, match=r"2.weight is planned with shape \(16, 16\)"):
        plan.apply(wide)
    with pytest.raises(
        ValueError, match=r"says nothing of head.weight, head.bias; nothing has been"
    ):
        plan.apply(nn.ModuleDict({"head": nn.Linear(2, 2)}))
    assert all(torch.equal(p, q) for p, q in zip(wide.parameters(), before, strict=True))
    with pytest.raises(TypeError, match="needs a model of a framework whose adapter is imported"):
        plan.apply(3)
    with pytest.raises(ValueError, match="needs sample_input, a batch of real data"):
        init.plan(net(), "lsuv").apply(net())


def test_a_fingerprint_is_a_proof() -> None:
    plan = init.plan(net(), "orthogonal", seed=4)
    model = net()
    plan.apply(model)
    line = plan.fingerprint(model)
    assert line == plan.fingerprint(model.to(torch.bfloat16))
    plan.apply(model := net())
    with torch.no_grad():
        model[2].weight[3, 5] += 1e-3
    with pytest.raises(ValueError, match=r"2.weight is not what the plan gives it: it differs by"):
        plan.fingerprint(model)
    with pytest.raises(ValueError, match="scales weights by data"):
        init.plan(net(), "lsuv").fingerprint(net())


def test_text_that_is_no_plan_is_refused() -> None:
    text = init.plan(net(), "orthogonal", seed=4).to_json()
    for bad in ("", "{}", "[1]", "3", '{"initcore_plan": 1}'):
        with pytest.raises(ValueError, match=r"Plan.from_json"):
            Plan.from_json(bad)
    with pytest.raises(ValueError, match="reads format 1, got format 2"):
        Plan.from_json(text.replace('"initcore_plan": 1', '"initcore_plan": 2'))
    with pytest.raises(ValueError, match="its hash does not fit"):
        Plan.from_json(text.replace('"seed": 4', '"seed": 5'))
    changed = json.loads(text)
    changed["weights"][0]["initializer"] = "orthogonl"
    with pytest.raises(ValueError, match="there is no initializer 'orthogonl'"):
        Plan.from_json(json.dumps(changed))
    with pytest.raises(TypeError, match="needs the text of a plan"):
        Plan.from_json(3)


PROCESSES = """
import sys, torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.pipelining import SplitPoint, pipeline
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel
import initcore_torch as init
from initcore.networks import Plan

dist.init_process_group("gloo")
rank = dist.get_rank()

def net(device="cpu"):
    with torch.device(device):
        return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16), nn.Linear(16, 8))

texts = [init.plan(net("meta"), "orthogonal", seed=5).to_json() if rank == 0 else None]
dist.broadcast_object_list(texts)  # planned once
plan = Plan.from_json(texts[0])
whole = net()
plan.apply(whole)
line = plan.fingerprint(whole)

model = net("meta")
mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
parallelize_module(model, mesh["tp"], {"0": ColwiseParallel(), "2": RowwiseParallel()})
for layer in (model[0], model[2], model[3]):
    fully_shard(layer, mesh=mesh["dp"])
fully_shard(model, mesh=mesh["dp"])
report = plan.apply(model.to_empty(device="cpu"))
assert len(report) == 6, report
for p, q in zip(whole.parameters(), model.parameters(), strict=True):
    assert torch.equal(p, q.full_tensor())
assert plan.fingerprint(model) == line

pipe = pipeline(net(), (torch.zeros(2, 16),), split_spec={"2": SplitPoint.BEGINNING})
stage = pipe.get_stage_module(rank % 2)
assert len(plan.apply(stage)) == (2 if rank % 2 == 0 else 4)
for name, p in stage.named_parameters():
    assert torch.equal(p, whole.get_parameter(name)), name
assert plan.fingerprint(stage) == line

parallel = DistributedDataParallel(net())
plan.apply(parallel)
assert plan.fingerprint(parallel) == line
print(line)
dist.destroy_process_group()
"""


def test_four_processes_of_any_layout_hold_the_values_of_one(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(PROCESSES)
    (line,) = set(printed(script, 4))
    assert line.startswith("initcore plan ")


def test_the_hash_is_that_of_the_same_network_in_other_frameworks() -> None:
    # The same in every framework: tests/keras_adapter/test_plans.py has it too.
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 3))
    names = {"0.weight": "a", "2.weight": "b", "0.bias": "ab", "2.bias": "bb"}
    assert init.plan(model, "orthogonal", seed=3, paths=names).hash == "1265c5a852db5627"
