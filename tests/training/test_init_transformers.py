"""Models of transformers from a configuration, with the weights of a scheme."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

transformers = pytest.importorskip("transformers")

from initcore_torch import initialize  # noqa: E402
from initcore_torch.networks import _model  # noqa: E402
from initcore_torch.networks._trace import trace  # noqa: E402
from initcore_torch.transformers import init_transformers  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # transformers' own
TOKENS = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}


def gpt2() -> Any:
    return transformers.GPT2Config(
        n_layer=2,
        n_head=2,
        n_embd=16,
        vocab_size=32,
        n_positions=16,
        bos_token_id=0,
        eos_token_id=0,
    )


def llama(**more: Any) -> Any:
    return transformers.LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, vocab_size=64, max_position_embeddings=64, **TOKENS, **more,
    )  # fmt: skip


def bert() -> Any:
    return transformers.BertConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        vocab_size=64, architectures=["BertForMaskedLM"],
    )  # fmt: skip


@pytest.mark.parametrize(("config", "kind"), [(gpt2, "GPT2LMHeadModel"),
                                              (llama, "LlamaForCausalLM"),
                                              (bert, "BertForMaskedLM")])  # fmt: skip
def test_the_values_are_those_of_initialize(config: Any, kind: str) -> None:
    model, report = init_transformers(config(), "orthogonal", seed=4)
    assert type(model).__name__ == kind
    other = getattr(transformers, kind)(config())
    initialize(other, "orthogonal", seed=4)
    for (path, a), (_, b) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        assert path in report.untouched or torch.equal(a, b), path
    for (path, a), (_, b) in zip(model.named_buffers(), other.named_buffers(), strict=True):
        assert torch.equal(a, b), path
    assert not report.not_finite


def test_the_model_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = []

    def counted(*given: Any) -> Any:
        traces.append(trace(*given))
        return traces[-1]

    monkeypatch.setattr(_model, "trace", counted)
    init_transformers(gpt2(), "orthogonal", overrides={"transformer.wpe.weight": None})
    assert len(traces) == 1


def test_it_is_imported_after_models_of_transformers_too() -> None:
    code = "from transformers import GPT2LMHeadModel\nimport initcore_torch.transformers"
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    subprocess.run([sys.executable, "-c", code], env=where, check=True)


def test_its_own_initialization_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*given: Any) -> None:
        raise AssertionError("its own initialization was run")

    monkeypatch.setattr(transformers.LlamaForCausalLM, "_init_weights", never)
    monkeypatch.setattr(torch.nn.init, "kaiming_uniform_", never)
    init_transformers(llama(), "orthogonal")


def test_saved_models_come_back_and_generate(tmp_path: Path) -> None:
    for config in (gpt2(), llama(tie_word_embeddings=True)):
        model, _ = init_transformers(config, "orthogonal")
        tokens = torch.tensor([[1, 2, 3]])
        made = model.generate(tokens, max_new_tokens=5, do_sample=False)
        assert made.shape[1] > 3
        model.save_pretrained(tmp_path / config.model_type)
        again = type(model).from_pretrained(tmp_path / config.model_type)
        assert torch.equal(again(tokens).logits, model(tokens).logits)
        tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
        assert tied == config.tie_word_embeddings


@pytest.mark.parametrize("dtype", [torch.bfloat16, "float16"])
def test_dtypes_and_devices_are_those_that_were_asked_for(dtype: Any) -> None:
    model, report = init_transformers(
        transformers.LlamaForCausalLM, "orthogonal", config=llama(), dtype=dtype, device_map="cpu"
    )
    asked = dtype if isinstance(dtype, torch.dtype) else getattr(torch, dtype)
    assert {p.dtype for p in model.parameters()} == {asked}
    assert len(report) == sum(1 for _ in model.parameters())


def test_a_map_of_devices_spreads_the_model() -> None:
    pytest.importorskip("accelerate")
    plain, _ = init_transformers(gpt2(), "orthogonal")
    model, _ = init_transformers(gpt2(), "orthogonal", device_map={"": "cpu"})
    tokens = torch.tensor([[1, 2, 3]])
    assert torch.equal(model(tokens).logits, plain(tokens).logits)


def test_weights_that_are_left_alone_get_the_models_own() -> None:
    torch.manual_seed(0)
    model, report = init_transformers(
        gpt2(), "orthogonal", overrides={"transformer.wpe.weight": None}
    )
    assert list(report.untouched) == ["transformer.wpe.weight"]
    assert 0.015 < float(model.transformer.wpe.weight.detach().std()) < 0.025  # GPT-2's 0.02


def test_a_model_that_is_made_is_told_where_to_go() -> None:
    with pytest.raises(TypeError, match=r"for a model that is made: initialize\(model, scheme\)"):
        init_transformers(transformers.GPT2LMHeadModel(gpt2()), "orthogonal")
