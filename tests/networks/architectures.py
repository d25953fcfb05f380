"""Networks in plain PyTorch that the tests of the other adapters write again.

Layers have the same names everywhere. `found` brings a report and its weights into a form that is
the same in every framework: roles and canonical kernels, by names such as `head.w`.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import initcore_torch
from initcore.networks import Report

__all__ = ["ARCHITECTURES", "common", "found", "in_torch", "same"]

LEAVES = {"kernel": "w", "weight": "w", "scale": "w", "gamma": "w", "embedding": "w", "w": "w",
          "embeddings": "w", "bias": "b", "offset": "b", "beta": "b", "b": "b",
          "weight_ih_l0": "ih", "weight_hh_l0": "hh", "weight_ih": "ih", "weight_hh": "hh",
          "recurrent_kernel": "hh", "bias_ih_l0": "b", "bias_hh_l0": "b2"}  # fmt: skip
SKIPPED = {"params", "~", "lstm_cell", "gru_cell", "cell"}


def common(path: str) -> str:
    """`params/head/kernel`, `head.weight` and `model/head/w` are all `head.w`."""
    *scopes, leaf = re.split(r"[./]", path)
    scopes = [s for s in scopes if s not in SKIPPED]
    last = LEAVES.get(leaf, leaf)
    if scopes and scopes[-1] == "rnn" and last == "w":  # of a cell in Keras
        last = "ih"
    return f"{scopes[-1]}.{last}" if scopes else last


def found(report: Report, values: Callable[[str], Any]) -> dict[str, tuple[str, Any]]:
    """Roles and kernels, `(out, in, *spatial)`, by common names."""
    made = {}
    for path, a in report.items():
        w = np.asarray(values(path), np.float64)
        made[common(path)] = (
            a.weight.role,
            w.reshape(-1) if a.layout is None else a.layout.to_canonical(w, xp=np),
        )
    return made


@cache
def in_torch(name: str, scheme: Any) -> dict[str, tuple[str, Any]]:
    """What the PyTorch network of that name gets."""
    make, sample = ARCHITECTURES[name]
    torch.manual_seed(0)
    model = make()
    report = initcore_torch.initialize(model, scheme, seed=3, sample_input=sample, paths=common)
    weights = dict(model.named_parameters())
    return found(report, lambda path: weights[path].detach().numpy())


def same(name: str, ours: dict[str, tuple[str, Any]], scheme: Any = "orthogonal") -> None:
    """Assert that a network of another framework gets the roles and the kernels of PyTorch's."""
    theirs = in_torch(name, scheme)
    kernels = {key for key, (role, _) in theirs.items() if role not in ("bias", "normalization")}
    assert kernels <= ours.keys(), f"{name}: {kernels - ours.keys()} are missing"
    roles = {key: role for key, (role, _) in theirs.items() if key in kernels}
    assert {key: ours[key][0] for key in kernels} == roles, name
    for key in sorted(kernels):
        a, b = ours[key][1], theirs[key][1]
        assert a.shape == b.shape, f"{name}, {key}: {a.shape} is not {b.shape}"
        assert abs(a - b).max() < 5e-5, f"{name}, {key}: kernels differ by {abs(a - b).max():.2g}"


def net(forward: Callable[..., Any], **parts: Any) -> Callable[[], nn.Module]:
    """A module of layers and parameters, made anew at each call."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, (kind, *args) in parts.items():
                setattr(self, name, kind(*args))

        def forward(self, *args: Any) -> Any:
            return forward(self, *args)

    return Net


def parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(shape))


def conv(n: int, m: int, groups: int = 1, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(n, m, size, stride, size // 2, groups=groups, bias=False)


def heads(x: Tensor) -> Tensor:
    return x.unflatten(-1, (2, 8)).transpose(1, 2)


def attended(m: Any, q: Tensor, k: Tensor, v: Tensor) -> Any:
    h = F.softmax(heads(q) @ heads(k).mT / 8**0.5, -1) @ heads(v)
    return m.o(h.transpose(1, 2).flatten(2))


def separate(m: Any, t: Tensor) -> Any:
    x = m.table(t)
    h = m.n1(x)
    x = x + attended(m, m.q(h), m.k(h), m.v(h))
    x = x + m.down(F.gelu(m.up(m.n2(x))))
    return m.head(m.n3(x))


def fused(m: Any, x: Tensor) -> Any:
    x = x + attended(m, *m.qkv(m.n1(x)).chunk(3, -1))
    return m.head(m.n2(x))


def gated(m: Any, x: Tensor) -> Any:
    x = m.stem(x)
    for _ in range(1):
        h = m.n1(x)
        x = x + m.down(F.silu(m.gate(h)) * m.up(h))
    return m.head(m.n2(x))


def experts(m: Any, x: Tensor) -> Any:
    p = F.softmax(m.router(x), -1)
    h = F.relu(torch.einsum("btd,edf->btef", x, m.up))
    return m.head(x + torch.einsum("bte,btef,efd->btd", p, h, m.down))


def resnet(m: Any, x: Tensor) -> Any:
    x = F.relu(m.n0(m.stem(x)))
    x = F.relu(x + m.n2(m.b(F.relu(m.n1(m.a(x))))))
    x = F.relu(m.ns(m.short(x)) + m.n4(m.d(F.relu(m.n3(m.c(x))))))
    return m.head(x.mean((2, 3)))


def unet(m: Any, x: Tensor) -> Any:
    skip = F.relu(m.a(x))
    return m.c(torch.cat([skip, m.up(F.relu(m.b(skip)))], 1))


def sequences(m: Any, x: Tensor) -> Any:
    return m.head(m.rnn(m.table(x))[0][:, -1])


def recurrent(kind: Any) -> Callable[..., Any]:
    return lambda n, m: kind(n, m, batch_first=True)


N, C, B, LN = nn.Linear, conv, nn.BatchNorm2d, nn.LayerNorm
IMAGES, TOKENS, TEXT = (
    torch.zeros(2, 3, 8, 8),
    torch.arange(10).reshape(2, 5),
    torch.zeros(2, 5, 16),
)
ARCHITECTURES: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "mlp": (net(lambda m, x: m.head(F.gelu(m.b(F.gelu(m.a(x))))),
                a=(N, 6, 16), b=(N, 16, 16), head=(N, 16, 3)), torch.zeros(2, 6)),
    "tanh mlp": (net(lambda m, x: m.head(torch.tanh(m.b(torch.tanh(m.a(x))))),
                     a=(N, 6, 16), b=(N, 16, 16), head=(N, 16, 3)), torch.zeros(2, 6)),
    "cnn": (net(lambda m, x: m.head(F.relu(m.n2(m.b(F.relu(m.n1(m.a(x)))))).mean((2, 3))),
                a=(C, 3, 8), n1=(B, 8), b=(C, 8, 12), n2=(B, 12), head=(N, 12, 4)), IMAGES),
    "resnet": (net(resnet, stem=(C, 3, 8), n0=(B, 8), a=(C, 8, 8), n1=(B, 8), b=(C, 8, 8),
                   n2=(B, 8), c=(C, 8, 16, 1, 3, 2), n3=(B, 16), d=(C, 16, 16), n4=(B, 16),
                   short=(C, 8, 16, 1, 1, 2), ns=(B, 16), head=(N, 16, 4)), IMAGES),
    "transformer": (net(separate, table=(nn.Embedding, 11, 16), n1=(LN, 16), q=(N, 16, 16),
                        k=(N, 16, 16), v=(N, 16, 16), o=(N, 16, 16), n2=(LN, 16),
                        up=(N, 16, 32), down=(N, 32, 16), n3=(LN, 16), head=(N, 16, 11)), TOKENS),
    "fused attention": (net(fused, n1=(LN, 16), qkv=(N, 16, 48), o=(N, 16, 16), n2=(LN, 16),
                            head=(N, 16, 3)), TEXT),
    "gated": (net(gated, stem=(N, 16, 16), n1=(LN, 16), gate=(N, 16, 24), up=(N, 16, 24),
                  down=(N, 24, 16), n2=(LN, 16), head=(N, 16, 3)), TEXT),
    "lstm": (net(sequences, table=(nn.Embedding, 11, 16), rnn=(recurrent(nn.LSTM), 16, 8),
                 head=(N, 8, 3)), TOKENS),
    "gru": (net(sequences, table=(nn.Embedding, 11, 16), rnn=(recurrent(nn.GRU), 16, 8),
                head=(N, 8, 3)), TOKENS),
    "tied autoencoder": (net(lambda m, x: torch.tanh(x @ m.w) @ m.w.mT + m.b,
                             w=(parameter, 20, 8), b=(parameter, 20)), torch.zeros(2, 20)),
    "experts": (net(experts, router=(N, 16, 4), up=(parameter, 4, 16, 24),
                    down=(parameter, 4, 24, 16), head=(N, 16, 3)), TEXT),
    "separable": (net(lambda m, x: m.head(F.relu(m.point(m.depth(F.relu(m.a(x))))).mean((2, 3))),
                      a=(C, 3, 8), depth=(C, 8, 8, 8), point=(C, 8, 12, 1, 1), head=(N, 12, 4)),
                  IMAGES),
    "bag of words": (net(lambda m, t: m.head(torch.tanh(m.mid(m.table(t).mean(1)))),
                         table=(nn.Embedding, 11, 16), mid=(N, 16, 16), head=(N, 16, 3)), TOKENS),
    "unet": (net(unet, a=(C, 3, 8), b=(C, 8, 16, 1, 3, 2),
                 up=(lambda: nn.ConvTranspose2d(16, 8, 2, 2, bias=False),), c=(C, 16, 3, 1, 1)),
             IMAGES),
}  # fmt: skip
