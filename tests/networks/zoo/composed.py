"""Networks in plain PyTorch whose weights are used in uncommon ways."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

__all__ = ["ZOO"]


class DitBlock(nn.Module):
    """A block whose normalizations and branches a condition scales; all scales start at 0."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.condition = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.condition.weight)

    def attend(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        parts = self.condition(F.silu(c))[:, None].chunk(6, -1)
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = parts
        x = x + gate_a * self.attend(self.norm1(x) * (1 + scale_a) + shift_a)
        y = self.fc1(self.norm2(x) * (1 + scale_m) + shift_m)
        return x + gate_m * self.fc2(F.gelu(y, approximate="tanh"))


class Dit(nn.Module):
    """A diffusion transformer of two blocks."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.patch = nn.Conv2d(4, width, 2, 2)
        self.register_buffer("place", torch.randn(1, 16, width))
        self.time1, self.time2 = nn.Linear(8, width), nn.Linear(width, width)
        self.label = nn.Embedding(11, width)
        self.blocks = nn.ModuleList([DitBlock(width, 2) for _ in range(2)])
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.condition, self.last = nn.Linear(width, 2 * width), nn.Linear(width, 16)

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        angles = t[:, None] * torch.exp(-torch.arange(4.0))
        waves = torch.cat([torch.cos(angles), torch.sin(angles)], -1)
        c = self.time2(F.silu(self.time1(waves))) + self.label(y)
        h = self.patch(x).flatten(2).transpose(1, 2) + self.place
        for block in self.blocks:
            h = block(h, c)
        shift, scale = self.condition(F.silu(c))[:, None].chunk(2, -1)
        h = self.last(self.norm(h) * (1 + scale) + shift)
        return h.unflatten(1, (4, 4)).unflatten(-1, (2, 2, 4)).permute(0, 5, 1, 3, 2, 4).flatten(
            4).flatten(2, 3)  # fmt: skip


class Translator(nn.Module):
    """Recurrent sequence to sequence with additive attention (Bahdanau et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(20, 8), nn.Embedding(20, 8)
        self.encoder, self.decoder = nn.GRU(8, 16, batch_first=True), nn.GRUCell(8 + 16, 16)
        self.query, self.key = nn.Linear(16, 12, bias=False), nn.Linear(16, 12)
        self.score, self.head = nn.Linear(12, 1, bias=False), nn.Linear(16, 20)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        seen, state = self.encoder(self.source(source))
        h, keys, made = state[0], self.key(seen), []
        for word in self.target(target).unbind(1):
            scores = self.score(torch.tanh(self.query(h)[:, None] + keys))
            context = (scores.softmax(1) * seen).sum(1)
            h = self.decoder(torch.cat([word, context], -1), h)
            made.append(self.head(h))
        return torch.stack(made, 1)


class Graph(nn.Module):
    """Graph convolutions that pass messages along edges (Kipf & Welling, 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)])

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        start, end = edges
        degree = torch.zeros(len(x)).index_add(0, end, torch.ones(len(end))).clamp(min=1)
        weight = (degree[start] * degree[end]).rsqrt()[:, None]
        for n, layer in enumerate(self.layers):
            y = layer(x)
            x = torch.zeros_like(y).index_add(0, end, y[start] * weight)
            x = F.relu(x) if n < 2 else x
        return x.log_softmax(-1)


class Adapted(nn.Module):
    """A frozen layer and a low-rank update of it (Hu et al., 2022), beside it or merged."""

    def __init__(self, fan_in: int, fan_out: int, merged: bool) -> None:
        super().__init__()
        self.base, self.merged = nn.Linear(fan_in, fan_out).requires_grad_(False), merged
        self.a = nn.Parameter(torch.randn(2, fan_in))
        self.b = nn.Parameter(torch.zeros(fan_out, 2))

    def forward(self, x: Tensor) -> Tensor:
        if self.merged:
            return F.linear(x, self.base.weight + 8.0 * (self.b @ self.a), self.base.bias)
        return self.base(x) + 8.0 * (F.dropout(x, 0.1, self.training) @ self.a.T @ self.b.T)


class Committee(nn.Module):
    """An ensemble: one network, and a stack of weights for all members."""

    def __init__(self) -> None:
        super().__init__()
        members = [nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(),
                                 nn.Linear(16, 1)) for _ in range(4)]  # fmt: skip
        stacked, _ = stack_module_state(members)
        self.names = list(stacked)
        self.stacked = nn.ParameterList([stacked[name] for name in self.names])
        self.plan = [members[0].to("meta")]

    def forward(self, x: Tensor) -> Tensor:
        def one(weights: dict[str, Tensor]) -> Tensor:
            return functional_call(self.plan[0], weights, (x,))

        return torch.vmap(one)(dict(zip(self.names, self.stacked, strict=True)))


def adapted() -> nn.Module:
    return nn.Sequential(Adapted(8, 16, False), nn.GELU(), Adapted(16, 16, True), nn.GELU(),
                         nn.Linear(16, 3))  # fmt: skip


NOISE = (torch.linspace(-2, 2, 512).sin().view(2, 4, 8, 8), torch.tensor([1.0, 9.0]),
         torch.tensor([3, 7]))  # fmt: skip
SIX = " + ".join(2 * ["modulation", "modulation", "hidden"])
WORDS = torch.arange(8).view(2, 4)

ZOO: dict[str, tuple[Any, Any, str]] = {
    # A branch's gate is not bounded: it is neither a gate of signals nor of a normalization.
    "DiT": (Dit, NOISE, f"""
        *.bias                   bias
        patch.weight             first
        time1.weight             first silu
        time2.weight             hidden silu
        label.weight             embedding
        *.qkv.weight             attention_query + attention_key + attention_value
        *.proj.weight            attention_output
        *.fc1.weight             feed_forward_in gelu_tanh
        *.fc2.weight             feed_forward_out
        condition.weight         modulation + modulation
        blocks.?.condition.weight {SIX}
        last.weight              output
    """),
    "sequence to sequence": (Translator, (WORDS, WORDS[:, :3]), """
        *bias*                   bias
        source.weight            embedding
        target.weight            embedding
        encoder.weight_?h_l0     recurrent + recurrent + recurrent
        decoder.weight_?h        recurrent + recurrent + recurrent
        query.weight             hidden tanh
        key.weight               hidden tanh
        score.weight             hidden
        head.weight              output
    """),
    "GCN": (Graph, (torch.zeros(4, 6), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])), """
        *.bias                   bias
        layers.0.weight          first relu
        layers.1.weight          hidden relu
        layers.2.weight          output
    """),
    "LoRA": (adapted, torch.zeros(2, 8), """
        *.bias                   bias
        0.base.weight            first gelu
        2.base.weight            hidden gelu
        *.a                      adapter_in
        0.b                      adapter_out gelu
        2.b                      adapter_out
        4.weight                 output
    """),
    "ensemble": (Committee, torch.zeros(2, 5), """
        stacked.0                4 x first tanh
        stacked.1                bias
        stacked.2                4 x hidden tanh
        stacked.3                bias
        stacked.4                4 x output
        stacked.5                bias
    """),
}  # fmt: skip
