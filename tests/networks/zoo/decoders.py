"""More language models of transformers: experts, fused rows, states instead of attention."""

from typing import Any

from .language import DENSE, IDS, LLAMA, SMALL, of

KV = {"num_key_value_heads": 2}
BIASES = """
    *_proj.bias                      bias
"""
EXPERTS = """
    *.experts.gate_up_proj           4 x feed_forward_in silu + feed_forward_in
    *.experts.down_proj              4 x feed_forward_out
"""
TIED = LLAMA.replace("*.embed_tokens.weight            embedding", "").replace(
    "lm_head.weight                   output", "*.embed_tokens.weight  tied")  # fmt: skip
MAMBA2 = """
    *.dt_bias                        time_step
    *.A_log                          multiplier
    *.D                              multiplier
    *.conv1d.weight                  depthwise silu
    *.conv1d.bias                    bias
    *.in_proj.weight                 hidden silu + hidden + time_step softplus
    *.out_proj.weight                branch_last
"""


def gemma3() -> Any:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    return Gemma3ForCausalLM(Gemma3TextConfig(**SMALL, **KV, head_dim=8))


ZOO: dict[str, tuple[Any, Any, str]] = {
    # A sink is the logit of a key that is not there: a bias of the softmax's sum.
    "gpt-oss": (lambda: of("GptOss", **KV, head_dim=8, num_local_experts=4, num_experts_per_tok=2),
                IDS, LLAMA + BIASES + """
        *.sinks                      bias
        *.router.weight              router
        *.router.bias                bias
        *.experts.gate_up_proj       4 x feed_forward_in activation + feed_forward_in
        *.experts.gate_up_proj_bias  bias
        *.experts.down_proj          4 x feed_forward_out
        *.experts.down_proj_bias     bias
    """),
    "Falcon, grouped": (lambda: of("Falcon", new_decoder_architecture=True, num_kv_heads=2), IDS,
                        """
        *.word_embeddings.weight     tied
        *.ln_*                       normalization
        *.query_key_value.weight     attention_query + attention_key + attention_value
        *.self_attention.dense.weight  attention_output
        *.dense_h_to_4h.weight       feed_forward_in gelu
        *.dense_4h_to_h.weight       feed_forward_out
    """),
    "GLM-4": (lambda: of("Glm4", **KV, head_dim=8, pad_token_id=0), IDS, LLAMA + BIASES + """
        *.gate_up_proj.weight        feed_forward_in silu + feed_forward_in
        *.down_proj.weight           feed_forward_out
    """),
    "Granite-MoE": (lambda: of("GraniteMoe", **KV, num_local_experts=4, num_experts_per_tok=2),
                    IDS, LLAMA + EXPERTS + """
        *.router.weight              router
    """),
    "OLMoE": (lambda: of("Olmoe", **KV, num_experts=4, num_experts_per_tok=2, eos_token_id=2), IDS,
              LLAMA + EXPERTS + """
        *.mlp.gate.weight            router
    """),
    "Gemma3": (gemma3, IDS, TIED + DENSE.replace("silu", "gelu_tanh")),
    "FalconMamba": (lambda: of("FalconMamba", state_size=4, time_step_rank=4), IDS, """
        *.embeddings.weight          tied
        *norm*.weight                normalization
        *.A_log                      multiplier
        *.D                          multiplier
        *.conv1d.weight              depthwise silu
        *.conv1d.bias                bias
        *.in_proj.weight             hidden + hidden silu
        *.x_proj.weight              hidden + hidden + hidden
        *.dt_proj.weight             time_step softplus
        *.dt_proj.bias               time_step
        *.out_proj.weight            branch_last
    """),
    "Bamba": (lambda: of("Bamba", **KV, mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=1,
                         mamba_d_state=4, attn_layer_indices=[1]), IDS, LLAMA + DENSE.replace(
        "mlp", "feed_forward") + MAMBA2),
    # The attention and what follows it are one branch, shared by the layers that have one; each of
    # them has an update of its own, whose rows are those of the kernel beside it. Time steps are
    # cut from below.
    "Zamba2": (lambda: of("Zamba2", num_hidden_layers=3, num_key_value_heads=4,
                          layers_block_type=["mamba", "hybrid", "mamba"], mamba_d_state=4,
                          mamba_expand=2, mamba_ngroups=1, n_mamba_heads=8, num_mem_blocks=1,
                          use_mem_rope=False, adapter_rank=4), IDS, TIED + MAMBA2 + """
        *.in_proj.weight             hidden silu + hidden + time_step activation
        *.gate_up_proj.weight        hidden gelu + hidden
        *.down_proj.weight           hidden
        *.gate_up_proj_adapter_list.0.0.weight  adapter_in
        *.gate_up_proj_adapter_list.0.1.weight  adapter_out gelu + adapter_out
        *.linear.weight              branch_last
    """),
    # A key's exponential weighs the average over time, as a softmax's does: it is no activation.
    "RWKV": (lambda: of("Rwkv", attention_hidden_size=32, context_length=16), IDS, """
        *.embeddings.weight          embedding
        *ln*                         normalization
        *.time_mix_*                 multiplier
        *.time_decay                 multiplier
        *.time_first                 bias
        *.attention.key.weight       hidden
        *.attention.value.weight     hidden
        *.receptance.weight          gate sigmoid
        *.attention.output.weight    branch_last
        *.feed_forward.key.weight    hidden squared_relu
        *.feed_forward.value.weight  branch_last
        head.weight                  output
    """),
}  # fmt: skip
