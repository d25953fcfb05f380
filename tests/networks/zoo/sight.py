"""More vision models of transformers."""

from typing import Any

import torch

from .vision import BLOCK, image, of

MLP = "".join(line for line in BLOCK.splitlines(True) if ".fc" not in line)


def sam() -> Any:
    from transformers import SamConfig, SamModel

    return SamModel(SamConfig(
        vision_config={"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
                       "image_size": 32, "patch_size": 8, "output_channels": 8, "mlp_dim": 32,
                       "window_size": 2, "global_attn_indexes": [0], "num_pos_feats": 4},
        prompt_encoder_config={"hidden_size": 8, "image_size": 32, "patch_size": 8,
                               "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                             "mlp_dim": 16, "iou_head_hidden_dim": 8},
    ))  # fmt: skip


ZOO: dict[str, tuple[Any, Any, str]] = {
    "ViT": (lambda: of("ViTForImageClassification", "ViTConfig", image_size=32, patch_size=8,
                       hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                       intermediate_size=64), image(32), BLOCK.format("gelu") + """
        *.cls_token                  latent
        *.position_embeddings        position
        *.patch_embeddings.projection.weight  first
        classifier.weight            output
    """),
    "ConvNeXt": (lambda: of("ConvNextForImageClassification", "ConvNextConfig", patch_size=4,
                            hidden_sizes=[8, 16], depths=[1, 2], num_stages=2), image(32), """
        *.bias                       bias
        *layernorm.*                 normalization
        *.downsampling_layer.0.*     normalization
        *.patch_embeddings.weight    first
        *.layer_scale_parameter      multiplier
        *.dwconv.weight              depthwise
        *.pwconv1.weight             hidden gelu
        *.pwconv2.weight             branch_last
        *.downsampling_layer.1.weight    hidden
        classifier.weight            output
    """),
    # A convolution stands between the two layers of its feed-forward branches.
    "SegFormer": (lambda: of("SegformerForSemanticSegmentation", "SegformerConfig",
                             num_encoder_blocks=2, depths=[1, 1], sr_ratios=[2, 1],
                             hidden_sizes=[8, 16], patch_sizes=[7, 3], strides=[4, 2],
                             num_attention_heads=[1, 2], mlp_ratios=[2, 2],
                             decoder_hidden_size=16), image(32), """
        *.bias                       bias
        *norm*                       normalization
        *.0.patch_embeddings.proj.weight  first
        *.1.patch_embeddings.proj.weight  hidden
        *.q_proj.weight              attention_query
        *.k_proj.weight              attention_key
        *.v_proj.weight              attention_value
        *.o_proj.weight              attention_output
        *.sequence_reduction.sequence_reduction.weight  hidden
        *.fc1.weight                 hidden
        *.dwconv.weight              depthwise gelu
        *.fc2.weight                 branch_last
        *.linear_projections.*.weight    hidden
        *.linear_fuse.weight         hidden relu
        *.classifier.weight          output
    """),
    # A small network of coordinates makes 16 sigmoid(x), which is added to the scores.
    "SwinV2": (lambda: of("Swinv2ForImageClassification", "Swinv2Config", image_size=32,
                          patch_size=4, embed_dim=16, depths=[2, 1], num_heads=[2, 4],
                          window_size=4), image(32), """
        *.bias                       bias
        *norm*                       normalization
        *.projection.weight          first
        *.logit_scale                multiplier
        *.continuous_position_bias_mlp.0.weight  first relu
        *.continuous_position_bias_mlp.2.weight  hidden activation
        *.query.weight               attention_query
        *.key.weight                 attention_key
        *.value.weight               attention_value
        *.attention.output.dense.weight  attention_output
        *.intermediate.dense.weight  feed_forward_in gelu
        *.blocks.?.output.dense.weight   feed_forward_out
        *.downsample.reduction.weight    hidden
        classifier.weight            output
    """),
    # Points are random Fourier features, sin(2 pi x W), to which a row for their sort is added; one
    # of another sort takes the place of a point.
    "SAM": (sam, {**image(32), "input_points": torch.zeros(1, 1, 1, 2)}, MLP + """
        *.positional_embedding       first activation
        *.pos_embed                  position
        *.patch_embed.projection.weight  first
        *.rel_pos_?                  position
        *.qkv.weight                 attention_query + attention_key + attention_value
        *.attn.proj.weight           attention_output
        *.lin1.weight                feed_forward_in gelu
        *.lin2.weight                feed_forward_out
        mask_decoder.*.lin1.weight   feed_forward_in relu
        vision_encoder.neck.conv?.weight hidden
        prompt_encoder.mask_embed.conv?.weight  hidden
        *_embed.weight               latent
        *.no_mask_embed.weight       position
        *.point_embed.*.weight       position
        *.iou_token.weight           latent
        *.mask_tokens.weight         latent
        *.upscale_conv?.weight       transposed gelu
        *.proj_in.weight             hidden relu
        *.layers.0.weight            hidden relu
        *.proj_out.weight            output
    """),
}  # fmt: skip
