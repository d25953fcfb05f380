"""Fused kernels, experts and updates: every row gets what it is for, however the model says it."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import initcore_torch as init
from initcore_torch import initialize

SILU = 1.6765324703310907


def singular(w: Tensor) -> Tensor:
    return torch.linalg.svdvals(w.detach().double())


def assert_frame(w: Tensor, gain: float = 1.0) -> None:
    """Every singular value is `gain`, to the rounding of float32 products of this size."""
    allowed = 8 * torch.finfo(torch.float32).eps * max(w.shape)
    torch.testing.assert_close(singular(w) / gain, torch.ones(min(w.shape)).double(),
                               atol=allowed, rtol=0)  # fmt: skip


class Gated(nn.Module):
    """A gated feed-forward branch whose one kernel makes both halves."""

    def __init__(self, split: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.both, self.out = nn.Linear(16, 64, bias=False), nn.Linear(32, 16)
        self.split = split

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.split(self.both(x))
        return x + self.out(F.silu(a) * b)


HALVES = {
    "chunk": lambda h: h.chunk(2, -1),
    "split": lambda h: h.split(32, -1),
    "slices": lambda h: (h[..., :32], h[..., 32:]),
    "unflatten": lambda h: h.unflatten(-1, (2, 32)).unbind(-2),
    "tensor_split": lambda h: torch.tensor_split(h, 2, -1),
    "narrow": lambda h: (h.narrow(-1, 0, 32), h.narrow(-1, 32, 32)),
    "transposed": lambda h: (t := h.transpose(0, -1), (t[:32].transpose(0, -1),
                                                       t[32:].transpose(0, -1)))[1],
}  # fmt: skip


@pytest.mark.parametrize("how", HALVES)
def test_a_gate_and_what_it_gates_are_two_kernels_however_they_are_cut(how: str) -> None:
    model = Gated(HALVES[how])
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 5, 16))
    assert_frame(model.both.weight[:32], SILU)
    assert_frame(model.both.weight[32:])
    assert [p.rows for p in report["both.weight"].pieces] == [((0, 32),), ((32, 64),)]


def test_interleaved_rows_are_found_where_they_lie() -> None:
    model = Gated(lambda h: (h[..., ::2], h[..., 1::2]))
    initialize(model, "orthogonal", sample_input=torch.zeros(2, 5, 16))
    assert_frame(model.both.weight[::2], SILU)
    assert_frame(model.both.weight[1::2])


def test_a_gated_linear_unit_has_no_activation_on_its_signal() -> None:
    class Unit(Gated):
        def forward(self, x: Tensor) -> Tensor:
            return x + self.out(F.glu(self.both(x)))

    model = Unit(HALVES["chunk"])
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 5, 16))
    assert_frame(model.both.weight[:32])
    assert_frame(model.both.weight[32:])
    assert [p.role for p in report["both.weight"].weight.pieces][1] == "gate"


class Queries(nn.Module):
    """Four query heads, one key and one value head, of 8; `order` says how the rows lie."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self.order, self.sizes = order, {"q": 32, "k": 8, "v": 8}
        self.qkv, self.o = nn.Linear(32, 48, bias=False), nn.Linear(32, 32)

    def forward(self, x: Tensor) -> Tensor:
        cut = self.qkv(x).split([self.sizes[c] for c in self.order], -1)
        q, k, v = (
            t.view(len(x), x.shape[1], -1, 8).transpose(1, 2).expand(-1, 4, -1, -1)
            for t in (cut[self.order.index(c)] for c in "qkv")
        )
        half = torch.cat((-q[..., 4:], q[..., :4]), -1)  # as rotary embeddings turn it
        turn = torch.linspace(0, 1, 8).to(q)
        q = q * turn + half * (1 - turn)
        return self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


@pytest.mark.parametrize("order", ["qkv", "kvq", "vqk"])
def test_queries_keys_and_values_are_known_by_where_they_go(order: str) -> None:
    model = Queries(order)
    report = initialize(model, "orthogonal", sample_input=torch.zeros(1, 5, 32))
    assert report["qkv.weight"].weight.role == "attention_query_key_value"
    pieces = report["qkv.weight"].weight.pieces
    names = {"q": "attention_query", "k": "attention_key", "v": "attention_value"}
    assert [p.role for p in pieces] == [names[c] for c in order]
    for rows in model.qkv.weight.split([model.sizes[c] for c in order]):
        assert_frame(rows)


def test_rows_that_part_have_values_of_their_own_in_every_dtype() -> None:
    models = [Queries("kvq").to(dtype) for dtype in (torch.float32, torch.bfloat16)]
    for model in models:
        x = torch.zeros(1, 5, 32, dtype=model.qkv.weight.dtype)
        initialize(model, "orthogonal", seed=3, sample_input=x)
    wide, narrow = (m.qkv.weight.detach().float() for m in models)
    torch.testing.assert_close(wide, narrow, atol=2**-9, rtol=2**-8)
    assert not torch.equal(wide[:8], wide[8:16])


class Experts(nn.Module):
    def __init__(self, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.up, self.down = nn.Parameter(torch.empty(4, 8, 32)), nn.Parameter(
            torch.empty(4, 32, 8)
        )  # fmt: skip
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        return self.product(F.relu(self.product(x, self.up)), self.down).mean(1)


def dense(x: Tensor, w: Tensor) -> Tensor:
    """Of every token for every expert: `(tokens, in)` at first, `(tokens, experts, in)` then."""
    return torch.einsum("td,edf->tef" if x.ndim == 2 else "ted,edf->tef", x, w)


def batched(x: Tensor, w: Tensor) -> Tensor:
    x = x.expand(4, -1, -1) if x.ndim == 2 else x.transpose(0, 1)
    return torch.bmm(x, w).transpose(0, 1)


def looped(x: Tensor, w: Tensor) -> Tensor:
    return torch.stack([(x if x.ndim == 2 else x[:, e]) @ w[e] for e in range(4)], 1)


@pytest.mark.parametrize("product", [dense, batched, looped])
def test_experts_are_kernels_of_their_own(product: Callable[[Tensor, Tensor], Tensor]) -> None:
    model = Experts(product)
    report = initialize(model, "orthogonal", sample_input=torch.zeros(6, 8))
    for e in range(4):
        assert_frame(model.up[e], 2**0.5)
        assert_frame(model.down[e])
    assert report["up"].weight.activation == "relu"
    initialize(model, "he_normal", sample_input=torch.zeros(6, 8))
    # 1024 draws of deviation sqrt(2 / 8): within 6 standard errors, one alarm in 10^8.
    assert abs(float(model.up.detach().std()) / 0.5 - 1) < 6 / (2 * 1024) ** 0.5


def test_what_a_router_leaves_out_is_what_its_like_is() -> None:
    class Routed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.router = nn.Linear(8, 6)
            self.experts = nn.ModuleList(
                nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8)) for _ in range(6)
            )

        def forward(self, x: Tensor) -> Tensor:
            weight, chosen = self.router(x).softmax(-1).topk(1, -1)
            y = torch.zeros_like(x)
            for k, expert in enumerate(self.experts):
                t, j = (chosen == k).nonzero(as_tuple=True)
                if len(t):
                    y = y.index_add(0, t, expert(x[t]) * weight[t, j, None])
            return x + y

    torch.manual_seed(0)
    model = Routed()
    report = initialize(model, "orthogonal", sample_input=torch.randn(1, 8))
    assert report["router.weight"].weight.role == "router"
    kernels = {path: a for path, a in report.items() if path.endswith("0.weight")}
    assert len({a.parameters["gain"] for a in kernels.values()}) == 1
    assert report["experts.5.0.weight"].parameters["gain"] == pytest.approx(2**0.5)
    unreached = [a for a in kernels.values() if "does not reach it" in a.why]
    assert len(unreached) == 5


@pytest.mark.parametrize("merged", [False, True])
def test_a_low_rank_update_starts_at_nothing(merged: bool) -> None:
    class Update(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.base = nn.Linear(16, 16).requires_grad_(False)
            self.a, self.b = nn.Parameter(torch.randn(4, 16)), nn.Parameter(torch.randn(16, 4))

        def forward(self, x: Tensor) -> Tensor:
            if merged:
                return F.linear(x, self.base.weight + 2.0 * (self.b @ self.a), self.base.bias)
            return self.base(x) + 2.0 * F.linear(F.linear(x, self.a), self.b)

    model = nn.Sequential(Update(), nn.ReLU(), nn.Linear(16, 3))
    before = model[0].base.weight.clone(), model[0].a.clone()
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 16))
    assert (report["0.a"].weight.role, report["0.b"].weight.role) == ("adapter_in", "adapter_out")
    assert torch.equal(model[0].base.weight, before[0])
    assert torch.equal(model[0].a, before[1])
    assert not model[0].b.any()


def test_a_kernel_on_the_left_has_its_axes_turned() -> None:
    class Columns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.empty(512, 8))

        def forward(self, x: Tensor) -> Tensor:
            return self.w @ x

    model = Columns()
    initialize(model, "he_normal", sample_input=torch.zeros(8, 5))
    assert abs(float(model.w.detach().std()) / 0.5 - 1) < 6 / (2 * 4096) ** 0.5


def test_bilinear_layers_have_all_pairs_of_inputs() -> None:
    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pairs = nn.Bilinear(5, 6, 7)

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return F.relu(self.pairs(x, y))

    model = Pairs()
    initialize(model, "orthogonal", sample_input=(torch.zeros(3, 5), torch.zeros(3, 6)))
    assert_frame(model.pairs.weight.reshape(7, 30), 2**0.5)
    tensor: Any = init.orthogonal_(torch.empty(7, 5, 6), gain=1.0, seed=0)
    assert tensor.shape == model.pairs.weight.shape


class Blocks(nn.Module):
    """A layer whose kernel is cut, and not what it makes."""

    def __init__(self, cut: Callable[[Tensor], tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.w, self.out, self.cut = nn.Parameter(torch.zeros(24, 8)), nn.Linear(24, 3), cut

    def forward(self, x: Tensor) -> Tensor:
        a, b = (F.linear(x, w) for w in self.cut(self.w))
        return self.out(torch.cat([F.relu(a), torch.tanh(b)], -1))


@pytest.mark.parametrize(
    "cut", [lambda w: w.split([16, 8]), lambda w: (w[:16], w[16:]), lambda w: (w[8:], w[:8])]
)
def test_blocks_of_a_kernel_that_have_products_of_their_own_are_kernels(cut: Any) -> None:
    model = Blocks(cut)
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 8))
    first, second = cut(model.w)
    assert_frame(first, 2**0.5)
    assert_frame(second, 1.5925374197228312)
    assert [p.role for p in report["w"].pieces] == ["first", "first"]


def test_a_kernel_that_is_used_in_part_and_as_a_whole_stays_one() -> None:
    model = Blocks(lambda w: (w, w[:8]))
    model.out = nn.Linear(32, 3)
    report = initialize(model, "orthogonal", sample_input=torch.zeros(2, 8))
    assert report["w"].pieces == ()
    assert_frame(model.w, 2**0.5)
