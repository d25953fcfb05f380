"""How well-known projects call torch.nn.init: each form does the same with our import.

The forms were read in public code. What is random is compared by mean and spread, the rest bit for
bit; forms that PyTorch refuses are refused by ours with an error of the same kind.
"""

import copy
import functools
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import initcore_torch

THEIRS = torch.nn.init
MODULES = pytest.mark.parametrize("init", [THEIRS, initcore_torch], ids=["torch", "initcore"])
N = 60  # rows and columns of the dense kernels below


def dense(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape or (N, N)))


def conv() -> nn.Parameter:
    return dense(40, 20, 3, 3)


def old(call: Callable[[], Any]) -> Any:
    """A call of a name without the underscore, whose warning is expected."""
    with pytest.warns(FutureWarning):
        return call()


def parts(w: Tensor, fill: Callable[[Tensor], Any], n: int) -> Tensor:
    for part in w.chunk(n):
        fill(part)
    return w


def lecun(init: Any, w: Tensor) -> Tensor:
    """JAX's default by hand, as vision transformers and transformers itself have it."""
    fan_in, _ = init._calculate_fan_in_and_fan_out(w)
    filled: Tensor = init.trunc_normal_(w, std=math.sqrt(1 / fan_in) / 0.87962566103423978)
    return filled


def reset(init: Any, layer: nn.Linear) -> Tensor:
    """`reset_parameters` as it is copied into layers of one's own."""
    init.kaiming_uniform_(layer.weight, a=math.sqrt(5))
    fan_in, _ = init._calculate_fan_in_and_fan_out(layer.weight)
    bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
    init.uniform_(layer.bias, -bound, bound)
    return torch.cat([layer.weight.detach(), layer.bias.detach()[:, None]], 1)


def signed_constant(init: Any, w: Tensor) -> Tensor:
    std = init.calculate_gain("relu") / math.sqrt(init._calculate_correct_fan(w, "fan_in"))
    w.data = torch.ones_like(w).sign() * std
    return w


def by_gain(init: Any, name: str, w: Tensor) -> Tensor:
    """Configurations that look at the arguments before they call."""
    fill = getattr(init, name)
    given = {"gain": 2.0} if "gain" in inspect.getfullargspec(fill).args else {}
    filled: Tensor = fill(w, **given)
    return filled


# What was read, the project or the kind of project, and the call.
FORMS: list[tuple[str, Callable[[Any], Tensor]]] = [
    ("torchvision ResNet", lambda i: i.kaiming_normal_(conv(), mode="fan_out",
                                                      nonlinearity="relu")),
    ("torchvision VGG", lambda i: i.normal_(dense(), 0, 0.01)),
    ("torchvision DenseNet", lambda i: i.kaiming_normal_(conv())),
    ("torchvision GoogLeNet", lambda i: i.trunc_normal_(dense(), mean=0.0, std=0.01, a=-2, b=2)),
    ("torchvision SqueezeNet", lambda i: i.normal_(conv(), mean=0.0, std=0.01)),
    ("torchvision EfficientNet", lambda i: i.uniform_(dense(), -1 / N**0.5, 1 / N**0.5)),
    ("torchvision ViT", lambda i: i.trunc_normal_(dense(), std=math.sqrt(1 / N))),
    ("torchvision R-CNN", lambda i: i.kaiming_uniform_(conv(), a=1)),
    ("torchvision FCOS", lambda i: i.constant_(dense(N), -math.log((1 - 0.01) / 0.01))),
    ("torchvision RAFT", lambda i: i.constant_(nn.GroupNorm(8, 64).weight, 1)),
    ("Swin, timm", lambda i: i.trunc_normal_(dense(1, N, N), std=.02)),
    ("I-JEPA", lambda i: i.trunc_normal_(dense(1, N, N), 0.02)),
    ("open_clip", lambda i: i.normal_(dense(), std=N**-0.5)),
    ("open_clip, scale", lambda i: i.constant_(dense(1), np.log(1 / 0.07))),
    ("CLIP, logit scale of no axes", lambda i: i.constant_(nn.Parameter(torch.tensor(0.0)), 2.6)),
    ("OLMo, torchtitan", lambda i: i.trunc_normal_(dense(), mean=0.0, std=0.02, a=-0.06, b=0.06)),
    ("JAX's default by hand", lambda i: lecun(i, dense())),
    ("NequIP, cuts without end", lambda i: i.trunc_normal_(dense(), a=-math.inf, b=math.inf)),
    ("DCGAN", lambda i: i.normal_(conv().data, 1.0, 0.02)),
    ("DCGAN, bias", lambda i: i.constant_(dense(N).data, 0)),
    ("CycleGAN, xavier", lambda i: i.xavier_normal_(conv().data, gain=0.02)),
    ("CycleGAN, kaiming", lambda i: i.kaiming_normal_(conv().data, a=0, mode="fan_in")),
    ("CycleGAN, orthogonal", lambda i: i.orthogonal_(conv().data, gain=0.02)),
    ("CleanRL", lambda i: i.orthogonal_(dense(), np.sqrt(2))),
    ("CleanRL, float32 gain", lambda i: i.orthogonal_(dense(), np.float32(0.01))),
    ("Stable-Baselines3", lambda i: i.orthogonal_(dense(), gain=1)),
    ("PPO by Kostrikov", lambda i: i.orthogonal_(dense().data, gain=i.calculate_gain("relu"))),
    ("DrQ", lambda i: i.orthogonal_(conv().data[:, :, 1, 1], i.calculate_gain("tanh"))),
    ("sparse autoencoders", lambda i: i.orthogonal_(dense(N, 30).data.T).T),
    ("fairseq", lambda i: i.xavier_uniform_(dense(), gain=1 / math.sqrt(2))),
    ("fairseq, embedding", lambda i: i.normal_(dense(), mean=0, std=N**-0.5)),
    ("fairseq, padding row", lambda i: i.constant_(dense()[1], 0)),
    ("Annotated Transformer", lambda i: i.xavier_uniform_(dense())),
    ("GPT-NeoX", lambda i: i.normal_(dense(), 0.0, 0.02 / math.sqrt(2.0 * 12))),
    ("Megatron", lambda i: i.normal_(dense(), mean=0.0, std=torch.tensor(0.02))),
    ("LoRA, A", lambda i: i.kaiming_uniform_(dense(8, N), a=math.sqrt(5))),
    ("LoRA, B", lambda i: i.zeros_(dense(N, 8))),
    ("xformers, LoRA", lambda i: i._no_grad_trunc_normal_(dense(8, N), 0.0, 1.0, -2.0, 2.0)),
    ("copied reset_parameters", lambda i: reset(i, nn.Linear(N, N))),
    ("NoisyNet", lambda i: i.uniform_(dense(), -0.5 / N, 0.5 / N)),
    ("SIREN", lambda i: i.uniform_(dense(), -np.sqrt(6 / N) / 30, np.sqrt(6 / N) / 30)),
    ("modulated SIREN, Fourier features", lambda i: i.uniform_(dense(), b=2 * torch.pi)),
    ("hidden networks", lambda i: signed_constant(i, conv())),
    ("hidden networks, scores", lambda i: i.kaiming_uniform_(conv(), a=np.sqrt(5))),
    ("e3nn's kin, nothing spread", lambda i: i.normal_(dense(), std=0)),
    ("Detectron2, c2_msra_fill", lambda i: i.kaiming_normal_(conv(), mode="fan_out",
                                                            nonlinearity="relu")),
    ("Detectron2, c2_xavier_fill", lambda i: i.kaiming_uniform_(conv(), a=1)),
    ("mmcv", lambda i: i.kaiming_uniform_(conv(), a=0, mode="fan_out", nonlinearity="relu")),
    ("Caffe2's names of layers", lambda i: i.kaiming_uniform_(conv(), nonlinearity="conv2d")),
    ("fastai", lambda i: i.normal_(conv(), 0.0, 0.02)),
    ("self-normalizing nets", lambda i: i.kaiming_normal_(dense(), nonlinearity="linear")),
    ("upper-case modes", lambda i: i.kaiming_normal_(conv(), mode="FAN_OUT")),
    ("by position", lambda i: i.kaiming_normal_(conv(), 0.2, "fan_in", "leaky_relu")),
    ("all by position", lambda i: i.kaiming_uniform_(conv(), 0, "fan_in", "relu", None)),
    ("airbench", lambda i: i.dirac_(conv().data[:20])),
    ("RepVGG's kin, groups", lambda i: i.dirac_(dense(12, 4, 3), 3)),
    ("identity of a 1 x 1 convolution", lambda i: i.eye_(dense(N, N, 1, 1)[:, :, 0, 0])),
    ("identity of a part", lambda i: i.eye_(dense()[:, :20])),
    ("identity of stacked matrices", lambda i: i.eye_(dense(3, N, N)[1])),
    ("IRNN", lambda i: i.eye_(nn.RNN(N, N).weight_hh_l0)),
    ("LSTM, forget gate", lambda i: i.constant_(nn.LSTM(3, 4).bias_ih_l0[4:8], 1)),
    ("GRU by gates", lambda i: parts(dense(3 * N, N).detach(), i.orthogonal_, 3)),
    ("one row as a matrix", lambda i: i.xavier_uniform_(dense(1000).unsqueeze(0))),
    ("one row as a view", lambda i: i.xavier_normal_(dense(1000).view(1, -1))),
    ("GAT", lambda i: i.xavier_uniform_(dense(N, N).data, gain=1.414)),
    ("DGL", lambda i: i.xavier_normal_(dense(), gain=i.calculate_gain("leaky_relu", 0.2))),
    ("gain by keywords", lambda i: i.xavier_normal_(
        dense(), gain=i.calculate_gain(nonlinearity="leaky_relu", param=0.1))),
    ("PyG, double precision", lambda i: i.xavier_uniform_(dense().double().detach())),
    ("legacy constructors", lambda i: i.uniform_(torch.FloatTensor(N, N), -0.1, 0.1)),
    ("legacy variables", lambda i: i.xavier_uniform_(torch.autograd.Variable(torch.zeros(N, N)))),
    ("legacy names", lambda i: old(lambda: i.xavier_uniform(dense().data))),
    ("legacy names, gain", lambda i: old(lambda: i.orthogonal(dense(), gain=0.5))),
    ("legacy names, constants", lambda i: old(lambda: i.constant(dense(N), 0.3))),
    ("legacy names, normal", lambda i: old(lambda: i.normal(dense(), 0, 0.01))),
    ("echo state networks", lambda i: i.sparse_(dense(), sparsity=0.9, std=0.5)),
    ("sparse by position", lambda i: i.sparse_(dense(), 0.1)),
    ("tensor by name", lambda i: i.uniform_(tensor=dense(), a=-1.0, b=1.0, generator=None)),
    ("ints for floats", lambda i: i.uniform_(dense(), -1, 1)),
    ("masks", lambda i: i.constant_(dense(), float("-inf"))),
    ("booleans", lambda i: i.constant_(torch.zeros(4, dtype=torch.bool), True)),
    ("counters", lambda i: i.zeros_(nn.BatchNorm1d(3).num_batches_tracked)),
    ("torch scalars", lambda i: i.constant_(dense(N), torch.tensor(0.5))),
    ("half precision", lambda i: i.trunc_normal_(dense().detach().half(), std=0.02)),
    ("configured by name", lambda i: getattr(i, "kaiming_normal" + "_")(dense())),
    ("configured by arguments", lambda i: by_gain(i, "xavier_uniform_", dense())),
    ("configured by arguments, no gain", lambda i: by_gain(i, "eye_", dense())),
    ("partial", lambda i: functools.partial(i.trunc_normal_, std=0.02)(dense())),
    ("partial, copied", lambda i: copy.deepcopy(functools.partial(i.normal_, std=0.3))(dense())),
    ("partial, pickled", lambda i: pickle.loads(pickle.dumps(functools.partial(
        i.kaiming_uniform_, a=math.sqrt(5), nonlinearity="relu")))(dense())),
    ("channels last", lambda i: i.kaiming_normal_(conv().to(memory_format=torch.channels_last))),
    ("inside no_grad", lambda i: torch.no_grad()(i.normal_)(dense(), 0, 1)),
    ("inside inference_mode", lambda i: torch.inference_mode()(lambda: i.normal_(
        torch.empty(N, N)))()),
    ("gain left as it is", lambda i: torch.full((2,), i.calculate_gain("selu"))),
]  # fmt: skip


def read(call: Callable[[Any], Tensor], init: Any) -> Tensor:
    torch.manual_seed(7)
    return call(init)


@pytest.mark.parametrize("call", [c for _, c in FORMS], ids=[name for name, _ in FORMS])
def test_a_call_does_what_it_does_with_pytorchs_import(call: Callable[[Any], Tensor]) -> None:
    theirs, ours = (read(call, init) for init in (THEIRS, initcore_torch))
    assert type(ours) is type(theirs)
    for name in ("shape", "dtype", "requires_grad", "is_leaf"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.stride() == theirs.stride()
    assert ours.is_inference() == theirs.is_inference()
    torch.manual_seed(8)
    if torch.equal(call(THEIRS), theirs):  # nothing random
        assert torch.equal(ours, theirs)
        return
    x, y = (t.detach().double().flatten() for t in (theirs, ours))
    spread = float(x.std())
    # 6 standard errors of the differences, of means and of root mean squares.
    kurtosis = float((x**4).mean() / (x**2).mean() ** 2)
    assert abs(float(x.mean() - y.mean())) < 6 * spread * math.sqrt(2 / x.numel())
    ratio = float((y**2).mean() / (x**2).mean()) ** 0.5
    assert abs(math.log(ratio)) < 6 * math.sqrt((kurtosis - 1) / 2 / x.numel())


REFUSED: list[tuple[str, type[Exception], Callable[[Any], Any]]] = [
    ("a vector", ValueError, lambda i: i.xavier_uniform_(dense(3))),
    ("a bias", ValueError, lambda i: i.kaiming_normal_(dense(3))),
    ("orthogonal vector", ValueError, lambda i: i.orthogonal_(dense(3))),
    ("sparse convolution", ValueError, lambda i: i.sparse_(dense(3, 3, 3), sparsity=0.1)),
    ("dense dirac", ValueError, lambda i: i.dirac_(dense(3, 3))),
    ("eye of a convolution", ValueError, lambda i: i.eye_(conv())),
    ("groups that do not divide", ValueError, lambda i: i.dirac_(dense(4, 4, 3), 3)),
    ("unknown mode", ValueError, lambda i: i.kaiming_normal_(dense(), mode="fan")),
    ("unknown nonlinearity", ValueError, lambda i: i.calculate_gain("no_such_name")),
    ("a slope that is no number", ValueError, lambda i: i.calculate_gain("leaky_relu", "0.1")),
    ("fans of a vector", ValueError, lambda i: i._calculate_fan_in_and_fan_out(dense(3))),
    ("a keyword of another function", TypeError, lambda i: i.dirac_(conv(), std=0.01)),
    ("too many arguments", TypeError, lambda i: i.zeros_(dense(), 1)),
    ("no tensor", TypeError, lambda i: i.normal_()),
    ("no value", TypeError, lambda i: i.constant_(dense())),
    ("no sparsity", TypeError, lambda i: i.sparse_(dense())),
    ("a text as value", TypeError, lambda i: i.constant_(dense(), "1")),
    ("an array as value", TypeError, lambda i: i.constant_(dense(), np.ones(2))),
]  # fmt: skip


@MODULES
@pytest.mark.parametrize(
    ("error", "call"), [(e, c) for _, e, c in REFUSED], ids=[name for name, *_ in REFUSED]
)
def test_a_call_that_pytorch_refuses_is_refused_alike(
    init: Any, error: type[Exception], call: Callable[[Any], Any]
) -> None:
    with pytest.raises(error):
        call(init)
