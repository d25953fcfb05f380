"""Models of sound, of transformers."""

from typing import Any

import torch

from .vision import of

LSTM = "recurrent + recurrent + recurrent + recurrent"

ZOO: dict[str, tuple[Any, Any, str]] = {
    "EnCodec": (lambda: of("EncodecModel", "EncodecConfig", num_filters=4, hidden_size=8,
                           upsampling_ratios=[2, 2], codebook_size=8, codebook_dim=8,
                           num_lstm_layers=1, target_bandwidths=[24.0]),
                {"input_values": torch.zeros(1, 1, 64)}, f"""
        *bias*                       bias
        encoder.layers.0.conv.weight first elu
        *.block.1.conv.weight        hidden elu
        *.block.3.conv.weight        branch_last
        *.shortcut.conv.weight       skip_projection
        encoder.layers.3.conv.weight hidden elu
        encoder.layers.6.conv.weight hidden
        encoder.layers.9.conv.weight hidden
        *.lstm.weight_?h_l0          {LSTM}
        decoder.layers.0.conv.weight hidden
        decoder.layers.3.conv.weight transposed elu
        decoder.layers.6.conv.weight transposed elu
        decoder.layers.9.conv.weight output
    """),
    # Skips are added up: the first is what others are added to.
    # The posterior encoder is for training alone; its layers are those of the flow. Between a text
    # and the exponential of its variance stands a product, by which it is as long as the sound.
    "VITS": (lambda: of("VitsModel", "VitsConfig", vocab_size=20, hidden_size=16,
                        num_hidden_layers=1, num_attention_heads=2, window_size=2, ffn_dim=32,
                        flow_size=8, spectrogram_bins=9, upsample_initial_channel=16,
                        upsample_rates=[2, 2], upsample_kernel_sizes=[4, 4],
                        resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
                        prior_encoder_num_flows=2, prior_encoder_num_wavenet_layers=2,
                        posterior_encoder_num_wavenet_layers=2,
                        use_stochastic_duration_prediction=False,
                        duration_predictor_filter_channels=16),
             {"input_ids": torch.arange(6)[None]}, """
        *.bias                       bias
        *norm*                       normalization
        *.embed_tokens.weight        embedding
        *.emb_rel_?                  position
        *.q_proj.weight              attention_query
        *.k_proj.weight              attention_key
        *.v_proj.weight              attention_value
        *.out_proj.weight            attention_output
        *.feed_forward.conv_1.weight feed_forward_in relu
        *.feed_forward.conv_2.weight feed_forward_out
        text_encoder.project.weight  hidden + hidden
        duration_predictor.conv_?.weight  hidden relu
        duration_predictor.proj.weight    hidden exponential
        *.conv_pre.weight            hidden
        *.in_layers.*.weight         hidden tanh + gate sigmoid
        *.res_skip_layers.0.weight   branch_last + hidden
        *.res_skip_layers.1.weight   branch_last
        *.conv_post.weight           hidden
        decoder.conv_pre.weight      hidden leaky_relu
        *.upsampler.*.weight         transposed leaky_relu
        *.convs1.*.weight            hidden leaky_relu
        *.convs2.*.weight            branch_last
        decoder.conv_post.weight     output tanh
        posterior_encoder.conv_*.weight   hidden
    """),
}  # fmt: skip
