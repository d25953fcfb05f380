"""Vision and speech models of transformers."""

from typing import Any

import torch

BLOCK = """
    *.bias                           bias
    *norm*                           normalization
    *.q_proj.weight                  attention_query
    *.k_proj.weight                  attention_key
    *.v_proj.weight                  attention_value
    *.o*_proj.weight                 attention_output
    *.fc1.weight                     feed_forward_in {}
    *.fc2.weight                     feed_forward_out
"""


def of(name: str, config: str, **given: Any) -> Any:
    """A model in a small configuration."""
    import transformers

    return getattr(transformers, name)(getattr(transformers, config)(**given))


def image(size: int) -> dict[str, Any]:
    return {"pixel_values": torch.zeros(1, 3, size, size)}


def detr() -> Any:
    from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig

    backbone = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1],
                            layer_type="basic", out_features=["stage2"])  # fmt: skip
    return DetrForObjectDetection(DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
        backbone_config=backbone, d_model=32, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=64,
        decoder_ffn_dim=64, num_queries=5,
    ))  # fmt: skip


def clip() -> Any:
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
             "num_attention_heads": 4}  # fmt: skip
    text, vision = {**small, "vocab_size": 50}, {**small, "image_size": 32, "patch_size": 8}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))


ZOO: dict[str, tuple[Any, Any, str]] = {
    "ViT-MAE": (lambda: of("ViTMAEForPreTraining", "ViTMAEConfig", image_size=32, patch_size=8,
                           hidden_size=32, num_hidden_layers=1, num_attention_heads=4,
                           intermediate_size=64, decoder_hidden_size=16,
                           decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
                           decoder_intermediate_size=32), image(32), BLOCK.format("gelu") + """
        *.cls_token                  latent
        *.mask_token                 latent
        *.position_embeddings        position
        *.decoder_pos_embed          position
        *.patch_embeddings.projection.weight  first
        decoder.decoder_embed.weight hidden
        decoder.decoder_pred.weight  output
    """),
    "DETR": (detr, image(64), BLOCK.format("relu") + """
        *.embedder.embedder.convolution.weight  first relu
        *.layer.0.convolution.weight hidden relu
        *.layer.1.convolution.weight branch_last
        *.shortcut.convolution.weight  skip_projection
        model.query_position_embeddings.weight  latent
        model.input_projection.weight  hidden
        class_labels_classifier.weight output
        bbox_predictor.layers.*.weight hidden relu
        bbox_predictor.layers.2.weight output sigmoid
    """),
    "Perceiver": (lambda: of("PerceiverModel", "PerceiverConfig", num_latents=8, d_latents=16,
                             d_model=32, num_blocks=1, num_self_attends_per_block=1,
                             num_self_attention_heads=2, num_cross_attention_heads=2),
                  {"inputs": torch.zeros(1, 5, 32)}, """
        embeddings.latents           latent
        *.bias                       bias
        *norm*                       normalization
        *.query.weight               attention_query
        *.key.weight                 attention_key
        *.value.weight               attention_value
        *.output.dense.weight        attention_output
        *.dense1.weight              feed_forward_in gelu
        *.dense2.weight              feed_forward_out
    """),
    "Whisper": (lambda: of("WhisperForConditionalGeneration", "WhisperConfig", vocab_size=50,
                           d_model=32, encoder_layers=1, decoder_layers=1,
                           encoder_attention_heads=4, decoder_attention_heads=4,
                           encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=8,
                           max_source_positions=10, max_target_positions=20, pad_token_id=0,
                           bos_token_id=1, eos_token_id=2, decoder_start_token_id=1),
                {"input_features": torch.zeros(1, 8, 20),
                 "decoder_input_ids": torch.arange(4)[None]}, BLOCK.format("gelu") + """
        *.conv1.weight               first gelu
        *.conv2.weight               hidden gelu
        *.embed_positions.weight     embedding
        *.embed_tokens.weight        tied
    """),
    "CLIP": (clip, {"input_ids": torch.arange(6)[None], **image(32)},
             BLOCK.format("quick_gelu") + """
        logit_scale                  multiplier
        *.token_embedding.weight     embedding
        *.position_embedding.weight  embedding
        *.class_embedding            latent
        *.patch_embedding.weight     first
        *_projection.weight          output
    """),
    "wav2vec2": (lambda: of("Wav2Vec2Model", "Wav2Vec2Config", hidden_size=32,
                            num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
                            conv_dim=(16, 16), conv_stride=(5, 2), conv_kernel=(10, 3),
                            num_feat_extract_layers=2, num_conv_pos_embeddings=8,
                            num_conv_pos_embedding_groups=2),
                 {"input_values": torch.zeros(1, 400)}, BLOCK.format("gelu").replace(
        "*.fc1.weight ", "*.intermediate_dense.weight ").replace(
        "*.fc2.weight ", "*.output_dense.weight ") + """
        masked_spec_embed            other
        *.conv_layers.0.conv.weight  first gelu
        *.conv_layers.1.conv.weight  hidden gelu
        feature_projection.projection.weight  hidden
        *.pos_conv_embed.conv.weight branch_last gelu
        *layer_norm*                 normalization
    """),
    "MobileNetV2": (lambda: of("MobileNetV2ForImageClassification", "MobileNetV2Config",
                               image_size=32, depth_multiplier=0.35), image(32), """
        *normalization.*             normalization
        *.first_conv.convolution.weight  first relu6
        *.expand_1x1.convolution.weight  hidden relu6
        *.conv_3x3.convolution.weight    depthwise relu6
        *.reduce_1x1.convolution.weight  branch_last
        *.conv_stem.reduce_1x1.convolution.weight  hidden
        *.layer.0.reduce_1x1.convolution.weight    hidden
        *.layer.2.reduce_1x1.convolution.weight    hidden
        *.layer.5.reduce_1x1.convolution.weight    hidden
        *.layer.9.reduce_1x1.convolution.weight    hidden
        *.layer.12.reduce_1x1.convolution.weight   hidden
        *.layer.15.reduce_1x1.convolution.weight   hidden
        *.conv_1x1.convolution.weight    hidden relu6
        classifier.weight            output
        classifier.bias              bias
    """),
    "DeBERTa-v2": (lambda: of("DebertaV2ForSequenceClassification", "DebertaV2Config",
                              hidden_size=32, num_hidden_layers=1, num_attention_heads=4,
                              intermediate_size=64, vocab_size=50, relative_attention=True,
                              pos_att_type=["p2c", "c2p"]),
                   {"input_ids": torch.arange(6)[None]}, """
        *.bias                       bias
        *LayerNorm*                  normalization
        *_embeddings.weight          embedding
        *.rel_embeddings.weight      latent
        *query_proj.weight           attention_query
        *key_proj.weight             attention_key
        *.value_proj.weight          attention_value
        *.attention.output.dense.weight  attention_output
        *.intermediate.dense.weight  feed_forward_in gelu
        *.layer.0.output.dense.weight    feed_forward_out
        pooler.dense.weight          hidden gelu
        classifier.weight            output
    """),
    "XLNet": (lambda: of("XLNetModel", "XLNetConfig", vocab_size=50, d_model=32, n_layer=1,
                         n_head=4, d_inner=64), {"input_ids": torch.arange(6)[None]}, """
        mask_emb                     other
        word_embedding.weight        embedding
        *.seg_embed                  other
        *bias                        bias
        *layer_norm*                 normalization
        *.rel_attn.q                 attention_query
        *.rel_attn.k                 attention_key
        *.rel_attn.r                 attention_key
        *.rel_attn.v                 attention_value
        *.rel_attn.o                 attention_output
        *.layer_1.weight             feed_forward_in gelu
        *.layer_2.weight             feed_forward_out
    """),
}  # fmt: skip
