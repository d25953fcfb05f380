"""The callbacks for Lightning, in real fits with real loggers."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

lightning = pytest.importorskip("lightning")
from lightning.pytorch import loggers  # noqa: E402

from initcore.training import NotFiniteError  # noqa: E402
from initcore_torch.lightning import Initialize, Watch  # noqa: E402
from tests.tools.mutants import Mutant, each_is_found  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of Lightning's own: workers, loggers, devices


class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
    """Makes its layers in `configure_model`, as models that are sharded do."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.given, self.net = [net], None
        self.first: torch.Tensor | None = None

    def configure_model(self) -> None:
        self.net = self.given[0] if self.net is None else self.net

    def training_step(self, batch: Any, number: int) -> torch.Tensor:
        if self.first is None:
            self.first = self.net[0].weight.detach().clone()
        return nn.functional.mse_loss(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.01)


def fit(module: Any, *callbacks: Any, logger: Any = False, steps: int = 5, **how: Any) -> Any:
    x = torch.randn(40, 8, generator=torch.Generator().manual_seed(0))
    data = torch.utils.data.TensorDataset(x, x[:, :2])
    trainer = lightning.Trainer(
        max_steps=steps, max_epochs=-1, callbacks=list(callbacks), logger=logger,
        accelerator="cpu", enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False, log_every_n_steps=1, **how,
    )  # fmt: skip
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=8))
    return trainer


def test_weights_are_set_before_the_first_step_and_once(net: nn.Sequential) -> None:
    begin = Initialize("orthogonal", seed=3, module="net")
    module = Module(net)
    fit(module, begin)
    assert begin.report is not None
    assert begin.report["0.weight"].name == "orthogonal"
    fresh = nn.Sequential(nn.Linear(8, 32))
    begin.report.plan.apply(fresh)
    assert torch.equal(module.first, fresh[0].weight)
    trained = module.net[0].weight.detach().clone()
    fit(module, begin, steps=0)
    assert torch.equal(trained, module.net[0].weight)


def test_a_fit_that_resumes_keeps_its_weights(net: nn.Sequential, tmp_path: Path) -> None:
    module = Module(net)
    fit(module, steps=2).save_checkpoint(tmp_path / "at.ckpt")
    before = net[0].weight.detach().clone()
    begin, again = Initialize("orthogonal"), Module(net)
    trainer = lightning.Trainer(
        max_steps=2, callbacks=[begin], logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, accelerator="cpu",
    )  # fmt: skip
    data = torch.utils.data.TensorDataset(torch.randn(8, 8), torch.randn(8, 2))
    trainer.fit(again, torch.utils.data.DataLoader(data, batch_size=8),
                ckpt_path=tmp_path / "at.ckpt")  # fmt: skip
    assert begin.report is None
    assert torch.equal(before, net[0].weight)


def test_tensorboard_gets_every_layer(net: nn.Sequential, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logger = loggers.TensorBoardLogger(tmp_path)
    fit(Module(net), Watch(every=2), logger=logger)
    events = EventAccumulator(logger.log_dir)
    events.Reload()
    tags = events.Tags()["scalars"]
    assert {"initcore_signal/net.0.weight", "initcore/gradient_least"} <= set(tags)
    assert [e.step for e in events.Scalars("initcore_dead/net.2.weight")] == [0, 2, 4]


def test_weights_and_biases_and_mlflow_get_them(
    net: nn.Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb")
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    wb = loggers.WandbLogger(save_dir=tmp_path, offline=True)
    ml = loggers.MLFlowLogger(tracking_uri=f"file:{tmp_path}/mlflow")
    fit(Module(net), Watch(every=2, layers=False), logger=[wb, ml])
    assert "initcore/signal_least" in dict(wb.experiment.summary)
    wandb.finish()
    history = mlflow.MlflowClient(f"file:{tmp_path}/mlflow").get_metric_history(
        ml.run_id, "initcore/singular_value_largest"
    )
    assert [m.step for m in history] == [0, 2, 4]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_numbers_do_not_change_the_training(net: nn.Sequential, accumulate: int) -> None:
    import copy

    other = copy.deepcopy(net)
    watch = Watch(every=1)
    fit(Module(net), watch, accumulate_grad_batches=accumulate)
    fit(Module(other), accumulate_grad_batches=accumulate)
    assert all(map(torch.equal, net.parameters(), other.parameters()))
    assert watch.look.step == 4
    assert not any(module._forward_hooks for module in net.modules())


def test_the_fit_stops_at_the_first_layer_that_is_not_finite(sick: nn.Sequential) -> None:
    with pytest.raises(NotFiniteError, match=r"^step 2: the output of net\.1 is not finite"):
        fit(Module(sick), Watch(every=100))


def test_the_example_input_of_the_module_is_used(net: nn.Sequential) -> None:
    shapes = []

    class Called(Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            shapes.append(tuple(x.shape))
            return self.net(x)

    begin, module = Initialize("orthogonal"), Called(net)
    module.example_input_array = torch.zeros(3, 8)
    fit(module, begin, steps=1)
    assert begin.report is not None
    assert begin.report.network.graph.traced
    assert (3, 8) in shapes
    assert begin.report["net.0.weight"].name == "orthogonal"
    assert not begin.report.verdict


OF, SHARED = "initcore_torch.lightning:", "initcore_torch.training._callback:WatchCallback."
MUTANTS = [
    Mutant(f"{OF}Initialize.on_fit_start", "trainer.ckpt_path is not None or ", "",
           test_a_fit_that_resumes_keeps_its_weights),
    Mutant(f"{OF}Initialize.on_fit_start", " or self.report is not None", "",
           test_weights_are_set_before_the_first_step_and_once),
    Mutant(f"{OF}Initialize.on_fit_start", '"sample_input": sample, ', "",
           test_the_example_input_of_the_module_is_used),
    Mutant(f"{OF}Watch.on_train_batch_start", "trainer.global_step", "0",
           test_tensorboard_gets_every_layer),
    Mutant(f"{OF}Watch.on_before_backward", ".check(loss,", ".check(None,",
           test_the_fit_stops_at_the_first_layer_that_is_not_finite),
    Mutant(f"{OF}Watch.on_before_optimizer_step", "in trainer.loggers", "in trainer.loggers[:1]",
           test_weights_and_biases_and_mlflow_get_them),
    Mutant(f"{OF}Watch.on_before_optimizer_step", "step=trainer.global_step", "step=0",
           test_tensorboard_gets_every_layer),
    Mutant(f"{SHARED}_log_look", "layers=self._layers", "layers=False",
           test_tensorboard_gets_every_layer),
]  # fmt: skip

test_a_wrong_callback_is_found = each_is_found(MUTANTS)
