"""A transformers model without weights: planned as it is, filled once it has memory.

python examples/scale/empty_weights.py

Under accelerate's `init_empty_weights` (or `torch.device("meta")`) parameters have shapes only, and
transformers' own initialization does nothing to them. The plan is made from that model, and written
into any that has memory.
"""

import contextlib

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

import initcore_torch as init

try:
    from accelerate import init_empty_weights
except ImportError:

    @contextlib.contextmanager
    def init_empty_weights():
        with torch.device("meta"):
            yield


CONFIG = LlamaConfig(
    hidden_size=64, intermediate_size=176, num_hidden_layers=2, num_attention_heads=4,
    vocab_size=256,
)  # fmt: skip


def main() -> None:
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(CONFIG)
    tokens = {"input_ids": torch.zeros(1, 4, dtype=torch.int64)}
    plan = init.plan(model, "orthogonal", seed=0, sample_input=tokens)
    assert all(p.is_meta for p in model.parameters())

    # The device map: which parts get memory, and where. Here each gets it by itself.
    with torch.device("cpu"):
        filled = AutoModelForCausalLM.from_config(CONFIG)
    plan.apply(filled)
    print(plan.fingerprint(filled))
    one = AutoModelForCausalLM.from_config(CONFIG)
    init.initialize(one, "orthogonal", seed=0, sample_input=tokens)
    pairs = zip(filled.parameters(), one.parameters(), strict=True)
    print("as where there was memory from the start:", all(torch.equal(p, q) for p, q in pairs))


if __name__ == "__main__":
    main()
