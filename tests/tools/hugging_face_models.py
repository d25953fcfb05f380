"""Models nobody here wrote, small, built without downloads, and what each of their weights is for.

The tables were written by hand from the papers and the models' code; a later line wins.
"""

from typing import Any

import torch

TOKENS = torch.arange(6)[None]
IMAGE = torch.zeros(1, 3, 32, 32)


def gpt2() -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=32, n_head=4, vocab_size=50))


def bert() -> Any:
    from transformers import BertConfig, BertForSequenceClassification

    return BertForSequenceClassification(
        BertConfig(
            num_hidden_layers=2,
            hidden_size=32,
            num_attention_heads=4,
            intermediate_size=64,
            vocab_size=50,
        )
    )


def t5() -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    return T5ForConditionalGeneration(
        T5Config(num_layers=2, d_model=32, d_kv=8, num_heads=4, d_ff=64, vocab_size=50)
    )


def vit() -> Any:
    from transformers import ViTConfig, ViTForImageClassification

    return ViTForImageClassification(
        ViTConfig(
            num_hidden_layers=2,
            hidden_size=32,
            num_attention_heads=4,
            intermediate_size=64,
            image_size=32,
            patch_size=8,
        )
    )


def resnet() -> Any:
    from transformers import ResNetConfig, ResNetForImageClassification

    return ResNetForImageClassification(
        ResNetConfig(embedding_size=8, hidden_sizes=[16, 32], depths=[2, 2], layer_type="basic")
    )


def convnext() -> Any:
    from transformers import ConvNextConfig, ConvNextForImageClassification

    return ConvNextForImageClassification(
        ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[2, 2])
    )


def llama() -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            num_hidden_layers=2,
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=4,
            num_key_value_heads=2,
            vocab_size=50,
        )
    )


def mamba() -> Any:
    from transformers import MambaConfig, MambaForCausalLM

    return MambaForCausalLM(
        MambaConfig(num_hidden_layers=2, hidden_size=32, state_size=4, vocab_size=50)
    )


# Model, what it is called with, its residual branches, and the role of each weight.
MODELS: dict[str, tuple[Any, dict[str, torch.Tensor], int, dict[str, str]]] = {
    "GPT-2": (gpt2, {"input_ids": TOKENS}, 4, {
        "*.wte.weight": "tied", "*.wpe.weight": "embedding", "*.ln_*": "normalization",
        "*.c_attn.weight": "attention_query_key_value", "*.attn.c_proj.weight": "attention_output",
        "*.c_fc.weight": "feed_forward_in", "*.mlp.c_proj.weight": "feed_forward_out",
        "*attn*.bias": "bias", "*mlp*.bias": "bias",
    }),
    "BERT": (bert, {"input_ids": TOKENS}, 4, {
        "*embeddings.weight": "embedding", "*.bias": "bias", "*.LayerNorm.*": "normalization",
        "*.query.weight": "attention_query", "*.key.weight": "attention_key",
        "*.value.weight": "attention_value", "*.output.dense.weight": "feed_forward_out",
        "*.attention.output.dense.weight": "attention_output",
        "*.intermediate.dense.weight": "feed_forward_in", "*.pooler.dense.weight": "hidden",
        "classifier.weight": "output",
    }),
    "T5": (t5, {"input_ids": TOKENS, "decoder_input_ids": TOKENS}, 10, {
        "shared.weight": "tied", "*layer_norm.weight": "normalization", "*.q.weight":
        "attention_query", "*.k.weight": "attention_key", "*.v.weight": "attention_value",
        "*.o.weight": "attention_output", "*.relative_attention_bias.weight": "embedding",
        "*.wi.weight": "feed_forward_in", "*.wo.weight": "feed_forward_out",
    }),
    "ViT": (vit, {"pixel_values": IMAGE}, 4, {
        "*.cls_token": "latent", "*.position_embeddings": "position", "*.bias": "bias",
        "*.projection.weight": "first", "*.q_proj.weight": "attention_query",
        "*.k_proj.weight": "attention_key", "*.v_proj.weight": "attention_value",
        "*.o_proj.weight": "attention_output", "*.fc1.weight": "feed_forward_in",
        "*.fc2.weight": "feed_forward_out", "*layernorm*": "normalization",
        "classifier.weight": "output",
    }),
    "ResNet": (resnet, {"pixel_values": IMAGE}, 4, {
        "*.embedder.embedder.convolution.weight": "first", "*normalization*": "normalization",
        "*.layer.0.convolution.weight": "hidden", "*.layer.1.convolution.weight": "branch_last",
        "*.shortcut.convolution.weight": "skip_projection", "classifier.1.weight": "output",
        "classifier.1.bias": "bias",
    }),
    "ConvNeXt": (convnext, {"pixel_values": IMAGE}, 4, {
        "*.bias": "bias", "*.patch_embeddings.weight": "first", "*.dwconv.weight": "depthwise",
        "*norm*": "normalization", "*.downsampling_layer.0.*": "normalization",
        "*.downsampling_layer.1.weight": "hidden", "*.pwconv1.weight": "hidden",
        "*.pwconv2.weight": "branch_last", "*.layer_scale_parameter": "multiplier",
        "classifier.weight": "output",
    }),
    "Llama": (llama, {"input_ids": TOKENS}, 4, {
        "*.embed_tokens.weight": "embedding", "*norm.weight": "normalization",
        "*.q_proj.weight": "attention_query", "*.k_proj.weight": "attention_key",
        "*.v_proj.weight": "attention_value", "*.o_proj.weight": "attention_output",
        "*.gate_proj.weight": "feed_forward_in", "*.up_proj.weight": "feed_forward_in",
        "*.down_proj.weight": "feed_forward_out", "lm_head.weight": "output",
    }),
    "Mamba": (mamba, {"input_ids": TOKENS}, 2, {
        "*.embeddings.weight": "tied", "*norm*": "normalization", "*.A_log": "multiplier",
        "*.D": "multiplier", "*.conv1d.weight": "depthwise", "*.bias": "bias",
        "*.in_proj.weight": "hidden", "*.x_proj.weight": "hidden", "*.dt_proj.*": "time_step",
        "*.out_proj.weight": "branch_last",
    }),
}  # fmt: skip

ACTIVATIONS = {
    "GPT-2": {"*.c_fc.weight": "gelu_tanh"},
    "BERT": {"*.intermediate.dense.weight": "gelu", "*.pooler.dense.weight": "tanh"},
    "T5": {"*.wi.weight": "relu"},
    "ViT": {"*.fc1.weight": "gelu"},
    "ResNet": {
        "*.embedder.embedder.convolution.weight": "relu",
        "*.layer.0.convolution.weight": "relu",
    },
    "ConvNeXt": {"*.pwconv1.weight": "gelu"},
    "Llama": {"*.gate_proj.weight": "silu"},
    "Mamba": {
        "*.conv1d.weight": "silu",
        "*.dt_proj.weight": "softplus",
        "*.in_proj.weight": "silu",
    },
}
