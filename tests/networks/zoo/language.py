"""Language models of transformers."""

from typing import Any

import torch

IDS = {"input_ids": torch.arange(6)[None]}
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 64, "vocab_size": 50}  # fmt: skip

LLAMA = """
    *.embed_tokens.weight            embedding
    *.self_attn.q_proj.weight        attention_query
    *.self_attn.k_proj.weight        attention_key
    *.self_attn.v_proj.weight        attention_value
    *.self_attn.o_proj.weight        attention_output
    *norm.weight                     normalization
    lm_head.weight                   output
"""
DENSE = """
    *.mlp.gate_proj.weight           feed_forward_in silu
    *.mlp.up_proj.weight             feed_forward_in
    *.mlp.down_proj.weight           feed_forward_out
"""


def of(name: str, **more: Any) -> Any:
    """A causal language model in a small configuration."""
    import transformers

    config = getattr(transformers, f"{name}Config")(**{**SMALL, **more})
    return getattr(transformers, f"{name}ForCausalLM")(config)


ZOO: dict[str, tuple[Any, Any, str]] = {
    "Llama": (lambda: of("Llama", num_key_value_heads=2), IDS, LLAMA + DENSE),
    "Llama, tied": (lambda: of("Llama", tie_word_embeddings=True), IDS, """
        *.embed_tokens.weight        tied
    """ + LLAMA.replace("*.embed_tokens.weight            embedding", "").replace(
        "lm_head.weight                   output", "") + DENSE),
    "Mixtral": (lambda: of("Mixtral", num_key_value_heads=2, num_local_experts=4), IDS, LLAMA + """
        *.mlp.gate.weight            router
        *.experts.gate_up_proj       4 x feed_forward_in silu + feed_forward_in
        *.experts.down_proj          4 x feed_forward_out
    """),
    "Qwen2-MoE": (lambda: of("Qwen2Moe", num_key_value_heads=2, num_experts=4,
                             num_experts_per_tok=2, moe_intermediate_size=32,
                             shared_expert_intermediate_size=32), IDS, LLAMA + """
        *_proj.bias                  bias
        *.mlp.gate.weight            router
        *.experts.gate_up_proj       4 x feed_forward_in silu + feed_forward_in
        *.experts.down_proj          4 x feed_forward_out
        *.shared_expert.gate_proj.weight  feed_forward_in silu
        *.shared_expert.up_proj.weight    feed_forward_in
        *.shared_expert.down_proj.weight  feed_forward_out
        *.shared_expert_gate.weight       gate sigmoid
    """),
    "DeepSeek-V3": (lambda: of("DeepseekV3", num_key_value_heads=4, n_routed_experts=8, n_group=2,
                               topk_group=1, num_experts_per_tok=2, moe_intermediate_size=16,
                               kv_lora_rank=8, q_lora_rank=8, qk_rope_head_dim=4, v_head_dim=8,
                               qk_nope_head_dim=8, first_k_dense_replace=1), IDS, """
        *.embed_tokens.weight        embedding
        *norm.weight                 normalization
        *.q_a_proj.weight            hidden
        *.q_b_proj.weight            attention_query
        *.kv_a_proj_with_mqa.weight  hidden + attention_key
        *.kv_b_proj.weight           attention_key + attention_value
        *.o_proj.weight              attention_output
        *.mlp.gate.weight            router sigmoid
        *.experts.gate_up_proj       8 x feed_forward_in silu + feed_forward_in
        *.experts.down_proj          8 x feed_forward_out
        *.gate_proj.weight           feed_forward_in silu
        *.up_proj.weight             feed_forward_in
        *.down_proj.weight           feed_forward_out
        lm_head.weight               output
    """),
    "Falcon, multi-query": (lambda: of("Falcon", multi_query=True, new_decoder_architecture=False),
                            IDS, """
        *.word_embeddings.weight     tied
        *.query_key_value.weight     attention_query + attention_key + attention_value
        *.self_attention.dense.weight  attention_output
        *.dense_h_to_4h.weight       feed_forward_in gelu
        *.dense_4h_to_h.weight       feed_forward_out
        *l*n*.weight                 normalization
        *l*n*.bias                   normalization
        *.query_key_value.weight     attention_query + attention_key + attention_value
        *.self_attention.dense.weight  attention_output
        *.dense_h_to_4h.weight       feed_forward_in gelu
        *.dense_4h_to_h.weight       feed_forward_out
        *.word_embeddings.weight     tied
    """),
    "GPT-NeoX": (lambda: of("GPTNeoX"), IDS, """
        gpt_neox.embed_in.weight     embedding
        *.bias                       bias
        *norm*                       normalization
        *.query_key_value.weight     attention_query + attention_key + attention_value
        *.attention.dense.weight     attention_output
        *.dense_h_to_4h.weight       feed_forward_in gelu
        *.dense_4h_to_h.weight       feed_forward_out
        lm_head.weight               output
    """),
    "BLOOM": (lambda: of("Bloom", n_layer=2, n_head=4), IDS, """
        *.word_embeddings.weight     tied
        *.bias                       bias
        *l*norm*                     normalization
        *.ln_f.*                     normalization
        *.query_key_value.weight     attention_query + attention_key + attention_value
        *.self_attention.dense.weight  attention_output
        *.dense_h_to_4h.weight       feed_forward_in gelu_tanh
        *.dense_4h_to_h.weight       feed_forward_out
    """),
    "Phi-3": (lambda: of("Phi3", num_key_value_heads=2, pad_token_id=0), IDS, """
        *.embed_tokens.weight        embedding
        *norm.weight                 normalization
        *.qkv_proj.weight            attention_query + attention_key + attention_value
        *.o_proj.weight              attention_output
        *.gate_up_proj.weight        feed_forward_in silu + feed_forward_in
        *.down_proj.weight           feed_forward_out
        lm_head.weight               output
    """),
    "Gemma2": (lambda: of("Gemma2", num_key_value_heads=2, head_dim=8), IDS, LLAMA.replace(
        "*.embed_tokens.weight            embedding", "").replace(
        "lm_head.weight                   output", "") + """
        *.embed_tokens.weight        tied
        *layernorm.weight            normalization
        *.mlp.gate_proj.weight       feed_forward_in gelu_tanh
        *.mlp.up_proj.weight         feed_forward_in
        *.mlp.down_proj.weight       feed_forward_out
    """),
    "Qwen3": (lambda: of("Qwen3", num_key_value_heads=2, head_dim=8), IDS, LLAMA + DENSE),
    "OLMo2": (lambda: of("Olmo2", num_key_value_heads=2), IDS, LLAMA + DENSE),
    "Mamba2": (lambda: of("Mamba2", state_size=4, num_heads=8, head_dim=8, n_groups=1), IDS, """
        backbone.embeddings.weight   embedding
        *norm*.weight                normalization
        *.mixer.dt_bias              time_step
        *.mixer.A_log                multiplier
        *.mixer.D                    multiplier
        *.conv1d.weight              depthwise silu
        *.conv1d.bias                bias
        *.in_proj.weight             hidden silu + hidden + time_step softplus
        *.out_proj.weight            branch_last
        lm_head.weight               output
    """),
    "Jamba": (lambda: of("Jamba", num_key_value_heads=2, num_experts=4, attn_layer_period=2,
                         attn_layer_offset=1, mamba_d_state=4, mamba_dt_rank=4), IDS, LLAMA + """
        *.A_log                      multiplier
        *.D                          multiplier
        *.conv1d.weight              depthwise silu
        *.conv1d.bias                bias
        *.mamba.in_proj.weight       hidden + hidden silu
        *.mamba.x_proj.weight        hidden + hidden + hidden
        *.dt_proj.weight             time_step softplus
        *.dt_proj.bias               time_step
        *.mamba.out_proj.weight      branch_last
        *.feed_forward.router.weight router
        *.experts.gate_up_proj       4 x feed_forward_in silu + feed_forward_in
        *.experts.down_proj          4 x feed_forward_out
        *.feed_forward.gate_proj.weight  feed_forward_in silu
        *.feed_forward.up_proj.weight    feed_forward_in
        *.feed_forward.down_proj.weight  feed_forward_out
    """),
}  # fmt: skip
