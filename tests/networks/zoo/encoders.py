"""Encoders, encoders with decoders, and models of several kinds of input, of transformers."""

from typing import Any

import torch

from .language import DENSE, IDS, LLAMA, SMALL
from .vision import BLOCK, image, of

PAIR = {**IDS, "decoder_input_ids": torch.arange(4)[None]}
SIZES = {"vocab_size": 50, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64,
         "max_position_embeddings": 20}  # fmt: skip


def llava() -> Any:
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    vision = {"model_type": "clip_vision_model", "hidden_size": 16, "intermediate_size": 32,
              "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16, "patch_size": 8,
              "projection_dim": 16}  # fmt: skip
    text = {"model_type": "llama", "num_key_value_heads": 2, **SMALL}
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=49)
    config.image_token_id = 49
    return LlavaForConditionalGeneration(config)


ZOO: dict[str, tuple[Any, Any, str]] = {
    "T5": (lambda: of("T5ForConditionalGeneration", "T5Config", vocab_size=50, d_model=32, d_kv=8,
                      d_ff=64, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"), PAIR, """
        shared.weight                tied
        *.relative_attention_bias.weight  embedding
        *layer_norm.weight           normalization
        *.q.weight                   attention_query
        *.k.weight                   attention_key
        *.v.weight                   attention_value
        *.o.weight                   attention_output
        *.wi_0.weight                feed_forward_in gelu_tanh
        *.wi_1.weight                feed_forward_in
        *.wo.weight                  feed_forward_out
    """),
    "BART": (lambda: of("BartForConditionalGeneration", "BartConfig", vocab_size=50, d_model=32,
                        encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
                        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64,
                        max_position_embeddings=20), PAIR, BLOCK.format("gelu") + """
        *.embed_positions.weight     embedding
        *.shared.weight              tied
    """),
    "ALBERT": (lambda: of("AlbertForMaskedLM", "AlbertConfig", **SIZES, embedding_size=16,
                          num_hidden_layers=3), IDS, """
        *.bias                       bias
        *_embeddings.weight          embedding
        *.word_embeddings.weight     tied
        *norm*                       normalization
        *.LayerNorm.*                normalization
        *.embedding_hidden_mapping_in.weight  hidden
        *.query.weight               attention_query
        *.key.weight                 attention_key
        *.value.weight               attention_value
        *.attention.dense.weight     attention_output
        *.ffn.weight                 feed_forward_in gelu_tanh
        *.ffn_output.weight          feed_forward_out
        predictions.dense.weight     hidden gelu_tanh
    """),
    "ELECTRA": (lambda: of("ElectraForPreTraining", "ElectraConfig", **SIZES, embedding_size=16,
                           num_hidden_layers=1), IDS, """
        *.bias                       bias
        *_embeddings.weight          embedding
        *.LayerNorm.*                normalization
        electra.embeddings_project.weight  hidden
        *.query.weight               attention_query
        *.key.weight                 attention_key
        *.value.weight               attention_value
        *.attention.output.dense.weight  attention_output
        *.intermediate.dense.weight  feed_forward_in gelu
        *.layer.0.output.dense.weight    feed_forward_out
        discriminator_predictions.dense.weight             hidden gelu
        discriminator_predictions.dense_prediction.weight  output
    """),
    "Moonshine": (lambda: of("MoonshineForConditionalGeneration", "MoonshineConfig", vocab_size=50,
                             hidden_size=32, intermediate_size=64, encoder_num_hidden_layers=1,
                             decoder_num_hidden_layers=1, encoder_num_attention_heads=4,
                             decoder_num_attention_heads=4, pad_token_id=0, bos_token_id=1,
                             eos_token_id=2),
                  {"input_values": torch.zeros(1, 2000),
                   "decoder_input_ids": torch.arange(4)[None]}, BLOCK.format("gelu") + """
        *.conv1.weight               first tanh
        *.conv2.weight               hidden gelu
        *.conv3.weight               hidden gelu
        *.embed_tokens.weight        tied
        *.decoder.layers.*.fc1.weight    feed_forward_in + feed_forward_in silu
    """),
    # Its language model reads the last but one layer of the vision tower.
    "LLaVA": (llava, {"input_ids": torch.tensor([[1, 49, 49, 49, 49, 2, 3]]), **image(16)},
              BLOCK.format("quick_gelu") + LLAMA + DENSE + """
        *.class_embedding            latent
        *.patch_embedding.weight     first
        *.position_embedding.weight  embedding
        *norm*                       normalization
        *.linear_1.weight            hidden gelu
        *.linear_2.weight            hidden
    """),
}  # fmt: skip
