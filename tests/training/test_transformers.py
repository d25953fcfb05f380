"""The callbacks for transformers' `Trainer`, in real runs."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.utils.tensorboard
from torch import nn

transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from initcore.training import NotFiniteError  # noqa: E402
from initcore_torch import plan  # noqa: E402
from initcore_torch.transformers import Initialize, Watch  # noqa: E402
from tests.tools.mutants import Mutant, each_is_found  # noqa: E402
from tests.training.conftest import Poisoned  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of transformers' own


def small() -> Any:
    torch.manual_seed(0)
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            n_layer=2, n_head=2, n_embd=16, vocab_size=32, n_positions=16, bos_token_id=0,
            eos_token_id=0, attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0,
        )
    )  # fmt: skip


class Tokens(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __len__(self) -> int:
        return 32

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        tokens = (torch.arange(12) * (number + 1)) % 32
        return {"input_ids": tokens, "labels": tokens}


def trainer_of(model: Any, folder: Path, *callbacks: Any, **how: Any) -> Any:
    args = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=4, per_device_train_batch_size=4, report_to=[],
        use_cpu=True, logging_steps=1, save_strategy="no", disable_tqdm=True, **how,
    )  # fmt: skip
    return transformers.Trainer(model, args, train_dataset=Tokens(), callbacks=list(callbacks))


def test_weights_are_set_before_the_first_step(tmp_path: Path) -> None:
    model, first = small(), []

    class See(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_step_begin(self, *given: Any, model: Any, **more: Any) -> None:
            first.append(model.lm_head.weight.detach().clone())

    begin = Initialize("orthogonal", seed=5)
    trainer_of(model, tmp_path, begin, See()).train()
    expected = small()
    plan(expected, "orthogonal", seed=5).apply(expected)
    assert torch.equal(first[0], expected.lm_head.weight)
    assert begin.report is not None
    assert len(begin.report) == 28


def test_training_that_resumes_keeps_its_weights(tmp_path: Path) -> None:
    trainer = trainer_of(small(), tmp_path)
    trainer.train()
    trainer._save_checkpoint(trainer.model, None)
    begin = Initialize("orthogonal")
    trainer_of(small(), tmp_path, begin).train(resume_from_checkpoint=True)
    assert begin.report is None


def test_every_look_reaches_the_log_and_the_reporters(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from transformers.integrations import TensorBoardCallback

    trainer = trainer_of(small(), tmp_path, gradient_accumulation_steps=2)
    writer = torch.utils.tensorboard.SummaryWriter(tmp_path / "board")
    trainer.add_callback(TensorBoardCallback(writer))
    watch = Watch(trainer.log, every=2)
    trainer.add_callback(watch)
    trainer.train()
    logged = [row for row in trainer.state.log_history if "initcore/signal_least" in row]
    assert [row["step"] for row in logged] == [0, 2]
    assert "initcore_gradient/transformer.h.1.mlp.c_proj.weight" in logged[0]
    events = EventAccumulator(str(tmp_path / "board"))
    events.Reload()
    assert any("initcore/spread_largest" in tag for tag in events.Tags()["scalars"])
    assert not any(m._forward_hooks for m in trainer.model.modules())


def test_numbers_do_not_change_the_training(tmp_path: Path) -> None:
    watched, plain = small(), small()
    trainer = trainer_of(watched, tmp_path)
    trainer.add_callback(Watch(trainer.log, every=1))
    trainer.train()
    trainer_of(plain, tmp_path).train()
    assert all(map(torch.equal, watched.parameters(), plain.parameters()))


def test_training_stops_at_the_first_layer_that_is_not_finite(tmp_path: Path) -> None:
    model = small()
    model.transformer.h[1].mlp = nn.Sequential(model.transformer.h[1].mlp, Poisoned())
    trainer = trainer_of(model, tmp_path)
    trainer.add_callback(Watch(trainer.log))
    with pytest.raises(NotFiniteError, match=r"the output of transformer\.h\.1\.mlp\.1 is not"):
        trainer.train()


OF = "initcore_torch.transformers:"
MUTANTS = [
    Mutant(f"{OF}Initialize.on_train_begin", "state.global_step == 0 and ", "",
           test_training_that_resumes_keeps_its_weights),
    Mutant(f"{OF}Initialize.on_train_begin", "seed=self._seed", "seed=0",
           test_weights_are_set_before_the_first_step),
    Mutant(f"{OF}Watch.on_step_begin", "state.global_step", "0",
           test_every_look_reaches_the_log_and_the_reporters),
    Mutant(f"{OF}Watch.on_pre_optimizer_step", ".check(loss,", ".check(None,",
           test_training_stops_at_the_first_layer_that_is_not_finite),
    Mutant(f"{OF}Watch.on_train_end", "self._handle.remove()", "pass",
           test_every_look_reaches_the_log_and_the_reporters),
]  # fmt: skip

test_a_wrong_callback_is_found = each_is_found(MUTANTS)
