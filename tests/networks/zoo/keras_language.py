"""Language models of keras-hub."""

from typing import Any

SMALL = {"vocabulary_size": 50, "num_layers": 2, "hidden_dim": 32, "intermediate_dim": 64}
HEADS = {**SMALL, "num_heads": 4}
GROUPED = {**SMALL, "num_query_heads": 4, "num_key_value_heads": 2}
SHORT = {**HEADS, "max_sequence_length": 16}

BLOCK = """
    *bias                                    bias
    *norm/*                                  normalization
    *query/kernel                            attention_query
    *key/kernel                              attention_key
    *value/kernel                            attention_value
    *attention_output/kernel                 attention_output
    *feedforward_intermediate_dense/kernel   feed_forward_in {}
    *feedforward_output_dense/kernel         feed_forward_out
"""
DECODER = """
    token_embedding/embeddings               embedding
    token_embedding/reverse_embeddings       output
    *norm/scale                              normalization
    *query/kernel                            attention_query
    *key/kernel                              attention_key
    *value/kernel                            attention_value
    *attention_output/kernel                 attention_output
"""
GATED = """
    *feedforward_gate_dense/kernel           feed_forward_in silu
    *feedforward_intermediate_dense/kernel   feed_forward_in
    *feedforward_output_dense/kernel         feed_forward_out
"""
GEMMA = """
    token_embedding/embeddings               tied
    *norm*/scale                             normalization
    *query/kernel                            attention_query
    *key/kernel                              attention_key
    *value/kernel                            attention_value
    *attention_output/kernel                 attention_output
    *ffw_gating/kernel                       feed_forward_in gelu_tanh
    *ffw_gating_2/kernel                     feed_forward_in
    *ffw_linear/kernel                       feed_forward_out
"""


def backbone(name: str, **given: Any) -> Any:
    """A model without a head."""
    import keras_hub

    return getattr(keras_hub.models, f"{name}Backbone")(**given)


def causal(name: str, **given: Any) -> Any:
    """A model with one."""
    import keras_hub

    return getattr(keras_hub.models, f"{name}CausalLM")(backbone(name, **given))


ZOO: dict[str, tuple[Any, Any, str]] = {
    "BERT": (lambda: backbone("Bert", **SHORT), None, BLOCK.format("gelu_tanh") + """
        token_embedding/embeddings           embedding
        segment_embedding/embeddings         embedding
        position_embedding/embeddings        position
        pooled_dense/kernel                  output tanh
    """),
    "GPT-2": (lambda: causal("GPT2", **SHORT), None, BLOCK.format("gelu_tanh") + """
        token_embedding/embeddings           tied
        position_embedding/embeddings        position
    """),
    "Llama": (lambda: causal("Llama", **GROUPED), None, DECODER + GATED),
    "Mistral": (lambda: causal("Mistral", sliding_window=4, **GROUPED), None, DECODER + GATED),
    "Phi-3": (lambda: causal("Phi3", **GROUPED), None, DECODER + GATED),
    "Mixtral": (lambda: causal("Mixtral", sliding_window=4, num_experts=4, top_k=2, **GROUPED),
                None, DECODER + """
        *sparse_feedforward_gate_dense/kernel           router
        *experts/expert_feedforward_gate_dense          4 x feed_forward_in silu
        *experts/expert_feedforward_intermediate_dense  4 x feed_forward_in
        *experts/expert_feedforward_output_dense        4 x feed_forward_out
    """),
    "Gemma": (lambda: causal("Gemma", head_dim=8, **{**GROUPED, "num_key_value_heads": 1}), None,
              GEMMA),
    "Gemma2": (lambda: causal("Gemma", head_dim=8, use_post_ffw_norm=True,
                              use_post_attention_norm=True, attention_logit_soft_cap=50,
                              final_logit_soft_cap=30, use_sliding_window_attention=True,
                              sliding_window_size=4, **GROUPED), None, GEMMA),
    "Whisper": (lambda: backbone("Whisper", max_encoder_sequence_length=16,
                                 max_decoder_sequence_length=8, **HEADS), None,
                BLOCK.format("gelu") + """
        *conv_layer_*/bias                   bias
        *conv_layer_1/kernel                 first gelu
        *conv_layer_2/kernel                 hidden gelu
        *token_embedding/embeddings          embedding
        *position_embedding/embeddings       position
    """),
    "T5": (lambda: backbone("T5", key_value_dim=8, use_gated_activation=True, activation="gelu",
                            **HEADS), None, """
        token_embedding/embeddings           embedding
        self_attention/embeddings*           embedding
        *norm*/weight                        normalization
        *query_projector/kernel              attention_query
        *key_projector/kernel                attention_key
        *value_projector/kernel              attention_value
        */output_projector/kernel            feed_forward_out
        *attention/output_projector/kernel   attention_output
        */input_projector/kernel             feed_forward_in gelu
        */gate_projector/kernel              feed_forward_in
    """),
    "DeBERTa-v3": (lambda: backbone("DebertaV3", bucket_size=8, **SHORT), None,
                   BLOCK.format("gelu") + """
        token_embedding/embeddings           embedding
        rel_embedding/rel_embedding          latent
        *rel_embeddings_layer_norm/*         normalization
    """),
    "BLOOM": (lambda: backbone("Bloom", **HEADS), None, """
        token_embedding/embeddings           embedding
        *bias                                bias
        *layernorm/*                         normalization
        *query_dense/kernel                  attention_query
        *key_dense/kernel                    attention_key
        *value_dense/kernel                  attention_value
        *attention/output_dense/kernel       attention_output
        *mlp_intermediate_dense/kernel       feed_forward_in gelu_tanh
        *mlp_output_dense/kernel             feed_forward_out
    """),
    "Falcon": (lambda: backbone("Falcon", num_attention_heads=4, **SMALL), None, """
        token_embedding/embeddings           embedding
        *bias                                bias
        *layernorm/*                         normalization
        *query_dense/kernel                  attention_query
        *key_dense/kernel                    attention_key
        *value_dense/kernel                  attention_value
        *attention/output_dense/kernel       attention_output
        *dense_h_to_4h/kernel                feed_forward_in gelu
        *dense_4h_to_h/kernel                feed_forward_out
    """),
}  # fmt: skip
