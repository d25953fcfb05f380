"""torch.nn itself, with initcore_torch in the place of torch.nn.init: every layer can be built."""

import inspect
import sys
import typing
from typing import Any

import pytest
import torch
from torch import nn

import initcore_torch as init

THEIRS = torch.nn.init

# By class the arguments of one small layer.
LAYERS: dict[type[nn.Module], tuple[Any, ...]] = {
    nn.Linear: (30, 40), nn.Bilinear: (8, 9, 10), nn.LazyLinear: (40,),
    nn.Conv1d: (30, 20, 3), nn.Conv2d: (30, 20, 3), nn.Conv3d: (20, 10, 3),
    nn.ConvTranspose1d: (30, 20, 3), nn.ConvTranspose2d: (30, 20, 3),
    nn.ConvTranspose3d: (20, 10, 3), nn.LazyConv1d: (20, 3), nn.LazyConv2d: (20, 3),
    nn.LazyConv3d: (10, 3), nn.LazyConvTranspose1d: (20, 3), nn.LazyConvTranspose2d: (20, 3),
    nn.LazyConvTranspose3d: (10, 3),
    nn.RNN: (30, 20), nn.LSTM: (30, 20, 2), nn.GRU: (30, 20), nn.RNNCell: (30, 20),
    nn.LSTMCell: (30, 20), nn.GRUCell: (30, 20),
    nn.Embedding: (50, 20), nn.EmbeddingBag: (50, 20),
    nn.BatchNorm1d: (20,), nn.BatchNorm2d: (20,), nn.BatchNorm3d: (20,), nn.SyncBatchNorm: (20,),
    nn.LazyBatchNorm1d: (), nn.LazyBatchNorm2d: (), nn.LazyBatchNorm3d: (),
    nn.InstanceNorm1d: (20, 1e-5, 0.1, True), nn.InstanceNorm2d: (20, 1e-5, 0.1, True),
    nn.InstanceNorm3d: (20, 1e-5, 0.1, True), nn.LazyInstanceNorm1d: (), nn.LazyInstanceNorm2d: (),
    nn.LazyInstanceNorm3d: (), nn.LayerNorm: (20,), nn.GroupNorm: (4, 20), nn.RMSNorm: (20,),
    nn.PReLU: (20,), nn.MultiheadAttention: (32, 4), nn.TransformerEncoderLayer: (32, 4, 64),
    nn.Transformer: (32, 4, 1, 1, 64), nn.AdaptiveLogSoftmaxWithLoss: (20, 30, [10, 20]),
}  # fmt: skip
INPUTS = {
    nn.LazyLinear: (4, 30), nn.LazyConv1d: (2, 30, 9), nn.LazyConv2d: (2, 30, 9, 9),
    nn.LazyConv3d: (2, 20, 5, 5, 5), nn.LazyConvTranspose1d: (2, 30, 9),
    nn.LazyConvTranspose2d: (2, 30, 9, 9), nn.LazyConvTranspose3d: (2, 20, 5, 5, 5),
    nn.LazyBatchNorm1d: (4, 20), nn.LazyBatchNorm2d: (2, 20, 3, 3),
    nn.LazyBatchNorm3d: (2, 20, 3, 3, 3), nn.LazyInstanceNorm1d: (4, 20, 3),
    nn.LazyInstanceNorm2d: (2, 20, 3, 3), nn.LazyInstanceNorm3d: (2, 20, 3, 3, 3),
}  # fmt: skip
BASES = {nn.RNNBase, nn.RNNCellBase}


def resets() -> set[type[nn.Module]]:
    """Every module of torch.nn that initializes itself."""
    every = {c for c in vars(nn).values() if inspect.isclass(c) and issubclass(c, nn.Module)}
    names = ("reset_parameters", "_reset_parameters")
    return {c for c in every if any(hasattr(c, n) for n in names)}


def built(kind: type[nn.Module]) -> nn.Module:
    layer = kind(*LAYERS[kind])
    if kind in INPUTS:
        layer(torch.zeros(INPUTS[kind]))
    return layer


@pytest.fixture
def swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `import torch.nn.init` gives in PyTorch's own files is ours."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(("torch.nn.", "torch.ao.nn.")) or module is THEIRS:
            continue
        for key, value in list(vars(module).items()):
            if value is THEIRS:
                monkeypatch.setattr(module, key, init)
            elif inspect.isfunction(value) and vars(THEIRS).get(key) is value:
                monkeypatch.setattr(module, key, getattr(init, key))
    monkeypatch.setattr(torch.nn, "init", init)


def test_every_module_that_initializes_itself_is_listed() -> None:
    assert resets() - BASES <= set(LAYERS)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor", "ignore:Lazy modules are a new feature")
@pytest.mark.parametrize("kind", LAYERS, ids=lambda c: c.__name__)
def test_layers_are_built_with_pytorchs_distributions(
    kind: type[nn.Module], request: pytest.FixtureRequest
) -> None:
    torch.manual_seed(0)
    theirs = dict(built(kind).named_parameters())
    request.getfixturevalue("swapped")
    torch.manual_seed(0)
    ours = dict(built(kind).named_parameters())
    assert ours.keys() == theirs.keys()
    for name, w in ours.items():
        was = theirs[name]
        assert (w.shape, w.dtype, w.requires_grad) == (was.shape, was.dtype, was.requires_grad)
        if was.std(correction=0) == 0:
            assert torch.equal(w, was)
            continue
        # Root mean squares of n independent entries, uniform or normal, have relative standard
        # errors of at most 1 / sqrt(2 n); 6 of their difference: a false alarm in 5e8.
        low, high = sorted(t.detach().double().square().mean().sqrt() for t in (w, was))
        assert high / low < 1 + 6 / was.numel() ** 0.5, name


def test_the_layers_under_test_do_use_ours(swapped: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **given: Any) -> Any:
        raise AssertionError("called")

    for name in (
        "kaiming_uniform_",
        "uniform_",
        "ones_",
        "normal_",
        "_calculate_fan_in_and_fan_out",
    ):
        monkeypatch.setattr(init, name, refuse)
    for kind in (nn.Linear, nn.LSTM, nn.LayerNorm, nn.Embedding, nn.Conv2d, nn.GroupNorm):
        with pytest.raises(AssertionError, match="called"):
            built(kind)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3, 5), (2, 3, 4, 5), (0, 3), (3, 0, 2), (1, 1)])
def test_fans_are_pytorchs(shape: tuple[int, ...]) -> None:
    w = torch.empty(shape)
    assert init._calculate_fan_in_and_fan_out(w) == THEIRS._calculate_fan_in_and_fan_out(w)
    for mode in ("fan_in", "fan_out", "FAN_IN"):
        ours = init._calculate_correct_fan(w, mode)  # type: ignore[arg-type]
        assert ours == THEIRS._calculate_correct_fan(w, mode)  # type: ignore[arg-type]
        assert type(ours) is int


def test_fans_are_refused_in_pytorchs_words() -> None:
    for module in (init, THEIRS):
        for shape in ((), (3,)):
            with pytest.raises(
                ValueError, match=r"^Fan in and fan out can not be computed for ten"
            ):
                module._calculate_fan_in_and_fan_out(torch.empty(shape))
        with pytest.raises(
            ValueError, match=r"^Mode '?fan'? not supported, please use one of \['f"
        ):
            module._calculate_correct_fan(torch.empty(2, 2), "fan")
    with pytest.raises(TypeError, match=r"needs a torch.Tensor to fill, got list"):
        init._calculate_fan_in_and_fan_out([3, 4])  # type: ignore[arg-type]


def test_every_name_of_torch_nn_init_is_here_private_ones_too() -> None:
    helpers = {"_R", "_P", "_make_deprecate"}  # of its own file
    theirs = {
        n for n, v in vars(THEIRS).items()
        if getattr(v, "__module__", "") == THEIRS.__name__ or n in ("_NonlinearityType", "_FanMode")
    }  # fmt: skip
    assert {"_no_grad_zero_", "_calculate_correct_fan", "uniform"} <= theirs
    assert theirs - helpers - set(vars(init)) == set()
    for name in ("_NonlinearityType", "_FanMode"):
        ours, their = getattr(init, name), getattr(THEIRS, name)
        assert set(typing.get_args(ours)) == set(typing.get_args(their))


def test_private_fills_take_pytorchs_arguments() -> None:
    def drawn(module: Any) -> list[torch.Tensor]:
        w = nn.Parameter(torch.empty(2, 50))
        generator = torch.Generator().manual_seed(3)
        calls = [
            module._no_grad_uniform_(w, -1.0, -0.5),
            module._no_grad_uniform_(w, 2.0, 3.0, generator),
            module._no_grad_normal_(w, 100.0, 1.0, generator=generator),
            module._no_grad_trunc_normal_(w, 0.0, 1.0, 0.5, 1.0, generator=generator),
            module._no_grad_fill_(w, 0.25),
            module._no_grad_zero_(w),
        ]
        assert all(call is w for call in calls)
        return [w.detach().clone()]

    assert torch.equal(drawn(init)[0], drawn(THEIRS)[0])
    w = torch.empty(2000)
    assert -1 <= init._no_grad_uniform_(w, -1.0, -0.5).min() <= w.max() < -0.5
    assert 0.5 <= init._no_grad_trunc_normal_(w, 0.0, 1.0, 0.5, 1.0).min() <= w.max() <= 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool,
                                   torch.complex64, torch.float8_e4m3fn])  # fmt: skip
@pytest.mark.parametrize("val", [True, False, 2, -1.5, float("nan"), float("-inf"), 1j,
                                 torch.tensor(2.0), None, "1", [1.0]], ids=repr)  # fmt: skip
def test_constants_are_what_pytorch_takes(val: Any, dtype: torch.dtype) -> None:
    try:
        expected = THEIRS.constant_(torch.zeros(3, dtype=dtype), val)
    except (TypeError, ValueError, RuntimeError):
        tensor = torch.zeros(3, dtype=dtype)
        with pytest.raises((TypeError, ValueError), match=r"^constant_ needs val to be a number"):
            init.constant_(tensor, val)
        assert torch.equal(tensor.to(torch.complex64), torch.zeros(3, dtype=torch.complex64))
        return
    ours = init.constant_(torch.zeros(3, dtype=dtype), val)
    torch.testing.assert_close(ours, expected, rtol=0, atol=0, equal_nan=True)
