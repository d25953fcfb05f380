"""Residual branches in PyTorch: which are counted, and how they start."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from initcore_torch import initialize


def test_a_loss_in_the_forward_pass_is_no_residual_branch() -> None:
    class Penalized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(16, 16) for _ in range(4))

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            penalty = torch.zeros(())
            for layer in self.layers:
                x = F.relu(layer(x))
                penalty = penalty + x.pow(2).mean()
            return x, penalty

    report = initialize(Penalized(), "orthogonal", sample_input=torch.zeros(2, 16))
    assert not report.network.branches
    assert {a.why for path, a in report.items() if "weight" in path} == {"gain of relu"}


def test_a_branch_run_many_times_counts_once() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(5):
                x = x + self.b(torch.tanh(self.a(x)))
            return x

    report = initialize(Shared(), "orthogonal", sample_input=torch.zeros(2, 8))
    assert len(report.network.branches) == 1


def test_two_parallel_branches_of_one_stem_are_two() -> None:
    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x: Tensor) -> Tensor:
            return x + torch.tanh(self.a(x)) + torch.tanh(self.b(x))

    assert len(initialize(Parallel(), "orthogonal", sample_input=torch.zeros(2, 8))
               .network.branches) == 2  # fmt: skip


class Products(nn.Module):
    """Residual branches that are products: with both factors at 0 nothing would ever train."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.o = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.o(x + self.a(x) * self.b(x))


class Normalized(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inside = nn.Sequential(nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(),
                                    nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8))  # fmt: skip
        self.o = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.o((x + self.inside(x)).mean(-1))


@pytest.mark.parametrize("scheme", ["fixup", "zero", "idinit"])
def test_branches_that_start_at_nothing_can_train(scheme: str) -> None:
    torch.manual_seed(0)
    for model, sample in ((Products(), torch.randn(4, 8)), (Normalized(), torch.randn(4, 8, 5))):
        report = initialize(model, scheme, sample_input=sample)
        assert "keep their size" in report.headline, "nothing is wrong with a zero by design"
        if isinstance(model, Products):
            ends = [bool(w.detach().abs().max() > 1e-4) for w in (model.a.weight, model.b.weight)]
            assert sorted(ends) == [False, True]
        else:
            assert not model.inside[4].weight.any()
            assert model.inside[3].weight.any()
            model.eval()
            nn.init.ones_(model.o.weight)
            model(sample).sum().backward()
            assert 0 < model.inside[4].weight.grad.abs().max() < 1e3


def test_pre_norm_transformers_hand_gradients_to_every_block() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(n_layer=12, n_embd=32, n_head=4, vocab_size=50,
                                       attn_pdrop=0, resid_pdrop=0, embd_pdrop=0))  # fmt: skip
    tokens = torch.arange(96).reshape(4, 24) % 50
    report = initialize(model, "orthogonal", sample_input={"input_ids": tokens})
    assert "one of 24 branches" in report["transformer.h.0.mlp.c_proj.weight"].why
    y = model(input_ids=tokens).logits
    (y * torch.randn(y.shape, generator=torch.Generator().manual_seed(0))).sum().backward()
    for name in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"):
        squares = [float(block.get_parameter(f"{name}.weight").grad.square().mean())
                   for block in model.transformer.h]  # fmt: skip
        assert max(squares) / min(squares) < 3, name


def test_a_scheme_that_scales_says_what_it_could_not_scale() -> None:
    model = nn.Sequential(nn.Linear(4, 16), nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0))
    report = initialize(model, "lsuv", sample_input=torch.randn(5, 3, 4))
    assert report.unscaled == ("1.self_attn.in_proj_weight", "1.self_attn.out_proj.weight")
    assert "2 kernels could not be scaled" in report.headline
    assert "0.weight" in report.scales
