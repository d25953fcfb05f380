"""Image models of keras.applications and keras-hub."""

from typing import Any

IMAGE = {"input_shape": (32, 32, 3), "weights": None, "classes": 10}
NORMALIZED = """
    *bias                        bias
    */gamma                      normalization
    */beta                       normalization
"""


def resnet() -> Any:
    from keras.src.applications import resnet as made

    def stack(x: Any) -> Any:
        x = made.stack_residual_blocks_v1(x, 8, 2, stride1=1, name="conv2")
        return made.stack_residual_blocks_v1(x, 16, 2, name="conv3")

    return made.ResNet(stack, preact=False, use_bias=True, **IMAGE)


def densenet() -> Any:
    from keras.src.applications.densenet import DenseNet

    return DenseNet([2, 2, 1, 1], **IMAGE)


def convnext() -> Any:
    from keras.src.applications.convnext import ConvNeXt

    return ConvNeXt([1, 2, 1, 1], [8, 16, 24, 32], **IMAGE)


def efficientnet() -> Any:
    from keras.src.applications import efficientnet as made

    blocks = [{**given} for given in made.DEFAULT_BLOCKS_ARGS[:2]]
    return made.EfficientNet(1.0, 1.0, 32, blocks_args=blocks, **IMAGE)


def mobilenet() -> Any:
    from keras.src.applications import mobilenet_v3 as made

    def stack(x: Any, kernel: int, activation: Any, ratio: float) -> Any:
        x = made._inverted_res_block(x, 1, 16, 3, 2, ratio, made.relu, 0)
        x = made._inverted_res_block(x, 4, 24, 3, 1, None, made.relu, 1)
        x = made._inverted_res_block(x, 4, 24, 3, 1, None, made.relu, 2)
        x = made._inverted_res_block(x, 4, 32, kernel, 2, ratio, activation, 3)
        return made._inverted_res_block(x, 4, 32, kernel, 1, ratio, activation, 4)

    return made.MobileNetV3(stack, 64, **IMAGE)


def vit() -> Any:
    import keras_hub

    return keras_hub.models.ViTBackbone(image_shape=(32, 32, 3), patch_size=(8, 8), num_layers=1,
                                        num_heads=4, hidden_dim=32, mlp_dim=64)  # fmt: skip


ZOO: dict[str, tuple[Any, Any, str]] = {
    "ResNet": (resnet, None, NORMALIZED + """
        conv1_conv/kernel        first relu
        *_1_conv/kernel          hidden relu
        *_2_conv/kernel          hidden relu
        *_3_conv/kernel          branch_last
        *_0_conv/kernel          skip_projection
        predictions/kernel       output
    """),
    "DenseNet": (densenet, None, NORMALIZED + """
        *_conv/kernel            hidden relu
        conv1_conv/kernel        first relu
        predictions/kernel       output
    """),
    "ConvNeXt": (convnext, None, NORMALIZED + """
        *_stem_conv/kernel           first
        *_depthwise_conv/kernel      depthwise
        *_pointwise_conv_1/kernel    hidden gelu
        *_pointwise_conv_2/kernel    branch_last
        *_layer_scale/variable*      multiplier
        *_downsampling_conv_?/kernel hidden
        convnext_head_dense/kernel   output
    """),
    "EfficientNet": (efficientnet, None, NORMALIZED + """
        stem_conv/kernel         first silu
        *_expand_conv/kernel     hidden silu
        *_dwconv/kernel          depthwise silu
        *_se_reduce/kernel       hidden silu
        *_se_expand/kernel       gate sigmoid
        *_project_conv/kernel    hidden
        block2b_project_conv/kernel  branch_last
        top_conv/kernel          hidden silu
        predictions/kernel       output
    """),
    "MobileNetV3": (mobilenet, None, NORMALIZED + """
        conv/kernel              first hard_silu
        *_expand/kernel          hidden relu
        *depthwise/kernel        depthwise relu
        *_3_expand/kernel        hidden hard_silu
        *_3_depthwise/kernel     depthwise hard_silu
        *_4_expand/kernel        hidden hard_silu
        *_4_depthwise/kernel     depthwise hard_silu
        *squeeze_excite_conv/kernel    hidden relu
        *squeeze_excite_conv_1/kernel  gate hard_sigmoid
        *_project/kernel         hidden
        *_2_project/kernel       branch_last
        *_4_project/kernel       branch_last
        conv_1/kernel            hidden hard_silu
        conv_2/kernel            hidden hard_silu
        logits/kernel            output
    """),
    "ViT": (vit, None, NORMALIZED + """
        *class_token                     latent
        *patch_embedding/kernel          first
        *position_embedding/embeddings   embedding
        *query/kernel                    attention_query
        *key/kernel                      attention_key
        *value/kernel                    attention_value
        *attention_output/kernel         attention_output
        *dense_1/kernel                  feed_forward_in gelu
        *dense_2/kernel                  feed_forward_out
    """),
}  # fmt: skip
