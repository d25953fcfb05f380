"""Lightning: a model is cut in `configure_model`, gets memory, and is filled in `on_fit_start`.

python examples/scale/lightning_fsdp.py [--devices 2]

What `fully_shard` leaves are DTensors. Each process writes its part of them, from a plan that was
made before there was any memory.
"""

import argparse
import logging
import warnings

import lightning
import torch
from lightning.pytorch.strategies import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.utils.data import DataLoader, TensorDataset

import initcore_torch as init
from initcore.networks import Plan


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 4))


class Module(lightning.LightningModule):
    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan, self.net, self.same = plan, net(), False

    def configure_model(self) -> None:
        if isinstance(next(self.net.parameters()), torch.distributed.tensor.DTensor):
            return
        mesh = self.device_mesh["data_parallel"]
        for layer in (self.net[0], self.net[2]):
            fully_shard(layer, mesh=mesh)
        fully_shard(self.net, mesh=mesh)

    def on_fit_start(self) -> None:  # now there is memory
        self.plan.apply(self.net)
        one = net()
        self.plan.apply(one)
        pairs = zip(self.net.parameters(), one.parameters(), strict=True)
        self.same = all(torch.equal(p.full_tensor(), q) for p, q in pairs)

    def training_step(self, batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        x, y = batch
        return (self.net(x) - y).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), 0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--devices", type=int, default=1)
    how = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning").setLevel(logging.ERROR)
    with torch.device("meta"):
        plan = init.plan(net(), "orthogonal", seed=0, sample_input=torch.zeros(2, 16))
    trainer = lightning.Trainer(
        accelerator="cpu", devices=how.devices, max_steps=1, logger=False,
        strategy=ModelParallelStrategy(data_parallel_size=how.devices, tensor_parallel_size=1),
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with trainer.init_module(empty_init=True):
        module = Module(plan)
    data = DataLoader(TensorDataset(torch.ones(8, 16), torch.ones(8, 4)), batch_size=4)
    trainer.fit(module, data)
    if trainer.is_global_zero:
        print("as in one process:", module.same)


if __name__ == "__main__":
    main()
