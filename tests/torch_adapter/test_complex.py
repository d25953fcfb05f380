"""Complex tensors, as PyTorch's own fills take them."""

import pytest
import torch
from torch import nn

import initcore_torch as init

BOTH = pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])


@BOTH
def test_a_layer_of_complex_numbers_becomes_unitary(dtype: torch.dtype) -> None:
    layer = nn.Linear(30, 20, dtype=dtype)
    assert init.orthogonal_(layer.weight, gain=2.0, seed=1) is layer.weight
    w = layer.weight.detach()
    assert (w @ w.mH / 4 - torch.eye(20)).abs().max() < 1e-5
    assert layer.weight.requires_grad
    assert layer.weight.is_leaf


@BOTH
def test_what_pytorch_fills_with_complex_numbers_ours_does_too(dtype: torch.dtype) -> None:
    # Not orthogonal_, where PyTorch 2.13 calls a sign that complex numbers do not have.
    for name in (
        "zeros_",
        "ones_",
        "eye_",
        "uniform_",
        "normal_",
        "xavier_normal_",
        "kaiming_normal_",
    ):
        theirs, ours = torch.empty(200, 300, dtype=dtype), torch.empty(200, 300, dtype=dtype)
        getattr(nn.init, name)(theirs)
        getattr(init, name)(ours)
        expected, got = (t.abs().square().mean().item() for t in (theirs, ours))
        assert got == pytest.approx(expected, rel=0.03), name
        expected, got = (t.real.square().mean().item() for t in (theirs, ours))
        assert got == pytest.approx(expected, rel=0.05), name


def test_views_get_the_same_values() -> None:
    whole = init.normal_(torch.empty(4, 6, dtype=torch.complex64), seed=2)
    for view in (torch.empty(6, 4, dtype=torch.complex64).mT,
                 torch.empty(4, 6, dtype=torch.complex64).conj(),
                 torch.empty(8, 6, dtype=torch.complex64)[::2]):  # fmt: skip
        assert torch.equal(init.normal_(view, seed=2), whole)


def test_real_laws_are_refused_untouched() -> None:
    tensor = torch.full((4, 4), 7j)
    for fill in (init.trunc_normal_, init.hadamard_, init.mirrored_):
        with pytest.raises(TypeError, match=r"real floating dtype .* got complex64"):
            fill(tensor)
    assert (tensor == 7j).all()
